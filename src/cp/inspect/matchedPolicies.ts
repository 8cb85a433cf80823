/** Which policies are about which proxies. Pure. */
import { type Policies, policiesOf, type Policy, type PolicyType, policyTypes } from "../../model/policies.ts"
import type { Resource } from "../../model/Resource.ts"
import { inForce } from "./shadow.ts"
import { type Routes, selectsDataplane, selectsInbound } from "../xds/policies/selection.ts"
import { selectionsOf } from "../xds/policies/Selections.ts"

/** Of those that are about one inbound, only where the proxy has that. */
const hasSection = (policy: Policy, dataplane: Resource<"Dataplane">, routes: Routes): boolean =>
  !policy.spec.targetRef?.sectionName ||
  (dataplane.spec.networking?.inbound ?? []).some((inbound) => selectsInbound(policy, dataplane, inbound, routes))

const selections = policyTypes.map((type) => ({ type, of: selectionsOf(type) }))

export interface MatchedType {
  readonly type: PolicyType
  /** Least specific first. */
  readonly policies: ReadonlyArray<Policy>
}

/** A type of which none is about the proxy is missing. */
export const matchedPolicies = (policies: Policies, dataplane: Resource<"Dataplane">): ReadonlyArray<MatchedType> => {
  const routes = policiesOf(policies, "MeshHTTPRoute")
  return selections.flatMap(({ of, type }) => {
    const matched = of(policies).dataplane(dataplane).filter((policy) => hasSection(policy, dataplane, routes))
    return matched.length === 0 ? [] : [{ type, policies: matched }]
  })
}

/** Kuma's order; what isn't there comes last.  */
const ORDER: ReadonlyArray<string> = [
  "MeshHTTPRoute", "MeshTCPRoute", "MeshTLS", "MeshLoadBalancingStrategy", "MeshPassthrough", "MeshAccessLog",
  "MeshTrace", "MeshFaultInjection", "MeshRateLimit", "MeshTimeout", "MeshTrafficPermission", "MeshHealthCheck",
  "MeshCircuitBreaker", "MeshRetry", "MeshMetric", "MeshProxyPatch"
]

const place = (type: string): number => (ORDER.includes(type) ? ORDER.indexOf(type) : ORDER.length)

/** As Kuma lists them. */
export const inOrder = (matched: ReadonlyArray<MatchedType>): ReadonlyArray<MatchedType> =>
  [...matched].sort((a, b) => place(a.type) - place(b.type))

/** Proxies that a policy is about; `evenShadow`: also where it only shows what it would do. */
export const dataplanesOf = (
  policies: Policies,
  policy: Policy,
  dataplanes: Iterable<Resource<"Dataplane">>,
  evenShadow: boolean
): ReadonlyArray<Resource<"Dataplane">> => {
  const routes = policiesOf(policies, "MeshHTTPRoute")
  const looked = evenShadow ? inForce(policy) : policy
  return [...dataplanes]
    .filter((dataplane) => selectsDataplane(looked, dataplane, routes) && hasSection(looked, dataplane, routes))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
