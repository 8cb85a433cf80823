/** A mesh as it would be if what policies only show were in force. Pure. */
import { allPolicies, type Policies, type Policy, withPolicy } from "../../model/policies.ts"
import type { MeshView, ZoneView } from "../snapshot/MeshView.ts"
import { isShadow } from "../xds/policies/selection.ts"

const EFFECT_LABEL = "kuma.io/effect"

/** As if it didn't only show what it would do. */
export const inForce = (policy: Policy): Policy => {
  const { [EFFECT_LABEL]: _, ...labels } = policy.labels
  return { ...policy, labels }
}

export const policiesInForce = (policies: Policies): Policies =>
  allPolicies(policies)
    .filter(isShadow)
    .reduce((all, policy) => withPolicy(all, policy.type, policy.name, inForce(policy)), policies)

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
