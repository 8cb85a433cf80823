/** A MeshTrafficPermission: either `from` or `rules`, and an action for each. */
import type { Match } from "../Match.ts"
import type { MeshTrafficPermission } from "../MeshTrafficPermission.ts"
import type { Violation } from "../Violation.ts"
import { validateMatch } from "./validateMatch.ts"
import { isSet, validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const SOURCES = ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset"]

type From = NonNullable<MeshTrafficPermission["from"]>[number]

/** Callers say in their certificates of which service they are, and nothing of labels or ports. */
const validateSource = ({ targetRef }: From, path: string): ReadonlyArray<Violation> =>
  (["labels", "sectionName"] as const).flatMap((name) =>
    violationIf(targetRef.kind === "MeshService" && isSet(targetRef[name]), field(path, name),
      "has no effect: callers are told apart by their tags; use name, or kind MeshSubset with tags"))

/** Only zone proxies would be asked by it. */
const refuseSni = (match: Match, path: string): ReadonlyArray<Violation> =>
  violationIf(match.sni !== undefined, field(path, "sni"),
    "isn't supported yet: a zone proxy has no permissions, and nobody else tells connections apart by SNI")

const judgeMatch = (match: Match, path: string): ReadonlyArray<Violation> =>
  [...validateMatch(match, path), ...refuseSni(match, path)]

export const validateMeshTrafficPermission = (spec: MeshTrafficPermission): ReadonlyArray<Violation> => {
  const { from = [], rules = [], targetRef } = spec
  return [
    ...(targetRef === undefined
      ? []
      : validateTargetRef(targetRef, "spec.targetRef", { kinds: [...SOURCES, "Dataplane"], isInbound: true })),
    ...violationIf(from.length > 0 && rules.length > 0, "spec", "field 'from' must be empty when 'rules' is defined"),
    ...violationIf(from.length === 0 && rules.length === 0, "spec",
      "at least one of 'from' or 'rules' has to be defined"),
    ...inEach("spec.rules", rules, ({ default: conf }, path) => [
      ...violationIf([conf.allow, conf.allowWithShadowDeny, conf.deny].every((matches) => !matches?.length), path,
        "at least one of 'allow', 'allowWithShadowDeny', 'deny' has to be defined"),
      // As in Kuma, without the `default` that they stand under.
      ...inEach(field(path, "allow"), conf.allow, judgeMatch),
      ...inEach(field(path, "allowWithShadowDeny"), conf.allowWithShadowDeny, judgeMatch),
      ...inEach(field(path, "deny"), conf.deny, judgeMatch)
    ]),
    ...inEach("spec.from", from, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: SOURCES }),
      ...validateSource(item, field(path, "targetRef")),
      ...violationIf(item.default?.action === undefined, field(path, "default.action"), "must be defined")
    ])
  ]
}
