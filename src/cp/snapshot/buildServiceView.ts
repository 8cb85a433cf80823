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
import { sameData } from "./sameData.ts"

/** What one Dataplane is to one service: plain data, compared as such. */
export interface Share {
  readonly protocols: ReadonlyArray<Protocol>
  readonly endpoints: ReadonlyArray<Endpoint>
  /** Endpoints for a service that has no others. */
  readonly lastResort: ReadonlyArray<Endpoint>
}

/** As Kuma has it: a `health` that doesn't say ready is not ready. */
export const isHealthy = (inbound: Inbound): boolean =>
  (inbound.state ?? "Ready") === "Ready" && (inbound.health === undefined || inbound.health.ready === true)

/** None without an address. */
export const endpointOf = (dataplane: Resource<"Dataplane">, inbound: Inbound): ReadonlyArray<Endpoint> => {
  const networking = dataplane.spec.networking
  const address = networking?.advertisedAddress || inbound.address || networking?.address
  if (address === undefined || address === "") return []
  const tags = inbound.tags ?? {}
  return [{ dataplane: dataplane.name, address, port: inbound.port, zone: tags[ZONE_TAG] ?? null, tags }]
}

/** By service: what a Dataplane answers for, healthy or not. */
export const sharesOf = (dataplane: Resource<"Dataplane">): ReadonlyMap<string, Share> => {
  const inbounds = Map.groupBy(
    (dataplane.spec.networking?.inbound ?? []).filter((inbound) => inbound.state !== "Ignored"),
    (inbound) => inbound.tags?.[SERVICE_TAG]
  )
  const shares = new Map<string, Share>()
  for (const [service, ofService] of inbounds) {
    if (service === undefined) continue
    const ordered = ofService.sort((a, b) => a.port - b.port)
    const unhealthy = ordered.filter((inbound) => !isHealthy(inbound))
    const answers = dataplane.labels[LAST_RESORT_LABEL] === "true" ? unhealthy : []
    shares.set(service, {
      protocols: ordered.map(protocolOf),
      endpoints: ordered.filter(isHealthy).flatMap((inbound) => endpointOf(dataplane, inbound)),
      lastResort: answers.flatMap((inbound) => endpointOf(dataplane, inbound))
    })
  }
  return shares
}

/** The share with the objects of those endpoints that are as they were. */
export const keepEndpoints = (before: Share, { protocols, endpoints, lastResort }: Share): Share => {
  const known = [...before.endpoints, ...before.lastResort]
  const kept = (endpoint: Endpoint): Endpoint => known.find((one) => sameData(one, endpoint)) ?? endpoint
  return { protocols, endpoints: endpoints.map(kept), lastResort: lastResort.map(kept) }
}

/** `shares`: by the name of the Dataplane. */
export const buildServiceView = (name: string, shares: ReadonlyMap<string, Share>): ServiceView => {
  const ordered = [...shares].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, share]) => share)
  const endpoints = ordered.flatMap((share) => share.endpoints)
  return {
    name,
    protocol: commonProtocol(ordered.flatMap((share) => share.protocols)),
    endpoints: endpoints.length > 0 ? endpoints : ordered.flatMap((share) => share.lastResort)
  }
}

/** Whether nothing that anybody reads of a service is another. Endpoints are the same objects while they are. */
export const sameService = (one: ServiceView | undefined, other: ServiceView | undefined): boolean =>
  one === other || (one !== undefined && other !== undefined && one.protocol === other.protocol &&
    one.endpoints.length === other.endpoints.length &&
    one.endpoints.every((endpoint, at) => endpoint === other.endpoints[at]))
