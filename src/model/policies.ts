/**
 * The policies that proxies are configured by. A further one has its schema beside this file, its validator in
 * `validate/`, what Envoy makes of it in `cp/xds/policies`, and a line in each registry, of which this is the first.
 */
import { isType, type Resource, type ResourceType } from "./Resource.ts"

export const policyTypes = [
  "MeshHTTPRoute",
  "MeshTCPRoute",
  "MeshAccessLog",
  "MeshTimeout",
  "MeshCircuitBreaker",
  "MeshRetry",
  "MeshTrafficPermission",
  "MeshMetric"
] as const satisfies ReadonlyArray<ResourceType>

export type PolicyType = typeof policyTypes[number]

/** Any of them. What all have in common is `spec.targetRef`. */
export type Policy = Resource<PolicyType>

export const isPolicyType = (type: ResourceType): type is PolicyType => policyTypes.some((one) => one === type)

/** A mesh's policies, each type's ordered by name; a type that has none may be missing. */
export type Policies = { readonly [T in PolicyType]?: ReadonlyArray<Resource<T>> }

const NONE: ReadonlyArray<never> = []

/** The same array until one of that type is another. */
export const policiesOf = <T extends PolicyType>(policies: Policies, type: T): ReadonlyArray<Resource<T>> =>
  policies[type] ?? NONE

export const allPolicies = (policies: Policies): ReadonlyArray<Policy> =>
  policyTypes.flatMap((type): ReadonlyArray<Policy> => policiesOf(policies, type))

/** With the policy of that name put in its place, or taken out. */
export const withPolicy = <T extends PolicyType>(
  policies: Policies,
  type: T,
  name: string,
  after: Resource | undefined
): Policies => {
  const others = policiesOf(policies, type).filter((policy) => policy.name !== name)
  const list: ReadonlyArray<Resource<T>> = after === undefined || !isType(type, after)
    ? others
    : [...others, after].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { ...policies, [type]: list }
}
