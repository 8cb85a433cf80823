/** What the control plane adds to a resource that is given to it: labels, and the zone to a Dataplane's tags. Pure. */
import { computeLabels } from "./computeLabels.ts"
import type { Dataplane, Inbound } from "./Dataplane.ts"
import { BROUGHT_LABEL } from "./dataplaneLabels.ts"
import type { Mesh } from "./Mesh.ts"
import type { DesiredResource } from "./Resource.ts"
import { type Tags, ZONE_TAG } from "./Tags.ts"

const withZone = <A extends { readonly tags?: Tags }>(part: A, zone: string): A => ({
  ...part,
  tags: { ...part.tags, [ZONE_TAG]: zone }
})

/** One with a `serviceProbe` gets no traffic before its proxy says that the probe passed. */
const heldBack = (inbound: Inbound): Inbound =>
  inbound.serviceProbe === undefined || inbound.state !== undefined || inbound.health !== undefined
    ? inbound
    : { ...inbound, health: {}, state: "NotReady" }

const completeDataplane = (dataplane: Dataplane, zone: string, mesh: Mesh): Dataplane => {
  const { networking } = dataplane
  if (networking === undefined || zone === "") return dataplane
  const { gateway, inbound } = networking
  // Where MeshServices are all that counts, an inbound may do without tags and stays without.
  const keepsTagless = mesh.meshServices?.mode === "Exclusive"
  return {
    ...dataplane,
    networking: {
      ...networking,
      // Without tags it names no service; with the zone's alone, what is read couldn't be written again.
      ...(gateway === undefined || Object.keys(gateway.tags ?? {}).length === 0
        ? {}
        : { gateway: withZone(gateway, zone) }),
      ...(inbound === undefined ? {} : {
        inbound: inbound.map(heldBack).map((one) =>
          keepsTagless && Object.keys(one.tags ?? {}).length === 0 ? one : withZone(one, zone))
      })
    }
  }
}

const isDataplane = (resource: DesiredResource): resource is DesiredResource<"Dataplane"> =>
  resource.type === "Dataplane"

/** Whoever takes what a proxy brought, and gives it back, has written it. */
const withoutMark = ({ [BROUGHT_LABEL]: _mark, ...labels }: DesiredResource["labels"]): DesiredResource["labels"] => labels

/** `mesh`: that of the resource; whatever where it belongs to none. */
export const completeResource = <R extends DesiredResource>(resource: R, zone: string, mesh: Mesh): R => ({
  ...resource,
  labels: withoutMark(computeLabels(resource, zone)),
  ...(isDataplane(resource) ? { spec: completeDataplane(resource.spec, zone, mesh) } : {})
})
