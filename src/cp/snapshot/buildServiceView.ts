/**
 * Joins the inbounds of some Dataplanes into one service. Its endpoints are the healthy ones; where there are none,
 * those that are to stop but still answer.
 */
import type { Inbound } from "../../model/Dataplane.ts"
import { LAST_RESORT_LABEL } from "../../model/dataplaneLabels.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG, ZONE_TAG } from "../../model/Tags.ts"
import type { Endpoint, ServiceView } from "./MeshView.ts"
import { commonProtocol, type Protocol, protocolOf } from "./Protocol.ts"

/** As Kuma has it: a `health` that doesn't say ready is not ready. */
export const isHealthy = (inbound: Inbound): boolean =>
  (inbound.state ?? "Ready") === "Ready" && (inbound.health === undefined || inbound.health.ready === true)

/** The services that a Dataplane answers for, healthy or not. */
export const servicesOf = (dataplane: Resource<"Dataplane"> | undefined): ReadonlySet<string> =>
  new Set(
    (dataplane?.spec.networking?.inbound ?? []).flatMap((inbound) => {
      const service = inbound.tags?.[SERVICE_TAG]
      return service === undefined || inbound.state === "Ignored" ? [] : [service]
    })
  )

const endpointOf = (dataplane: Resource<"Dataplane">, inbound: Inbound): ReadonlyArray<Endpoint> => {
  const networking = dataplane.spec.networking
  const address = networking?.advertisedAddress || inbound.address || networking?.address
  if (address === undefined || address === "") return []
  const tags = inbound.tags ?? {}
  return [{ dataplane: dataplane.name, address, port: inbound.port, zone: tags[ZONE_TAG] ?? null, tags }]
}

export const buildServiceView = (name: string, dataplanes: Iterable<Resource<"Dataplane">>): ServiceView => {
  const ordered = [...dataplanes].sort((a, b) => (a.name < b.name ? -1 : 1))
  const protocols: Array<Protocol> = []
  const endpoints: Array<Endpoint> = []
  const lastResort: Array<Endpoint> = []
  for (const dataplane of ordered) {
    const inbounds = (dataplane.spec.networking?.inbound ?? [])
      .filter((inbound) => inbound.tags?.[SERVICE_TAG] === name && inbound.state !== "Ignored")
      .sort((a, b) => a.port - b.port)
    for (const inbound of inbounds) {
      protocols.push(protocolOf(inbound))
      if (isHealthy(inbound)) endpoints.push(...endpointOf(dataplane, inbound))
      else if (dataplane.labels[LAST_RESORT_LABEL] === "true") lastResort.push(...endpointOf(dataplane, inbound))
    }
  }
  return { name, protocol: commonProtocol(protocols), endpoints: endpoints.length > 0 ? endpoints : lastResort }
}
