/** What the control plane adds to a Dataplane that somebody puts: its zone, and that probes haven't passed yet. */
import type { Dataplane, Inbound } from "../../model/Dataplane.ts"
import type { Mesh } from "../../model/Mesh.ts"
import { ZONE_TAG } from "../../model/Tags.ts"

export const completeDataplane = (
  dataplane: Dataplane,
  context: { readonly mesh: Mesh; readonly zone: string; readonly isNew: boolean }
): Dataplane => {
  const { isNew, mesh, zone } = context
  const { networking } = dataplane
  if (networking === undefined || zone === "") return dataplane
  const keepsTagless = mesh.meshServices?.mode === "Exclusive"
  const completeInbound = (inbound: Inbound): Inbound => {
    const { tags = {} } = inbound
    const tagless = keepsTagless && Object.keys(tags).length === 0
    return {
      ...inbound,
      ...(tagless ? {} : { tags: { ...tags, [ZONE_TAG]: zone } }),
      ...(inbound.serviceProbe === undefined || !isNew ? {} : { health: { ready: false }, state: "NotReady" })
    }
  }
  return {
    ...dataplane,
    networking: {
      ...networking,
      ...(networking.gateway === undefined
        ? {}
        : { gateway: { ...networking.gateway, tags: { ...networking.gateway.tags, [ZONE_TAG]: zone } } }),
      ...(networking.inbound === undefined ? {} : { inbound: networking.inbound.map(completeInbound) })
    }
  }
}
