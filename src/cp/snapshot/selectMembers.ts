/** Which Dataplanes a MeshService selects, and what each of them is to its ports: Kuma's rules. Pure. */
import type { Inbound } from "../../model/Dataplane.ts"
import { LAST_RESORT_LABEL } from "../../model/dataplaneLabels.ts"
import { matchesLabels } from "../../model/LabelSelector.ts"
import type { MeshServicePort, MeshServiceSelector } from "../../model/MeshService.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG, ZONE_TAG } from "../../model/Tags.ts"
import { tagSets } from "../../model/tagSets.ts"
import { endpointOf, isHealthy } from "./buildServiceView.ts"
import type { Endpoint } from "./MeshView.ts"
import { sameData } from "./sameData.ts"

export interface PortShare {
  readonly endpoints: ReadonlyArray<Endpoint>
  /** Endpoints for a port that has no others. */
  readonly lastResort: ReadonlyArray<Endpoint>
}

/** What one Dataplane is to one MeshService: plain data, compared as such. */
export interface Member {
  /** In the order of the service's ports. */
  readonly ports: ReadonlyArray<PortShare>
  /** Its values of `kuma.io/service`. */
  readonly identities: ReadonlyArray<string>
}

const hasTags = (wanted: Readonly<Record<string, string>>, tags: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([tag, value]) => tags[tag] !== undefined && (value === "*" || tags[tag] === value))

export const selects = (selector: MeshServiceSelector, dataplane: Resource<"Dataplane">): boolean => {
  const { dataplaneLabels, dataplaneRef, dataplaneTags } = selector
  if (dataplaneRef !== undefined) return dataplaneRef.name === dataplane.name
  if (dataplaneTags !== undefined) return tagSets(dataplane.spec).some((tags) => hasTags(dataplaneTags, tags))
  return dataplaneLabels !== undefined && matchesLabels(dataplaneLabels, dataplane.labels)
}

/** A target is a port's number or an inbound's name. */
export const isTarget = ({ port, targetPort }: MeshServicePort, inbound: Inbound): boolean =>
  typeof targetPort === "string" ? targetPort === inbound.name : (targetPort ?? port) === inbound.port

const portShare = (port: MeshServicePort, dataplane: Resource<"Dataplane">): PortShare => {
  const inbounds = (dataplane.spec.networking?.inbound ?? [])
    .filter((inbound) => inbound.state !== "Ignored" && isTarget(port, inbound))
  const zone = dataplane.labels[ZONE_TAG]
  const at = (inbound: Inbound): ReadonlyArray<Endpoint> =>
    endpointOf(dataplane, inbound).map((one) => (one.zone === null && zone !== undefined ? { ...one, zone } : one))
  const answers = dataplane.labels[LAST_RESORT_LABEL] === "true"
  return {
    endpoints: inbounds.filter(isHealthy).flatMap(at),
    lastResort: answers ? inbounds.filter((inbound) => !isHealthy(inbound)).flatMap(at) : []
  }
}

export const memberOf = (ports: ReadonlyArray<MeshServicePort>, dataplane: Resource<"Dataplane">): Member => ({
  ports: ports.map((port) => portShare(port, dataplane)),
  identities: [...new Set(tagSets(dataplane.spec).flatMap((tags) => tags[SERVICE_TAG] ?? []))]
})

/** The member with the objects of those endpoints that are as they were, here or as another service's. */
export const keepMember = (
  before: ReadonlyArray<PortShare>,
  elsewhere: (service: string) => ReadonlyArray<Endpoint>,
  { identities, ports }: Member
): Member => {
  const known = [...identities.flatMap(elsewhere), ...before.flatMap((one) => [...one.endpoints, ...one.lastResort])]
  const kept = (endpoint: Endpoint): Endpoint => known.find((one) => sameData(one, endpoint)) ?? endpoint
  return {
    identities,
    ports: ports.map(({ endpoints, lastResort }) => ({
      endpoints: endpoints.map(kept),
      lastResort: lastResort.map(kept)
    }))
  }
}
