/** Which policies are about which proxies. Pure. */
import { type Policies, policiesOf, type Policy, type PolicyType, policyTypes } from "../../model/policies.ts"
import type { Resource } from "../../model/Resource.ts"
import { EFFECT_LABEL } from "./shadow.ts"
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

/** In the order in which they are applied; a type of which none is about the proxy is missing. */
export const matchedPolicies = (policies: Policies, dataplane: Resource<"Dataplane">): ReadonlyArray<MatchedType> => {
  const routes = policiesOf(policies, "MeshHTTPRoute")
  return selections.flatMap(({ of, type }) => {
    const matched = of(policies).dataplane(dataplane).filter((policy) => hasSection(policy, dataplane, routes))
    return matched.length === 0 ? [] : [{ type, policies: matched }]
  })
}

const withoutEffect = (policy: Policy): Policy => {
  const { [EFFECT_LABEL]: _, ...labels } = policy.labels
  return { ...policy, labels }
}

/** Proxies that a policy is about; `evenShadow`: also where it only shows what it would do. */
export const dataplanesOf = (
  policies: Policies,
  policy: Policy,
  dataplanes: Iterable<Resource<"Dataplane">>,
  evenShadow: boolean
): ReadonlyArray<Resource<"Dataplane">> => {
  const routes = policiesOf(policies, "MeshHTTPRoute")
  const looked = evenShadow ? withoutEffect(policy) : policy
  return [...dataplanes]
    .filter((dataplane) => selectsDataplane(looked, dataplane, routes) && hasSection(looked, dataplane, routes))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
