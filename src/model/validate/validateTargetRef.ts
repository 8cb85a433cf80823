/** What a `targetRef` may say, by its kind. */
import type { TargetRef } from "../TargetRef.ts"
import type { Violation } from "../Violation.ts"
import { validateSelector, validateTags } from "./validateTags.ts"
import { field, violationIf } from "./violationPath.ts"

export interface TargetRefRules {
  readonly kinds: ReadonlyArray<string>
  /** Whether the policy speaks of inbounds, which alone have sections. */
  readonly isInbound?: boolean
  readonly gatewayListenerTags?: boolean
}

/** All that Kuma has, in its order. */
const ALL_KINDS = [
  "Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshServiceSubset",
  "MeshHTTPRoute", "Dataplane"
]

const NAME = /^[0-9a-z.\-_]*$/

/** Whether it says anything. */
export const isSet = (value: TargetRef[keyof TargetRef]): boolean =>
  typeof value === "object" ? Object.keys(value).length > 0 : value !== undefined && value !== ""

/** Fields that the kind has no use for. */
const forbidden: Readonly<Record<string, ReadonlyArray<keyof TargetRef>>> = {
  Mesh: ["mesh", "tags", "labels", "namespace", "sectionName"],
  Dataplane: ["tags", "mesh", "proxyTypes"],
  MeshSubset: ["name", "mesh", "labels", "namespace", "sectionName"],
  MeshService: ["mesh", "tags", "proxyTypes"],
  MeshHTTPRoute: ["mesh", "tags", "proxyTypes", "sectionName"],
  MeshServiceSubset: ["mesh", "proxyTypes", "labels", "namespace", "sectionName"],
  MeshGateway: ["mesh", "proxyTypes", "labels", "namespace", "sectionName"],
  MeshExternalService: ["mesh", "tags", "proxyTypes", "sectionName"],
  MeshMultiZoneService: ["mesh", "tags", "proxyTypes"]
}

/** Kuma judges no MeshMultiZoneService: one that is named by nothing would be none, and nobody would hear of it. */
const NAMED_OR_LABELLED = ["MeshService", "MeshHTTPRoute", "MeshExternalService", "MeshMultiZoneService"]
const NAMED = [...NAMED_OR_LABELLED, "MeshServiceSubset", "MeshGateway"]

/** Where a policy says whose proxies it is about; elsewhere it says whom they call, or who calls them. */
const TOP = "spec.targetRef"

/** What does what a builtin gateway would. */
const DELEGATED_GATEWAY = "builtin gateways aren't offered yet. A delegated gateway works: a Dataplane with " +
  "networking.gateway.type DELEGATED beside a gateway of your own, chosen by kind Dataplane with its labels"

/** What a kind may say, and what would change nothing here. */
const validateEffect = (ref: TargetRef, kind: string, path: string): ReadonlyArray<Violation> => {
  const at = (name: string) => field(path, name)
  const isForbidden = (name: keyof TargetRef) => (forbidden[kind] ?? []).includes(name)
  return [
    ...violationIf(isSet(ref.namespace) && !isForbidden("namespace"), at("namespace"),
      "has no effect: there are no namespaces outside of Kubernetes; leave it out"),
    ...violationIf(path !== TOP && isSet(ref.proxyTypes) && !isForbidden("proxyTypes"), at("proxyTypes"),
      `has no effect: only ${TOP} tells proxies apart by their type`),
    ...(path !== TOP || kind !== "MeshService" ? [] : (["labels", "sectionName"] as const).flatMap((name) =>
      violationIf(isSet(ref[name]), at(name), "has no effect: choose proxies by kind Dataplane with their labels")))
  ]
}

const validateByKind = (ref: TargetRef, kind: string, path: string, rules: TargetRefRules) => {
  const byName = isSet(ref.name) || isSet(ref.namespace)
  const at = (name: string) => field(path, name)
  return [
    ...violationIf(kind === "Mesh" && isSet(ref.name), at("name"),
      "using name with kind Mesh is not yet supported"),
    ...violationIf(["MeshServiceSubset", "MeshGateway"].includes(kind) && !isSet(ref.name), at("name"),
      `must be set when kind is ${kind}`),
    ...violationIf(NAMED.includes(kind) && !NAME.test(ref.name ?? ""), at("name"),
      "invalid characters: must consist of lower case alphanumeric characters, '-', '.' and '_'."),
    ...(forbidden[kind] ?? []).flatMap((name) =>
      violationIf(isSet(ref[name]), at(name), `must not be set with kind ${kind}`)),
    ...(kind === "MeshSubset" ? validateTags(at("tags"), ref.tags) : []),
    ...(["MeshServiceSubset", "MeshGateway"].includes(kind) ? validateSelector(at("tags"), ref.tags) : []),
    ...violationIf(kind === "MeshGateway" && isSet(ref.tags) && rules.gatewayListenerTags !== true, at("tags"),
      `must not be set with kind ${kind}`),
    ...violationIf(["Mesh", "MeshSubset"].includes(kind) && ref.proxyTypes?.length === 0, at("proxyTypes"),
      "must be undefined or have at least one element"),
    ...violationIf(NAMED_OR_LABELLED.includes(kind) && !isSet(ref.labels) && !isSet(ref.name), path,
      `name or labels must be set when kind is ${kind}`),
    ...violationIf([...NAMED_OR_LABELLED, "Dataplane"].includes(kind) && isSet(ref.labels) && byName, at("labels"),
      kind === "MeshExternalService"
        ? "either labels or name must be specified"
        : "either labels or name and namespace must be specified"),
    ...violationIf(kind === "Dataplane" && rules.isInbound !== true && isSet(ref.sectionName), at("sectionName"),
      "can only be used with inbound policies"),
    ...validateEffect(ref, kind, path)
  ]
}

export const validateTargetRef = (
  ref: TargetRef,
  path: string,
  rules: TargetRefRules
): ReadonlyArray<Violation> => {
  const { kind } = ref
  if (kind === undefined) return [{ field: field(path, "kind"), message: "in body is required" }]
  if (kind === "") return [{ field: field(path, "kind"), message: "must be defined" }]
  if (!ALL_KINDS.includes(kind)) {
    return [{ field: field(path, "kind"), message: `in body should be one of [${ALL_KINDS.join(" ")}]` }]
  }
  if (!rules.kinds.includes(kind)) {
    const instead = path === TOP && kind === "MeshGateway" ? `: ${DELEGATED_GATEWAY}` : ""
    return [{ field: field(path, "kind"), message: `value '${kind}' is not supported${instead}` }]
  }
  return validateByKind(ref, kind, path, rules)
}
