/** A MeshTrafficPermission: either `from` or `rules`, and an action for each. */
import type { MeshTrafficPermission } from "../MeshTrafficPermission.ts"
import type { Violation } from "../Violation.ts"
import { validateMatch } from "./validateMatch.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const SOURCES = ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset"]

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
      ...inEach(field(path, "allow"), conf.allow, validateMatch),
      ...inEach(field(path, "allowWithShadowDeny"), conf.allowWithShadowDeny, validateMatch),
      ...inEach(field(path, "deny"), conf.deny, validateMatch)
    ]),
    ...inEach("spec.from", from, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: SOURCES }),
      ...violationIf(item.default?.action === undefined, field(path, "default.action"), "must be defined")
    ])
  ]
}
