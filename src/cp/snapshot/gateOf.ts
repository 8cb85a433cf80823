/** Where another zone takes connections for its MeshServices, as if it were an endpoint of each. */
import type { Resource } from "../../model/Resource.ts"
import { ZONE_TAG } from "../../model/Tags.ts"
import type { Endpoint } from "./MeshView.ts"

const gates = new WeakMap<Resource<"ZoneIngress">, ReadonlyArray<Endpoint>>()

const build = ({ labels, name, spec }: Resource<"ZoneIngress">): ReadonlyArray<Endpoint> => {
  const { advertisedAddress, advertisedPort } = spec.networking ?? {}
  const zone = spec.zone || labels[ZONE_TAG]
  if (!advertisedAddress || !advertisedPort || !zone) return []
  return [{
    dataplane: name, address: advertisedAddress, port: advertisedPort, zone, tags: { [ZONE_TAG]: zone }, priority: 1
  }]
}

/** None while it says not where; the same object for as long as the resource is. */
export const gateOf = (ingress: Resource<"ZoneIngress">): ReadonlyArray<Endpoint> => {
  const known = gates.get(ingress) ?? build(ingress)
  gates.set(ingress, known)
  return known
}
