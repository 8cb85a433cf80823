/** Which hostnames lead to which virtual addresses, and where each is to be kept. Pure. */
import { Option, Schema } from "effect"
import { type HostnameGenerator, Route53Config } from "../../model/HostnameGenerator.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_KINDS, type ServiceKind } from "../../model/ServiceAddress.ts"
import { generateHostnames, hostnamesKey } from "../../model/services/generateHostnames.ts"
import type { ServiceResource } from "../../model/services/serviceNames.ts"

export interface NamedResources {
  readonly generators: ReadonlyArray<Resource<"HostnameGenerator">>
  readonly services: Readonly<Record<ServiceKind, ReadonlyArray<ServiceResource>>>
  readonly addresses: ReadonlyArray<Resource<"ServiceAddress">>
}

/** Where this control plane keeps names, as `placesOf` answers it for each generator. */
export type PlacesOf = (generator: HostnameGenerator) => ReadonlyArray<string>

export interface WantedNames {
  /** Addresses by hostname, by place. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Hostnames that several services have: they lead to the first of them. */
  readonly doubled: ReadonlyArray<string>
}

/**
 * The hosted zones that a generator's hostnames are kept in, as Kong Mesh has it: those of its configuration that are
 * this zone's or everybody's, or the control plane's own where it lists none.
 */
export const hostedZonesOf = (zone: string, own: string): PlacesOf => ({ extension }) => {
  if (extension?.type !== "Route53") return []
  const config = Option.getOrNull(Schema.decodeUnknownOption(Route53Config)(extension.config ?? {}))
  const listed = config?.hostedZones ?? []
  return listed.length === 0
    ? [own]
    : listed.filter(({ name }) => name === undefined || name === zone).map(({ hostedZoneId }) => hostedZoneId)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const byAge = <R extends Resource>(rows: ReadonlyArray<R>): ReadonlyArray<R> =>
  [...rows].sort((a, b) => compare(a.creationTime, b.creationTime) || compare(a.name, b.name))

export const wantedNames = (
  { addresses, generators, services }: NamedResources,
  localZone: string,
  placesOf: PlacesOf
): WantedNames => {
  const vips = new Map<string, string>()
  for (const { name, spec } of byAge(addresses)) {
    const key = `${spec.kind}/${spec.mesh}/${spec.service}`
    if (spec.releasedAt === undefined && !vips.has(key)) vips.set(key, name)
  }
  const placesByGenerator = new Map(generators.map(({ name, spec }) => [name, placesOf(spec)]))
  const places = new Map<string, Map<string, string>>()
  const doubled = new Set<string>()
  for (const kind of SERVICE_KINDS) {
    const hostnames = generateHostnames(generators, kind, services[kind], localZone)
    for (const service of byAge(services[kind])) {
      const vip = vips.get(`${kind}/${service.mesh}/${service.name}`)
      if (vip === undefined) continue
      for (const { hostname, hostnameGeneratorRef } of hostnames.get(hostnamesKey(service))?.addresses ?? []) {
        for (const place of placesByGenerator.get(hostnameGeneratorRef.coreName) ?? []) {
          const names = places.get(place) ?? new Map<string, string>()
          places.set(place, names)
          if ((names.get(hostname) ?? vip) !== vip) doubled.add(hostname)
          else names.set(hostname, vip)
        }
      }
    }
  }
  return { places, doubled: [...doubled].sort(compare) }
}
