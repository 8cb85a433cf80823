/** How a mesh is doing: its proxies, counted in all the ways in which somebody asks, and what it holds. Pure. */
import type { DataplaneInsight } from "../../model/DataplaneInsight.ts"
import { isPolicyType } from "../../model/policies.ts"
import type { Resource, ResourceType } from "../../model/Resource.ts"
import { descriptors, type ResourceDescriptor } from "../../model/ResourceDescriptor.ts"
import type { Resources } from "./Inspector.ts"
import { ProxyCount, ProxyCounts, withoutZeros } from "./ProxyCount.ts"
import { proxyStatus } from "./proxyStatus.ts"
import { type ServiceInsight, serviceInsights } from "./serviceInsights.ts"

type Totals = Readonly<Record<string, { readonly total: number }>>

export interface MeshInsight {
  readonly mesh: Resource<"Mesh">
  readonly dataplanes: ProxyCount
  readonly standard: ProxyCount
  readonly gatewayBuiltin: ProxyCount
  readonly gatewayDelegated: ProxyCount
  /** By version of the sidecar's program. */
  readonly kumaDp: ProxyCounts
  readonly envoy: ProxyCounts
  readonly issuedBackends: ProxyCounts
  readonly supportedBackends: ProxyCounts
  /** By type, those of which there are some, ordered. */
  readonly resources: Totals
  readonly policies: Totals
  readonly services: ReadonlyArray<ServiceInsight>
}

const isInsight = (type: ResourceType): boolean => type.endsWith("Insight")

/** Insights say nothing that their proxies don't, and what only this control plane has nobody asks for. */
export const countedTypes = (scope: "Mesh" | "Global"): ReadonlyArray<ResourceType> =>
  Object.values<ResourceDescriptor>(descriptors)
    .filter((descriptor) => descriptor.scope === scope && !descriptor.own && !isInsight(descriptor.type))
    .map(({ type }) => type)
    .sort()

const typesOfMesh = countedTypes("Mesh")

/** Of all meshes where none is named. */
export const totals = (resources: Resources, types: ReadonlyArray<ResourceType>, mesh?: string): Totals =>
  Object.fromEntries(types.flatMap((type) => {
    const total = resources.list(type, mesh).length
    return total === 0 ? [] : [[type, { total }] as const]
  }))

const versionOf = (insight: DataplaneInsight | undefined, part: "kumaDp" | "envoy"): string => {
  const known = insight?.subscriptions.at(-1)?.version?.[part]
  const version: unknown = typeof known === "object" && known !== null && "version" in known ? known.version : undefined
  return typeof version === "string" && version !== "" ? version : "unknown"
}

export const meshInsight = (resources: Resources, mesh: Resource<"Mesh">): MeshInsight => {
  const ofMesh = totals(resources, typesOfMesh, mesh.name)
  const insight: MeshInsight = {
    mesh,
    dataplanes: new ProxyCount(),
    standard: new ProxyCount(),
    gatewayBuiltin: new ProxyCount(),
    gatewayDelegated: new ProxyCount(),
    kumaDp: new ProxyCounts(),
    envoy: new ProxyCounts(),
    issuedBackends: new ProxyCounts(),
    supportedBackends: new ProxyCounts(),
    resources: ofMesh,
    policies: Object.fromEntries(Object.entries(ofMesh).filter(([type]) => policyNames.has(type))),
    services: serviceInsights(resources, mesh)
  }
  for (const dataplane of resources.list("Dataplane", mesh.name)) {
    const known = resources.get({ type: "DataplaneInsight", mesh: mesh.name, name: dataplane.name })?.spec
    const status = proxyStatus(dataplane, known)
    const gateway = dataplane.spec.networking?.gateway
    insight.dataplanes.add(status)
    if (gateway === undefined) insight.standard.add(status)
    else (gateway.type === "BUILTIN" ? insight.gatewayBuiltin : insight.gatewayDelegated).add(status)
    insight.kumaDp.add(versionOf(known, "kumaDp"), status)
    insight.envoy.add(versionOf(known, "envoy"), status)
    if (known?.mTLS === undefined) continue
    insight.issuedBackends.add(known.mTLS.issuedBackend ?? "", status)
    for (const backend of known.mTLS.supportedBackends ?? []) insight.supportedBackends.add(backend, status)
  }
  return insight
}

const policyNames: ReadonlySet<string> = new Set(typesOfMesh.filter(isPolicyType))

/** As Kuma's API has it. Where MeshServices are all that counts it counts no services. */
export const encodeMeshInsight = (insight: MeshInsight, times: Readonly<Record<string, string>>) => {
  const { dataplanes, gatewayBuiltin, gatewayDelegated, mesh, policies, resources, services, standard } = insight
  const gateway = new ProxyCount()
  gateway.addAll(gatewayBuiltin)
  gateway.addAll(gatewayDelegated)
  const external = services.filter(({ serviceType }) => serviceType === "external").length
  const internal = services.length - external
  return {
    type: "MeshInsight",
    name: mesh.name,
    ...times,
    dataplanes,
    ...(Object.keys(policies).length === 0 ? {} : { policies }),
    dpVersions: { kumaDp: insight.kumaDp.toJSON(), envoy: insight.envoy.toJSON() },
    mTLS: { issuedBackends: insight.issuedBackends.toJSON(), supportedBackends: insight.supportedBackends.toJSON() },
    ...(mesh.spec.meshServices?.mode === "Exclusive"
      ? {}
      : { services: withoutZeros({ total: services.length, internal, external }) }),
    dataplanesByType: { standard, gateway, gatewayBuiltin, gatewayDelegated },
    ...(Object.keys(resources).length === 0 ? {} : { resources })
  }
}
