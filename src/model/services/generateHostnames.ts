/**
 * Hostnames of services: which generator gives which service which name, and why one is given none. Kuma's rules: an
 * older generator goes before a newer one, this zone's before all others, and of two services of a kind in a mesh the
 * older one has the name. Pure.
 */
import { matchesLabels, type LabelSelector } from "../LabelSelector.ts"
import type { HostnameGenerator } from "../HostnameGenerator.ts"
import { byAge, compareText } from "../order.ts"
import type { Resource } from "../Resource.ts"
import type { ServiceKind } from "../ServiceAddress.ts"
import { ORIGIN_LABEL } from "../Tags.ts"
import { evaluateTemplate } from "./hostnameTemplate.ts"
import { coreName, type ServiceResource } from "./serviceNames.ts"

type Generator = Resource<"HostnameGenerator">

interface GeneratorRef {
  readonly coreName: string
}

/** A name that leads to the service. */
export interface HostnameAddress {
  readonly hostname: string
  readonly origin: "HostnameGenerator"
  readonly hostnameGeneratorRef: GeneratorRef
}

export interface GeneratorStatus {
  readonly hostnameGeneratorRef: GeneratorRef
  readonly conditions: ReadonlyArray<{
    readonly type: "Generated"
    readonly status: "True" | "False"
    readonly reason: "Generated" | "TemplateError" | "Collision"
    readonly message: string
  }>
}

export interface Hostnames {
  readonly addresses: ReadonlyArray<HostnameAddress>
  readonly hostnameGenerators: ReadonlyArray<GeneratorStatus>
}

export const NO_HOSTNAMES: Hostnames = { addresses: [], hostnameGenerators: [] }

const isOfZone = ({ labels }: Generator): boolean => labels[ORIGIN_LABEL] === "zone"

const byPrecedence = (a: Generator, b: Generator): number => Number(isOfZone(b)) - Number(isOfZone(a)) || byAge(a, b)

const selectorOf = ({ selector }: HostnameGenerator, kind: ServiceKind): LabelSelector | undefined => {
  switch (kind) {
    case "MeshService":
      return selector.meshService
    case "MeshExternalService":
      return selector.meshExternalService
    case "MeshMultiZoneService":
      return selector.meshMultiZoneService
  }
}

/**
 * A service of several zones is the global control plane's to make, and generators know it by that. One that was made
 * here, where there is none, is no other.
 */
const labelsOf = (kind: ServiceKind, { labels }: ServiceResource): Readonly<Record<string, string>> =>
  kind === "MeshMultiZoneService" ? { [ORIGIN_LABEL]: "global", ...labels } : labels

/** The name that a generator makes for a service; undefined where it isn't about it. */
export const generateHostname = (
  { spec }: Generator,
  kind: ServiceKind,
  service: ServiceResource,
  localZone: string
): ReturnType<typeof evaluateTemplate> | undefined => {
  const selector = selectorOf(spec, kind)
  const labels = labelsOf(kind, service)
  if (selector === undefined || !matchesLabels(selector, labels)) return undefined
  const { mesh, name, namespace, zone } = coreName({ kind, resource: service })
  const names = { Name: service.name, DisplayName: name, Namespace: namespace, Mesh: mesh, Zone: zone || localZone }
  return evaluateTemplate(spec.template, names, labels)
}

interface Drawn {
  readonly addresses: Array<HostnameAddress>
  readonly hostnameGenerators: Array<GeneratorStatus>
}

const condition = (
  reason: GeneratorStatus["conditions"][number]["reason"],
  message: string
): GeneratorStatus["conditions"] => [{ type: "Generated", status: reason === "Generated" ? "True" : "False", reason, message }]

/** No mesh has a slash in its name. */
export const hostnamesKey = ({ mesh, name }: { readonly mesh: string; readonly name: string }): string => `${mesh}/${name}`

const byGenerator = <R extends { readonly hostnameGeneratorRef: GeneratorRef }>(rows: ReadonlyArray<R>): ReadonlyArray<R> =>
  [...rows].sort((a, b) => compareText(a.hostnameGeneratorRef.coreName, b.hostnameGeneratorRef.coreName))

/** By `hostnamesKey`, for all services of one kind in all meshes. What no generator is about is left out. */
export const generateHostnames = (
  generators: ReadonlyArray<Generator>,
  kind: ServiceKind,
  services: ReadonlyArray<ServiceResource>,
  localZone: string
): ReadonlyMap<string, Hostnames> => {
  const owners = new Map<string, ServiceResource>()
  const drawn = new Map<string, Drawn>()
  const ordered = [...services].sort(byAge)
  for (const generator of [...generators].sort(byPrecedence)) {
    const hostnameGeneratorRef = { coreName: generator.name }
    for (const service of ordered) {
      const made = generateHostname(generator, kind, service, localZone)
      if (made === undefined) continue
      const own = drawn.get(hostnamesKey(service)) ?? { addresses: [], hostnameGenerators: [] }
      drawn.set(hostnamesKey(service), own)
      const note = (conditions: GeneratorStatus["conditions"]): void => {
        own.hostnameGenerators.push({ hostnameGeneratorRef, conditions })
      }
      if ("problem" in made) {
        note(condition("TemplateError", made.problem))
        continue
      }
      const { hostname } = made
      const owner = owners.get(`${service.mesh}/${hostname}`)
      if (owner !== undefined && owner !== service) {
        note(condition("Collision", `Hostname collision with ${kind}: ${owner.name}`))
        continue
      }
      owners.set(`${service.mesh}/${hostname}`, service)
      own.addresses.push({ hostname, origin: "HostnameGenerator", hostnameGeneratorRef })
      note(condition("Generated", ""))
    }
  }
  return new Map([...drawn].map(([key, { addresses, hostnameGenerators }]) => [
    key,
    { addresses: byGenerator(addresses), hostnameGenerators: byGenerator(hostnameGenerators) }
  ]))
}
