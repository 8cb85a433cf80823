/**
 * Keeps the destinations of one mesh true: MeshServices, MeshExternalServices and MeshMultiZoneServices, with the
 * endpoints of their ports. Receives single changes, and in `settle` answers what is another than before. A Dataplane's
 * change costs what the MeshServices that select it hold of it.
 */
import type { DataSource } from "../../model/DataSource.ts"
import { matchesLabels } from "../../model/LabelSelector.ts"
import type { MeshMultiZoneServicePort } from "../../model/MeshMultiZoneService.ts"
import { compareText } from "../../model/order.ts"
import { isType, type Resource } from "../../model/Resource.ts"
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import { coreName, isLocal, serviceName, type ServiceResource } from "../../model/services/serviceNames.ts"
import { SERVICE_TAG, ZONE_TAG } from "../../model/Tags.ts"
import { sameService } from "./buildServiceView.ts"
import {
  type Destination,
  type DestinationChange,
  type DestinationPort,
  portKey,
  readableLabels
} from "./Destination.ts"
import {
  type LegacyExternal,
  ofExternalService,
  ofMeshExternalService,
  type ReadSecret,
  secretsOf
} from "./ExternalBackend.ts"
import type { ServiceChange } from "./Impact.ts"
import type { Endpoint, ServiceView } from "./MeshView.ts"
import { readProtocol } from "./Protocol.ts"
import { sameData } from "./sameData.ts"
import { keepMember, type Member, memberOf, type PortShare, selects } from "./selectMembers.ts"
import { SelectorIndex } from "./SelectorIndex.ts"

/** What it reads beside the services themselves. */
export interface Surroundings {
  readonly dataplanes: ReadonlyMap<string, Resource<"Dataplane">>
  readonly services: ReadonlyMap<string, ServiceView>
  /** What a Dataplane's endpoints are called elsewhere, so that they stay the same objects. */
  readonly endpointsOf: (service: string, dataplane: string) => ReadonlyArray<Endpoint>
  /** Where another zone takes connections. */
  readonly gates: (zone: string) => ReadonlyArray<Endpoint>
  readonly secret: ReadSecret
}

type Dataplane = Resource<"Dataplane">

interface Settled {
  readonly destinations: Array<DestinationChange>
  readonly services: Array<ServiceChange>
}

const secretNames = (sources: ReadonlyArray<DataSource | undefined>): ReadonlySet<string> => new Set(secretsOf(sources))

const listedPorts = (resource: ServiceResource): ReadonlyArray<MeshMultiZoneServicePort> =>
  isType("MeshService", resource) || isType("MeshMultiZoneService", resource) ? resource.spec.ports ?? [] : []

const MESH_SERVICES = serviceName("MeshService", "")

export class MeshDestinations {
  readonly #mesh: string
  readonly #around: Surroundings
  readonly #resources = new Map<string, ServiceResource>()
  readonly #externals = new Map<string, Resource<"ExternalService">>()
  readonly #selectors = new SelectorIndex()
  /** What each MeshService is made of: by its name, then by Dataplane. */
  readonly #members = new Map<string, Map<string, Member>>()
  readonly #multiZone = new Set<string>()
  readonly #remote = new Set<string>()
  readonly #touched = new Set<string>()
  /** Values of `kuma.io/service` of which an ExternalService came, went or is another. */
  readonly #touchedExternals = new Set<string>()
  /** By key (`serviceName`). */
  readonly all = new Map<string, Destination>()
  /** ExternalServices by their value of `kuma.io/service`, each ordered by name. */
  readonly external = new Map<string, ReadonlyArray<LegacyExternal>>()
  /** Counts what `all` and `external` went through. */
  revision = 0

  constructor(mesh: string, around: Surroundings) {
    this.#mesh = mesh
    this.#around = around
  }

  put(kind: ServiceKind, name: string, after: ServiceResource | undefined): void {
    const key = serviceName(kind, name)
    this.#touched.add(key)
    if (after === undefined) this.#resources.delete(key)
    else this.#resources.set(key, after)
    if (kind === "MeshMultiZoneService") this.#multiZone[after === undefined ? "delete" : "add"](key)
    if (kind !== "MeshService") return
    this.#selectors.remove(name)
    this.#members.delete(name)
    this.#remote.delete(name)
    if (after === undefined || !isType("MeshService", after)) return
    if (!isLocal(after)) {
      this.#remote.add(name)
      return
    }
    this.#selectors.add(name, after.spec.selector)
    const members = new Map<string, Member>()
    for (const [dataplane, resource] of this.#around.dataplanes) {
      if (selects(after.spec.selector, resource)) members.set(dataplane, this.#member(after, resource, undefined))
    }
    this.#members.set(name, members)
  }

  putExternal(name: string, after: Resource<"ExternalService"> | undefined): void {
    for (const one of [this.#externals.get(name), after]) {
      const service = one?.spec.tags?.[SERVICE_TAG]
      if (service !== undefined) this.#touchedExternals.add(service)
    }
    if (after === undefined) this.#externals.delete(name)
    else this.#externals.set(name, after)
  }

  /** After it stands in `Surroundings.dataplanes`, with its services' shares. */
  putDataplane(name: string, before: Dataplane | undefined, after: Dataplane | undefined): void {
    for (const service of this.#selectors.candidates(before, after)) {
      const resource = this.#resources.get(serviceName("MeshService", service))
      const members = this.#members.get(service)
      if (resource === undefined || members === undefined || !isType("MeshService", resource)) continue
      const known = members.get(name)
      const now = after !== undefined && selects(resource.spec.selector, after)
        ? this.#member(resource, after, known)
        : undefined
      if (sameData(known, now)) continue
      if (now === undefined) members.delete(name)
      else members.set(name, now)
      this.#touched.add(serviceName("MeshService", service))
    }
  }

  /** Another zone's ingress came, went or is elsewhere. */
  touchRemote(): void {
    for (const name of this.#remote) this.#touched.add(serviceName("MeshService", name))
  }

  touchSecret(name: string): void {
    for (const [key, resource] of this.#resources) {
      if (!isType("MeshExternalService", resource)) continue
      const { caCert, clientCert, clientKey } = resource.spec.tls?.verification ?? {}
      if (secretNames([caCert, clientCert, clientKey]).has(name)) this.#touched.add(key)
    }
    for (const { spec } of this.#externals.values()) {
      const { caCert, clientCert, clientKey } = spec.networking?.tls ?? {}
      const service = spec.tags?.[SERVICE_TAG]
      if (service !== undefined && secretNames([caCert, clientCert, clientKey]).has(name)) {
        this.#touchedExternals.add(service)
      }
    }
  }

  /** Takes in all that came since the last time. */
  settle(): Settled {
    const settled: Settled = { destinations: [], services: [] }
    if (this.#touched.size === 0 && this.#touchedExternals.size === 0) return settled
    // Those of several zones are made of others, and so come after them.
    const later = new Set([...this.#touched].filter((key) => this.#multiZone.has(key)))
    for (const key of this.#touched) for (const user of this.#choosing(key)) later.add(user)
    for (const key of this.#touched) if (!later.has(key)) this.#join(key, settled)
    for (const key of later) this.#join(key, settled)
    for (const service of this.#touchedExternals) this.#joinExternal(service, settled)
    this.#touched.clear()
    this.#touchedExternals.clear()
    if (settled.destinations.length > 0) this.revision += 1
    return settled
  }

  #join(key: string, settled: Settled): void {
    const before = this.all.get(key)
    const resource = this.#resources.get(key)
    const after = resource === undefined ? undefined : this.#destination(key, resource)
    const ports = new Map<string, ServiceView | undefined>()
    for (const { service } of before?.ports ?? []) ports.set(service, undefined)
    if (resource !== undefined && after !== undefined && after.external === null) {
      for (const port of after.ports) ports.set(port.service, this.#serviceView(resource, port))
    }
    for (const [name, view] of ports) {
      const known = this.#around.services.get(name)
      if (sameService(known, view)) continue
      settled.services.push({ mesh: this.#mesh, name, before: known, after: view })
    }
    if (sameData(before, after)) return
    if (after === undefined) this.all.delete(key)
    else this.all.set(key, after)
    settled.destinations.push({ mesh: this.#mesh, key, before, after })
  }

  #destination(key: string, resource: ServiceResource): Destination {
    const common = {
      name: resource.name,
      labels: readableLabels(resource),
      creationTime: resource.creationTime
    }
    if (isType("MeshExternalService", resource)) {
      const { port, protocol } = resource.spec.match
      return {
        ...common,
        kind: "MeshExternalService",
        core: coreName({ kind: "MeshExternalService", resource }),
        ports: [{ port, name: String(port), protocol: readProtocol(protocol), service: portKey(key, port) }],
        identities: [],
        external: ofMeshExternalService(resource.spec, this.#around.secret)
      }
    }
    const kind = isType("MeshService", resource) ? "MeshService" : "MeshMultiZoneService"
    return {
      ...common,
      kind,
      core: coreName({ kind, resource }),
      ports: listedPorts(resource).map(({ appProtocol, name, port }) => ({
        port,
        name: name || String(port),
        protocol: readProtocol(appProtocol),
        service: portKey(key, port)
      })),
      identities: isType("MeshService", resource)
        ? this.#identities(resource)
        : [...new Set(this.#chosen(resource).flatMap((one) => this.#identities(one)))].sort(compareText),
      external: null
    }
  }

  #identities(resource: Resource<"MeshService">): ReadonlyArray<string> {
    const tags = isLocal(resource)
      ? [...this.#members.get(resource.name)?.values() ?? []].flatMap(({ identities }) => identities)
      : (resource.spec.identities ?? []).flatMap(({ type, value }) => (type === "ServiceTag" ? [value] : []))
    return [...new Set(tags)].sort(compareText)
  }

  /** Those of several zones that this one is a part of, or was. */
  #choosing(key: string): ReadonlyArray<string> {
    const labels = [this.all.get(key)?.labels, this.#resources.get(key)?.labels]
    return !key.startsWith(MESH_SERVICES) ? [] : [...this.#multiZone].filter((user) => {
      const resource = this.#resources.get(user)
      return resource !== undefined && isType("MeshMultiZoneService", resource) && labels.some((one) =>
        one !== undefined && matchesLabels(resource.spec.selector.meshService, one))
    })
  }

  /** The MeshServices that one of several zones is made of. */
  #chosen(resource: ServiceResource): ReadonlyArray<Resource<"MeshService">> {
    if (!isType("MeshMultiZoneService", resource)) return []
    return [...this.#resources.values()]
      .filter((one) => isType("MeshService", one))
      .filter(({ labels }) => matchesLabels(resource.spec.selector.meshService, labels))
      .sort((a, b) => compareText(a.name, b.name))
  }

  #serviceView(resource: ServiceResource, { port, protocol, service }: DestinationPort): ServiceView {
    const shares = this.#shares(resource, port)
    const endpoints = shares.flatMap((share) => share.endpoints)
    return {
      name: service,
      protocol,
      endpoints: endpoints.length > 0 ? endpoints : shares.flatMap((share) => share.lastResort)
    }
  }

  /** In the order of its endpoints. */
  #shares(resource: ServiceResource, port: number): ReadonlyArray<PortShare> {
    if (isType("MeshMultiZoneService", resource)) {
      return this.#chosen(resource).flatMap((one) =>
        // Of another zone's it is known only whether it has any at all.
        isLocal(one) || one.spec.state === "Available" ? this.#shares(one, port) : []
      )
    }
    if (!isType("MeshService", resource)) return []
    const at = (resource.spec.ports ?? []).findIndex((one) => one.port === port)
    if (at < 0) return []
    if (!isLocal(resource)) {
      return [{ endpoints: this.#around.gates(resource.labels[ZONE_TAG] ?? ""), lastResort: [] }]
    }
    return [...this.#members.get(resource.name) ?? []]
      .sort(([a], [b]) => compareText(a, b))
      .flatMap(([, { ports }]) => ports[at] ?? [])
  }

  #member(service: Resource<"MeshService">, dataplane: Resource<"Dataplane">, before: Member | undefined): Member {
    return keepMember(
      [...before?.ports ?? []],
      (tag) => this.#around.endpointsOf(tag, dataplane.name),
      memberOf(service.spec.ports ?? [], dataplane)
    )
  }

  #joinExternal(service: string, settled: Settled): void {
    const before = this.external.get(service)
    const after = [...this.#externals.values()]
      .filter(({ spec }) => spec.tags?.[SERVICE_TAG] === service)
      .sort((a, b) => compareText(a.name, b.name))
      .map(({ name, spec }): LegacyExternal => ({
        resource: name,
        tags: spec.tags ?? {},
        backend: ofExternalService(spec, this.#around.secret)
      }))
    if (sameData(before ?? [], after)) return
    if (after.length === 0) this.external.delete(service)
    else this.external.set(service, after)
    settled.destinations.push({ mesh: this.#mesh, key: externalKey(service), before: undefined, after: undefined })
  }
}

/** What a change of the ExternalServices of one name is told by. */
export const externalKey = (service: string): string => `ExternalService/${service}`
