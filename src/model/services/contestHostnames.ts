/**
 * To which of several services a hostname leads. Within a mesh and a kind Kuma's rules say it (`generateHostnames`).
 * Where a name is kept for all to look up there is one of it, whatever meshes and kinds have it: the oldest service's
 * that has an address. One that leads to it nowhere is told so by its status. Pure.
 */
import type { HostnameGenerator } from "../HostnameGenerator.ts"
import { byAge, compareText } from "../order.ts"
import type { Resource } from "../Resource.ts"
import { SERVICE_KINDS, type ServiceKind } from "../ServiceAddress.ts"
import {
  type GeneratorStatus,
  generateHostnames,
  type HostnameAddress,
  type Hostnames,
  hostnamesKey,
  NO_HOSTNAMES
} from "./generateHostnames.ts"
import { serviceName, type ServiceResource } from "./serviceNames.ts"

/** Where the hostnames of a generator are kept, for all to look up. */
export type KeptIn = (generator: HostnameGenerator) => ReadonlyArray<string>

export interface Contest {
  readonly generators: ReadonlyArray<Resource<"HostnameGenerator">>
  readonly services: Readonly<Record<ServiceKind, ReadonlyArray<ServiceResource>>>
  readonly localZone: string
  readonly keptIn: KeptIn
  /** The service's virtual address, or undefined. Who has none keeps no other from a name. */
  readonly addressOf: (kind: ServiceKind, service: ServiceResource) => string | undefined
}

interface Contender {
  readonly kind: ServiceKind
  readonly service: ServiceResource
}

interface Holder extends Contender {
  readonly address: string
}

export interface ContestedHostnames {
  /** Who has a hostname, by hostname, by place. */
  readonly places: ReadonlyMap<string, ReadonlyMap<string, Holder>>
  /** Hostnames that several services would have in one place. */
  readonly doubled: ReadonlySet<string>
  readonly of: (kind: ServiceKind, service: ServiceResource) => Hostnames
}

/** The oldest first, whatever kinds they are of; of one moment by kind, then by name. */
const byAgeOfAll = (a: Contender, b: Contender): number =>
  compareText(a.service.creationTime, b.service.creationTime) ||
  compareText(a.kind, b.kind) ||
  byAge(a.service, b.service) ||
  compareText(a.service.mesh, b.service.mesh)

const keyOf = ({ kind, service }: Contender): string => serviceName(kind, hostnamesKey(service))

const lostTo = ({ mesh }: ServiceResource, { kind, service }: Contender): GeneratorStatus["conditions"] => {
  const elsewhere = service.mesh === mesh ? "" : ` of mesh ${service.mesh}`
  const message = `Hostname collision with ${kind}: ${service.name}${elsewhere}`
  return [{ type: "Generated", status: "False", reason: "Collision", message }]
}

const without = (
  { addresses, hostnameGenerators }: Hostnames,
  service: ServiceResource,
  losses: ReadonlyMap<HostnameAddress, Contender>
): Hostnames => {
  const winners = new Map([...losses].map(([lost, winner]) => [lost.hostnameGeneratorRef.coreName, winner]))
  return {
    addresses: addresses.filter((one) => !losses.has(one)),
    hostnameGenerators: hostnameGenerators.map((one) => {
      const winner = winners.get(one.hostnameGeneratorRef.coreName)
      return winner === undefined ? one : { ...one, conditions: lostTo(service, winner) }
    })
  }
}

export const contestHostnames = (
  { addressOf, generators, keptIn, localZone, services }: Contest
): ContestedHostnames => {
  const drawn = new Map<string, Hostnames>()
  const contenders: Array<Contender> = []
  for (const kind of SERVICE_KINDS) {
    const hostnames = generateHostnames(generators, kind, services[kind], localZone)
    for (const service of services[kind]) {
      const own = hostnames.get(hostnamesKey(service))
      if (own === undefined) continue
      drawn.set(keyOf({ kind, service }), own)
      contenders.push({ kind, service })
    }
  }
  const kept = new Map(generators.map(({ name, spec }) => [name, keptIn(spec)]))
  const places = new Map<string, Map<string, Holder>>()
  const doubled = new Set<string>()
  for (const contender of contenders.sort(byAgeOfAll)) {
    const own = drawn.get(keyOf(contender)) ?? NO_HOSTNAMES
    const address = addressOf(contender.kind, contender.service)
    const losses = new Map<HostnameAddress, Contender>()
    for (const made of own.addresses) {
      let winner: Holder | undefined
      let hasIt = false
      for (const place of kept.get(made.hostnameGeneratorRef.coreName) ?? []) {
        const names = places.get(place) ?? new Map<string, Holder>()
        const holder = names.get(made.hostname)
        if (holder !== undefined && holder.service !== contender.service) {
          winner ??= holder
          if (address !== undefined) doubled.add(made.hostname)
          continue
        }
        hasIt = true
        if (address !== undefined) places.set(place, names.set(made.hostname, { ...contender, address }))
      }
      if (winner !== undefined && !hasIt) losses.set(made, winner)
    }
    if (losses.size > 0) drawn.set(keyOf(contender), without(own, contender.service, losses))
  }
  return { places, doubled, of: (kind, service) => drawn.get(keyOf({ kind, service })) ?? NO_HOSTNAMES }
}
