/**
 * How the services of a mesh are doing: those that are called by their value of `kuma.io/service`. Where MeshServices
 * are all that counts only delegated gateways are left, which never become one. Pure.
 */
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG, type Tags, ZONE_TAG } from "../../model/Tags.ts"
import type { Resources } from "./Inspector.ts"
import { ProxyCount } from "./ProxyCount.ts"
import { type ProxyStatus, proxyStatus } from "./proxyStatus.ts"

export type ServiceType = "internal" | "external" | "gateway_builtin" | "gateway_delegated"
export const SERVICE_TYPES: ReadonlyArray<ServiceType> = [
  "internal", "external", "gateway_builtin", "gateway_delegated"
]

export interface ServiceInsight {
  readonly mesh: string
  readonly name: string
  readonly serviceType: ServiceType
  readonly status: "online" | "offline" | "partially_degraded" | "not_available"
  /** What isn't wholly there counts as offline here. */
  readonly dataplanes: ProxyCount
  /** Backends of certificates, each with the number of proxies that have one of it. */
  readonly issuedBackends: ReadonlyMap<string, number>
  /** Where a workload calls it; null where it has none of its own. */
  readonly addressPort: string | null
  readonly zones: ReadonlyArray<string>
}

interface Gathered {
  readonly serviceType: ServiceType
  readonly dataplanes: ProxyCount
  readonly issuedBackends: Map<string, number>
  readonly zones: Set<string>
  readonly addressPort: string | null
}

interface Part {
  readonly tags: Tags
  readonly serviceType: ServiceType
}

const partsOf = ({ spec: { networking } }: Resource<"Dataplane">): ReadonlyArray<Part> => {
  const gateway = networking?.gateway
  if (gateway !== undefined) {
    const serviceType = gateway.type === "BUILTIN" ? "gateway_builtin" as const : "gateway_delegated" as const
    return [{ tags: gateway.tags ?? {}, serviceType }]
  }
  return (networking?.inbound ?? []).flatMap(({ state, tags = {} }) =>
    state === "Ignored" ? [] : [{ tags, serviceType: "internal" as const }])
}

const statusOf = ({ dataplanes, serviceType }: Gathered): ServiceInsight["status"] => {
  if (serviceType === "external") return "not_available"
  if (dataplanes.online === 0) return "offline"
  return dataplanes.offline === 0 ? "online" : "partially_degraded"
}

/** Ordered by name. */
export const serviceInsights = (
  resources: Resources,
  mesh: Resource<"Mesh">
): ReadonlyArray<ServiceInsight> => {
  const isExclusive = mesh.spec.meshServices?.mode === "Exclusive"
  const gathered = new Map<string, Gathered>()
  const gather = ({ serviceType, tags }: Part, addressPort: string | null): Gathered | null => {
    const name = tags[SERVICE_TAG]
    if (name === undefined || name === "") return null
    if (isExclusive && serviceType !== "gateway_delegated") return null
    const service = gathered.get(name) ??
      { serviceType, addressPort, dataplanes: new ProxyCount(), issuedBackends: new Map(), zones: new Set() }
    gathered.set(name, service)
    const zone = tags[ZONE_TAG]
    if (zone !== undefined) service.zones.add(zone)
    return service
  }
  const ports = new Map(resources.list("OutboundPort", mesh.name).map(({ name, spec }) => [name, spec.port]))
  for (const dataplane of resources.list("Dataplane", mesh.name)) {
    const insight = resources.get({ type: "DataplaneInsight", mesh: mesh.name, name: dataplane.name })?.spec
    const status: ProxyStatus = proxyStatus(dataplane, insight)
    const backend = insight?.mTLS?.issuedBackend
    for (const part of partsOf(dataplane)) {
      const port = part.serviceType === "internal" ? ports.get(part.tags[SERVICE_TAG] ?? "") : undefined
      const service = gather(part, port === undefined ? null : `127.0.0.1:${port}`)
      if (service === null) continue
      service.dataplanes.add(status === "online" ? "online" : "offline")
      if (backend !== undefined) {
        service.issuedBackends.set(backend, (service.issuedBackends.get(backend) ?? 0) + 1)
      }
    }
  }
  for (const { spec } of resources.list("ExternalService", mesh.name)) {
    gather({ tags: spec.tags ?? {}, serviceType: "external" }, spec.networking?.address ?? null)
  }
  return [...gathered].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, service]) => ({
    ...service,
    mesh: mesh.name,
    name,
    status: statusOf(service),
    zones: [...service.zones].sort()
  }))
}

/** As Kuma's API has it: an internal service says nothing of its kind. */
export const encodeServiceInsight = (insight: ServiceInsight, times: Readonly<Record<string, string>>) => ({
  type: "ServiceInsight",
  mesh: insight.mesh,
  name: insight.name,
  ...times,
  status: insight.status,
  dataplanes: insight.dataplanes,
  ...(insight.issuedBackends.size === 0 ? {} : { issuedBackends: Object.fromEntries(insight.issuedBackends) }),
  ...(insight.serviceType === "internal" ? {} : { serviceType: insight.serviceType }),
  ...(insight.addressPort === null ? {} : { addressPort: insight.addressPort }),
  ...(insight.zones.length === 0 ? {} : { zones: insight.zones })
})
