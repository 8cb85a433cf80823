/**
 * Zone proxies pass mTLS connections on, unread. An ingress brings them from other zones to this zone's endpoints;
 * an egress takes them from this zone to the ingresses of others. Neither has a certificate of its own.
 */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { Resource } from "../../model/Resource.ts"
import { enabledBackend } from "../../model/Mesh.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { isLocal } from "../../model/services/serviceNames.ts"
import { type Destination, destinationCluster, destinationSni } from "../snapshot/Destination.ts"
import { gateOf } from "../snapshot/gateOf.ts"
import type { Endpoint, MeshView, ServiceView, ZoneView } from "../snapshot/MeshView.ts"
import { proxyLog } from "./accessLog.ts"
import { passthroughCluster } from "./cluster/outbound.ts"
import { assignment } from "./endpoint/assignment.ts"
import { serviceUse } from "./endpoint/serviceUse.ts"
import { adminResources } from "./listener/admin.ts"
import { zoneProxyListener } from "./listener/zoneProxy.ts"
import { meshClusterName, sniOf } from "./names.ts"
import type { ProxyTranslation, ServiceUse } from "./ProxyTranslation.ts"
import { onceFor } from "./share/onceFor.ts"
import type { SharedResources } from "./share/SharedResources.ts"
import type { TranslateSettings } from "./TranslateSettings.ts"

interface Target {
  readonly mesh: string
  readonly service: string
  readonly cluster: string
  /** What its connections ask for. */
  readonly sni: string
  readonly use: ServiceUse
}

interface ZoneProxyAddress {
  readonly proxy: ProxyId
  readonly address: string
  readonly port: number | undefined
  readonly adminPort: number | undefined
}

const translate = (
  { proxy, address, port, adminPort }: ZoneProxyAddress,
  targets: ReadonlyArray<Target>,
  settings: TranslateSettings,
  { resources }: SharedResources
): ProxyTranslation => {
  // Envoy takes no listener without a chain.
  const listener = port === undefined || port === 0 || targets.length === 0 ? null : resources.of(zoneProxyListener, {
    address,
    port,
    log: proxyLog(settings, proxy.name),
    services: targets.map(({ cluster, mesh, service, sni }) => ({ sni, cluster, mesh, service }))
  })
  return {
    resources: [
      ...adminResources({ proxy, address, port: adminPort }, settings, resources),
      ...targets.map(({ cluster }) => resources.of(passthroughCluster, { name: cluster })),
      ...(listener === null ? [] : [listener])
    ],
    uses: targets.map((target) => target.use),
    reads: [],
    secretMeshes: [],
    conditions: [],
    calls: null
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const byMeshAndService = (a: Target, b: Target): number =>
  compare(a.cluster, b.cluster) || compare(a.use.service, b.use.service)

const hasMtls = (view: MeshView | undefined): view is MeshView =>
  view !== undefined && view.resource !== null && enabledBackend(view.resource.spec) !== undefined

/** Ports of destinations stand among the services under keys with a slash. */
const isTagValue = (service: string): boolean => !service.includes("/")

const tagTargets = (view: MeshView, { uses }: SharedResources): ReadonlyArray<Target> =>
  [...view.services.keys()].filter(isTagValue).map((service): Target => {
    const { mesh } = view
    const cluster = meshClusterName(mesh, service)
    const endpoints = { clusterName: cluster, tags: {}, mesh }
    const use = uses.of(serviceUse, { mesh, service, endpoints })
    return { mesh, service, cluster, sni: sniOf(mesh, { [SERVICE_TAG]: service }), use }
  })

/** What callers in other zones name; of several zones' services what this zone has of them. */
const isOffered = ({ external, kind, labels }: Destination): boolean =>
  external === null && (kind === "MeshMultiZoneService" || isLocal({ labels }))

const destinationTargets = (view: MeshView, { uses }: SharedResources): ReadonlyArray<Target> =>
  [...view.destinations.values()].filter(isOffered).flatMap((destination) =>
    destination.ports.map(({ port, service }): Target => {
      const { mesh } = view
      const cluster = destinationCluster(destination, port)
      const endpoints = { clusterName: cluster, tags: {}, mesh, isLocal: true }
      const use = uses.of(serviceUse, { mesh, service, endpoints })
      return { mesh, service: cluster, cluster, sni: destinationSni(destination, port), use }
    }))

/**
 * Envoy takes each SNI once and each cluster once: of two services that hash to the same, or that are shown under one
 * name, the first has it.
 */
const firstOfEach = (targets: ReadonlyArray<Target>, nameOf: (target: Target) => string): ReadonlyArray<Target> => {
  const taken = new Set<string>()
  return targets.filter((target) => {
    const name = nameOf(target)
    return !taken.has(name) && taken.add(name)
  })
}

/** Without mTLS there is no SNI to go by, so those meshes' services can't come through. */
const localTargets = (zone: ZoneView, shared: SharedResources): ReadonlyArray<Target> => {
  const targets = [...zone.meshes.values()].filter(hasMtls)
    .flatMap((view) => [...tagTargets(view, shared), ...destinationTargets(view, shared)])
    .sort(byMeshAndService)
  return firstOfEach(firstOfEach(targets, ({ cluster }) => cluster), ({ sni }) => sni)
}

interface RemoteService {
  readonly mesh: string
  readonly service: string
  /** Each zone ingress that takes its connections. */
  readonly gates: ReadonlyArray<Endpoint>
}

/** Its endpoints are other zones' ingresses, whatever this zone has of that service. */
const remoteUse = ({ gates, mesh, service }: RemoteService): ServiceUse => {
  const view: ServiceView = { name: service, protocol: "tcp", endpoints: gates }
  const input = { clusterName: meshClusterName(mesh, service), tags: {}, mesh }
  const built = onceFor((remote: ServiceView) => assignment(remote, input))
  return { mesh, service, assignment: () => built(view) }
}

const remoteTargets = (zone: ZoneView, ownZone: string, { uses }: SharedResources): ReadonlyArray<Target> => {
  const remotes = new Map<string, RemoteService & { readonly gates: Array<Endpoint> }>()
  for (const ingress of zone.ingresses.values()) {
    // Whose zone nobody says is this one's own.
    const [found] = gateOf(ingress)
    if (found === undefined || found.zone === ownZone) continue
    const gate: Endpoint = { ...found, tags: {} }
    for (const available of ingress.spec.availableServices ?? []) {
      const mesh = available.mesh || "default"
      const service = available.tags?.[SERVICE_TAG]
      if (service === undefined || !hasMtls(zone.meshes.get(mesh))) continue
      const cluster = meshClusterName(mesh, service)
      const target = remotes.get(cluster) ?? { mesh, service, gates: [] }
      if (!target.gates.some(({ dataplane }) => dataplane === gate.dataplane)) target.gates.push(gate)
      remotes.set(cluster, target)
    }
  }
  return [...remotes].map(([cluster, { mesh, service, gates }]): Target => {
    const ordered = gates.sort((a, b) => (a.dataplane < b.dataplane ? -1 : 1))
    const use = uses.of(remoteUse, { mesh, service, gates: ordered })
    return { mesh, service, cluster, sni: sniOf(mesh, { [SERVICE_TAG]: service }), use }
  }).sort(byMeshAndService)
}

/** Where a zone proxy listens. */
const placeOf = ({ name, spec: { networking }, type }: Resource<"ZoneIngress"> | Resource<"ZoneEgress">) => ({
  proxy: { proxyType: type === "ZoneIngress" ? "ingress" : "egress", mesh: "", name } as const,
  address: networking?.address ?? "0.0.0.0",
  port: networking?.port,
  adminPort: networking?.admin?.port
})

export const translateIngress = (
  zone: ZoneView,
  ingress: Resource<"ZoneIngress">,
  settings: TranslateSettings,
  shared: SharedResources
): ProxyTranslation => translate(placeOf(ingress), localTargets(zone, shared), settings, shared)

export const translateEgress = (
  zone: ZoneView,
  egress: Resource<"ZoneEgress">,
  settings: TranslateSettings,
  shared: SharedResources
): ProxyTranslation => translate(placeOf(egress), remoteTargets(zone, settings.zone, shared), settings, shared)
