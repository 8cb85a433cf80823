/** Which hostnames lead to which virtual addresses, and where each is to be kept. Pure. */
import { Option, Schema } from "effect"
import { type HostnameGenerator, Route53Config } from "../../model/HostnameGenerator.ts"
import { byAge, compareText } from "../../model/order.ts"
import type { Resource } from "../../model/Resource.ts"
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import { contestHostnames } from "../../model/services/contestHostnames.ts"
import type { ServiceResource } from "../../model/services/serviceNames.ts"

export interface NamedResources {
  readonly generators: ReadonlyArray<Resource<"HostnameGenerator">>
  readonly services: Readonly<Record<ServiceKind, ReadonlyArray<ServiceResource>>>
  readonly addresses: ReadonlyArray<Resource<"ServiceAddress">>
}

/** Where the hostnames of a generator are kept. */
export interface Places {
  readonly places: ReadonlyArray<string>
  /** Those that it names and that this control plane is not to touch. */
  readonly refused: ReadonlyArray<string>
}

export type PlacesOf = (generator: HostnameGenerator) => Places

export interface WantedNames {
  /** Addresses by hostname, by place. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Hostnames that several services have: they lead to the oldest of them, of whatever kind. */
  readonly doubled: ReadonlyArray<string>
  /** Places that a generator names and that this control plane is not to touch. */
  readonly refused: ReadonlyArray<{ readonly generator: string; readonly place: string }>
}

const NOWHERE: Places = { places: [], refused: [] }

/** AWS prints it as `/hostedzone/Z123`, and takes either. */
export const plainHostedZone = (id: string): string => id.replace(/^\/?hostedzone\//, "")

/**
 * The hosted zones that a generator's hostnames are kept in, as Kong Mesh has it: those of its configuration that are
 * this zone's or everybody's, or the control plane's own where it lists none. Who may write a generator is not for
 * that reason to write everywhere that the control plane's role may: `allowed` are those that its operator named.
 */
export const hostedZonesOf = (zone: string, own: string, allowed: ReadonlySet<string>): PlacesOf => ({ extension }) => {
  if (extension?.type !== "Route53") return NOWHERE
  const config = Option.getOrNull(Schema.decodeUnknownOption(Route53Config)(extension.config ?? {}))
  const { hostedZoneId, hostedZones = [] } = config ?? {}
  if (hostedZoneId === undefined && hostedZones.length === 0) return { places: [own], refused: [] }
  const named = [
    ...(hostedZoneId === undefined ? [] : [hostedZoneId]),
    ...hostedZones.filter(({ name }) => name === undefined || name === zone).map((one) => one.hostedZoneId)
  ].map(plainHostedZone)
  return {
    places: named.filter((id) => id === own || allowed.has(id)),
    refused: named.filter((id) => id !== own && !allowed.has(id))
  }
}

export const wantedNames = (
  { addresses, generators, services }: NamedResources,
  localZone: string,
  placesOf: PlacesOf
): WantedNames => {
  const vips = new Map<string, string>()
  for (const { name, spec } of addresses.toSorted(byAge)) {
    const key = `${spec.kind}/${spec.mesh}/${spec.service}`
    if (spec.releasedAt === undefined && !vips.has(key)) vips.set(key, name)
  }
  const placesByGenerator = new Map(generators.map(({ name, spec }) => [name, placesOf(spec)]))
  const { doubled, places } = contestHostnames({
    generators,
    services,
    localZone,
    keptIn: (generator) => placesOf(generator).places,
    addressOf: (kind, { mesh, name }) => vips.get(`${kind}/${mesh}/${name}`)
  })
  const refused = [...placesByGenerator]
    .flatMap(([generator, its]) => its.refused.map((place) => ({ generator, place })))
  return {
    places: new Map([...places].map(([place, names]) =>
      [place, new Map([...names].map(([hostname, { address }]) => [hostname, address]))])),
    doubled: [...doubled].sort(compareText),
    refused
  }
}
