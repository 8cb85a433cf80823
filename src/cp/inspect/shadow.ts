/** A mesh as it would be if what policies only show were in force. Pure. */
import { type Policies, type Policy, policiesOf, type PolicyType, policyTypes } from "../../model/policies.ts"
import type { Resource } from "../../model/Resource.ts"
import type { MeshView, ZoneView } from "../snapshot/MeshView.ts"
import { isShadow } from "../xds/policies/selection.ts"

export const EFFECT_LABEL = "kuma.io/effect"

const inForce = <P extends Policy>(policy: P): P => {
  if (!isShadow(policy)) return policy
  const { [EFFECT_LABEL]: _, ...labels } = policy.labels
  return { ...policy, labels }
}

const listInForce = <T extends PolicyType>(policies: Policies, type: T): ReadonlyArray<Resource<T>> => {
  const list: ReadonlyArray<Resource<T>> = policiesOf(policies, type)
  return list.some((policy) => policy.labels[EFFECT_LABEL] === "shadow")
    ? list.map((policy) => inForce(policy as Policy) as Resource<T>)
    : list
}

export const policiesInForce = (policies: Policies): Policies =>
  Object.fromEntries(policyTypes.map((type) => [type, listInForce(policies, type)]))

/** One mesh with all its policies in force, the others as they are. */
export const zoneInForce = (zone: ZoneView, mesh: MeshView): ZoneView => ({
  meshes: new Map(zone.meshes).set(mesh.mesh, { ...viewOf(mesh), policies: policiesInForce(mesh.policies) }),
  ingresses: zone.ingresses,
  egresses: zone.egresses
})

/** Field by field: what keeps the view true has more than that. */
const viewOf = (view: MeshView): MeshView => ({
  mesh: view.mesh,
  resource: view.resource,
  dataplanes: view.dataplanes,
  services: view.services,
  destinations: view.destinations,
  externalServices: view.externalServices,
  addresses: view.addresses,
  revision: view.revision,
  outboundPorts: view.outboundPorts,
  policies: view.policies
})
