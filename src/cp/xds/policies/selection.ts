/** Which proxies a policy is about, and which of two policies has the last word: Kuma's rules. */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { Policy } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { DISPLAY_NAME_LABEL, SERVICE_TAG, type Tags } from "../../../model/Tags.ts"
import { tagSets } from "../../../model/tagSets.ts"
import type { TargetRef } from "../../../model/TargetRef.ts"

const MESH: TargetRef = { kind: "Mesh" }

/** Every tag that is asked for is there, with that value; `*` takes any value. */
export const tagsMatch = (wanted: Tags, tags: Tags): boolean => {
  for (const key in wanted) {
    const actual = tags[key]
    if (actual === undefined || (wanted[key] !== "*" && wanted[key] !== actual)) return false
  }
  return true
}

/** The tags by which a reference picks, or undefined for a kind that doesn't pick by tags. */
export const tagsOfRef = (ref: TargetRef): Tags | undefined => {
  switch (ref.kind ?? "Mesh") {
    case "Mesh":
      return {}
    case "MeshSubset":
      return ref.tags ?? {}
    case "MeshService":
      return { [SERVICE_TAG]: ref.name ?? "" }
    case "MeshServiceSubset":
      return { ...ref.tags, [SERVICE_TAG]: ref.name ?? "" }
    default:
      return undefined
  }
}

const proxyTypeFits = (ref: TargetRef, dataplane: Resource<"Dataplane">): boolean => {
  const types = ref.proxyTypes ?? []
  const type = dataplane.spec.networking?.gateway === undefined ? "Sidecar" : "Gateway"
  return types.length === 0 || types.includes(type)
}

/** A policy that was made in one zone is about that zone's proxies only. */
const zoneFits = (policy: Policy, dataplane: Resource<"Dataplane">): boolean => {
  const zone = policy.labels["kuma.io/zone"]
  return policy.labels["kuma.io/origin"] !== "zone" || dataplane.labels["kuma.io/origin"] !== "zone" ||
    zone === undefined || zone === dataplane.labels["kuma.io/zone"]
}

const dataplaneFits = (ref: TargetRef, dataplane: Resource<"Dataplane">): boolean => {
  if (ref.name !== undefined && ref.name !== "") return ref.name === dataplane.name
  return ref.labels === undefined ||
    Object.entries(ref.labels).every(([key, value]) => dataplane.labels[key] === value)
}

export const isShadow = (policy: Policy): boolean => policy.labels["kuma.io/effect"] === "shadow"

const applies = (policy: Policy, dataplane: Resource<"Dataplane">): boolean =>
  !isShadow(policy) && zoneFits(policy, dataplane) &&
  proxyTypeFits(policy.spec.targetRef ?? MESH, dataplane)

/** MeshHTTPRoutes of the mesh, that other policies may be about. */
export type Routes = ReadonlyArray<Resource<"MeshHTTPRoute">>

const displayName = (policy: Policy): string => policy.labels[DISPLAY_NAME_LABEL] || policy.name

/** Whether a reference to a policy names this one. */
export const refersToPolicy = (ref: TargetRef, policy: Policy): boolean => {
  if (isShadow(policy) || ref.kind !== policy.type) return false
  if (ref.name !== undefined && ref.name !== "") return ref.name === policy.name || ref.name === displayName(policy)
  return ref.labels !== undefined &&
    Object.entries(ref.labels).every(([key, value]) => policy.labels[key] === value)
}

/** Whether what a policy says of callers (`from`, `rules`) holds for this inbound. */
export const selectsInbound = (
  policy: Policy,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound,
  routes: Routes
): boolean => {
  const ref = policy.spec.targetRef ?? MESH
  if (!applies(policy, dataplane)) return false
  if (ref.kind === "MeshHTTPRoute") {
    return routes.some((route) => refersToPolicy(ref, route) && selectsInbound(route, dataplane, inbound, []))
  }
  if (ref.kind === "Dataplane") {
    const section = ref.sectionName ?? ""
    return dataplaneFits(ref, dataplane) &&
      (section === "" || section === (inbound.name || String(inbound.port)))
  }
  const tags = tagsOfRef(ref)
  return tags !== undefined && tagsMatch(tags, inbound.tags ?? {})
}

/** Whether what a policy says of calls (`to`) holds for this proxy: one inbound, or its gateway, suffices. */
export const selectsDataplane = (policy: Policy, dataplane: Resource<"Dataplane">, routes: Routes): boolean => {
  const ref = policy.spec.targetRef ?? MESH
  if (!applies(policy, dataplane)) return false
  if (ref.kind === "MeshHTTPRoute") {
    return routes.some((route) => refersToPolicy(ref, route) && selectsDataplane(route, dataplane, []))
  }
  if (ref.kind === "Dataplane") return dataplaneFits(ref, dataplane)
  const tags = tagsOfRef(ref)
  if (tags === undefined) return false
  if (Object.keys(tags).length === 0) return true
  return tagSets(dataplane.spec).some((set) => tagsMatch(tags, set))
}

const KINDS = ["Mesh", "Dataplane", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "MeshHTTPRoute"]
const ORIGINS = ["global", undefined, "zone"]
const ROLES = ["system", "producer", "consumer", "workload-owner"]

const dataplaneSpecificity = (ref: TargetRef): number =>
  ref.kind !== "Dataplane" ? 0 : (ref.name ? 4 : ref.labels === undefined ? 0 : 2) + (ref.sectionName ? 1 : 0)

/** By the kind of target, then where it was made, then its role. */
export const byAttributes = (a: Policy, b: Policy): number => {
  const refs = [a.spec.targetRef ?? MESH, b.spec.targetRef ?? MESH] as const
  const rank = (ranks: ReadonlyArray<string | undefined>, label: string): number =>
    ranks.indexOf(a.labels[label]) - ranks.indexOf(b.labels[label])
  return (
    KINDS.indexOf(refs[0].kind ?? "Mesh") - KINDS.indexOf(refs[1].kind ?? "Mesh") ||
    dataplaneSpecificity(refs[0]) - dataplaneSpecificity(refs[1]) ||
    rank(ORIGINS, "kuma.io/origin") ||
    rank(ROLES, "kuma.io/policy-role")
  )
}

/** Of two names that which comes first in the alphabet has the last word. */
export const byDisplayName = (a: Policy, b: Policy): number => {
  const [one, other] = [displayName(a), displayName(b)]
  return one < other ? 1 : one > other ? -1 : 0
}

/** Least specific first, so the last that says something wins. */
export const bySpecificity = (a: Policy, b: Policy): number => byAttributes(a, b) || byDisplayName(a, b)
