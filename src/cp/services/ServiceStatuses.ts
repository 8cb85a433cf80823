/**
 * What the control plane knows of services, at the moment of reading: addresses, hostnames, who stands for them,
 * whether they have certificates. Nothing of it is stored, so that no status is ever a write. Receives the resources as
 * they are; one reader serves one request and makes each part once.
 */
import type { Condition } from "../../model/Condition.ts"
import { matchesLabels } from "../../model/LabelSelector.ts"
import { enabledBackend } from "../../model/Mesh.ts"
import type { MeshService, MeshServicePort } from "../../model/MeshService.ts"
import { byAge, compareText } from "../../model/order.ts"
import { isType, type Resource, type ResourceType } from "../../model/Resource.ts"
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import { contestHostnames, type KeptIn } from "../../model/services/contestHostnames.ts"
import type { Hostnames } from "../../model/services/generateHostnames.ts"
import { coreName, isLocal, serviceName, type ServiceResource } from "../../model/services/serviceNames.ts"
import { tagSets } from "../../model/tagSets.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { isHealthy } from "../snapshot/buildServiceView.ts"
import { isTarget, selects } from "../snapshot/selectMembers.ts"
import { type AddressRange, capacity, isIn } from "./AddressRange.ts"

/** Ordered by mesh, then name. */
export interface Resources {
  readonly list: <T extends ResourceType>(type: T, mesh?: string) => ReadonlyArray<Resource<T>>
}

export interface StatusSettings {
  readonly zone: string
  readonly ranges: Readonly<Record<ServiceKind, AddressRange>> | null
  /** Nowhere where absent. */
  readonly keptIn?: KeptIn
}

/** What is answered of a service beside what is stored of it. */
export interface ServiceStatus {
  readonly spec: ServiceResource["spec"]
  readonly status: Readonly<Record<string, unknown>>
}

type Dataplane = Resource<"Dataplane">

const servicesOf = ({ spec }: Dataplane): ReadonlyArray<string> =>
  tagSets(spec).flatMap((tags) => tags[SERVICE_TAG] ?? [])

const isOnline = (insight: Resource<"DataplaneInsight"> | undefined): boolean =>
  (insight?.spec.subscriptions ?? []).some((one) => one.connectTime !== "" && (one.disconnectTime ?? "") === "")

/** Each of the service's ports has an inbound that is ready. */
const answersAll = (ports: ReadonlyArray<MeshServicePort>, dataplane: Dataplane): boolean =>
  ports.every((port) => (dataplane.spec.networking?.inbound ?? []).some((one) => isHealthy(one) && isTarget(port, one)))

const orUndefined = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> | undefined => (list.length === 0 ? undefined : list)

/** Without what is undefined. */
const compact = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** Kuma's. */
const ORDER = ["addresses", "vips", "tls", "meshServices", "hostnameGenerators", "dataplaneProxies", "conditions"]

const inOrder = (status: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(status).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)))

/** The value of the tag by which most MeshServices select, or undefined. */
const soleService = ({ dataplaneLabels, dataplaneRef, dataplaneTags }: MeshService["selector"]): string | undefined =>
  dataplaneRef === undefined && dataplaneLabels === undefined && dataplaneTags?.[SERVICE_TAG] !== "*"
    ? dataplaneTags?.[SERVICE_TAG]
    : undefined

const once = <K, V>(make: (key: K) => V): (key: K) => V => {
  const made = new Map<K, V>()
  return (key) => {
    const known = made.get(key)
    if (known !== undefined) return known
    const value = make(key)
    made.set(key, value)
    return value
  }
}

export class ServiceStatuses {
  readonly #resources: Resources
  readonly #settings: StatusSettings

  constructor(resources: Resources, settings: StatusSettings) {
    this.#resources = resources
    this.#settings = settings
  }

  readonly #byService = once((mesh: string) => {
    const found = new Map<string, Array<Dataplane>>()
    for (const dataplane of this.#resources.list("Dataplane", mesh)) {
      for (const service of new Set(servicesOf(dataplane))) {
        const ofService = found.get(service)
        if (ofService === undefined) found.set(service, [dataplane])
        else ofService.push(dataplane)
      }
    }
    return found
  })

  readonly #insights = once((mesh: string) =>
    new Map(this.#resources.list("DataplaneInsight", mesh).map((insight) => [insight.name, insight])))

  readonly #addresses = once((_: "all") => {
    const rows = this.#resources.list("ServiceAddress").filter(({ spec }) => spec.releasedAt === undefined)
    // The oldest comes last, and so it is the one that counts.
    const keyOf = ({ spec }: Resource<"ServiceAddress">) => `${spec.mesh}/${serviceName(spec.kind, spec.service)}`
    return new Map(rows.sort(byAge).toReversed().map((row) => [keyOf(row), row.name]))
  })

  readonly #hostnames = once((_: "all") =>
    contestHostnames({
      generators: this.#resources.list("HostnameGenerator"),
      services: {
        MeshService: this.#resources.list("MeshService"),
        MeshExternalService: this.#resources.list("MeshExternalService"),
        MeshMultiZoneService: this.#resources.list("MeshMultiZoneService")
      },
      localZone: this.#settings.zone,
      keptIn: this.#settings.keptIn ?? (() => []),
      addressOf: (kind, service) => this.#address(kind, service)
    }))

  /** Those that a MeshService selects, ordered by name. */
  dataplanes({ mesh, spec: { selector } }: Resource<"MeshService">): ReadonlyArray<Dataplane> {
    const service = soleService(selector)
    const candidates = service === undefined
      ? this.#resources.list("Dataplane", mesh)
      : this.#byService(mesh).get(service) ?? []
    return candidates.filter((dataplane) => selects(selector, dataplane))
  }

  hostnames(kind: ServiceKind, service: ServiceResource): Hostnames {
    return this.#hostnames("all").of(kind, service)
  }

  of(service: ServiceResource): ServiceStatus {
    if (isType("MeshService", service)) return this.#meshService(service)
    if (isType("MeshMultiZoneService", service)) return this.#multiZone(service)
    const address = this.#address("MeshExternalService", service)
    return {
      spec: service.spec,
      status: compact({
        vip: address === undefined ? {} : { ip: address },
        ...this.#named("MeshExternalService", service),
        conditions: orUndefined(this.#exhaustion("MeshExternalService", address))
      })
    }
  }

  #meshService(service: Resource<"MeshService">): ServiceStatus {
    const common = this.#common("MeshService", service)
    // Of another zone's the zone itself knows more.
    if (!isLocal(service)) return { spec: service.spec, status: inOrder({ ...common, tls: {}, dataplaneProxies: {} }) }
    const dataplanes = this.dataplanes(service)
    const insights = this.#insights(service.mesh)
    const ports = service.spec.ports ?? []
    const healthy = dataplanes.filter((one) => answersAll(ports, one)).length
    const connected = dataplanes.filter(({ name }) => isOnline(insights.get(name))).length
    const issued = dataplanes.filter(({ name }) => (insights.get(name)?.spec.mTLS?.issuedBackend ?? "") !== "").length
    const mesh = this.#resources.list("Mesh").find(({ name }) => name === service.mesh)
    const hasMtls = mesh !== undefined && enabledBackend(mesh.spec) !== undefined
    const identities = [...new Set(dataplanes.flatMap(servicesOf))]
    return {
      spec: {
        ...service.spec,
        state: healthy > 0 ? "Available" : "Unavailable",
        ...(identities.length === 0
          ? {}
          : { identities: identities.sort(compareText).map((value) => ({ type: "ServiceTag" as const, value })) })
      },
      status: inOrder({
        ...common,
        tls: { status: hasMtls && issued === dataplanes.length ? "Ready" : "NotReady" },
        dataplaneProxies: compact({
          connected: connected || undefined,
          healthy: healthy || undefined,
          total: dataplanes.length || undefined
        })
      })
    }
  }

  #multiZone(service: Resource<"MeshMultiZoneService">): ServiceStatus {
    const matched = this.#resources.list("MeshService", service.mesh)
      .filter(({ labels }) => matchesLabels(service.spec.selector.meshService, labels))
      .map((resource) => coreName({ kind: "MeshService", resource }))
      .map(({ mesh, name, namespace, zone }) => ({ name, namespace, zone, mesh }))
      .sort((a, b) => compareText(`${a.name}/${a.namespace}/${a.zone}`, `${b.name}/${b.namespace}/${b.zone}`))
    const { conditions = [], ...common } = this.#common("MeshMultiZoneService", service)
    const condition: Condition = matched.length === 0
      ? {
        type: "MeshServicesMatched",
        status: "False",
        reason: "NoMatchesFound",
        message: "Selector does not match any MeshService in this zone"
      }
      : {
        type: "MeshServicesMatched",
        status: "True",
        reason: "MatchesFound",
        message: `Matched ${matched.length} MeshService(s)`
      }
    return {
      spec: service.spec,
      status: inOrder({
        ...common,
        ...(matched.length === 0 ? {} : { meshServices: matched }),
        conditions: [condition, ...(Array.isArray(conditions) ? conditions : [])]
      })
    }
  }

  #address(kind: ServiceKind, { mesh, name }: ServiceResource): string | undefined {
    return this.#addresses("all").get(`${mesh}/${serviceName(kind, name)}`)
  }

  #named(kind: ServiceKind, service: ServiceResource): Readonly<Record<string, unknown>> {
    const { addresses, hostnameGenerators } = this.hostnames(kind, service)
    return { addresses: orUndefined(addresses), hostnameGenerators: orUndefined(hostnameGenerators) }
  }

  #common(kind: ServiceKind, service: ServiceResource): Readonly<Record<string, unknown>> {
    const address = this.#address(kind, service)
    return compact({
      vips: address === undefined ? undefined : [{ ip: address }],
      ...this.#named(kind, service),
      conditions: orUndefined(this.#exhaustion(kind, address))
    })
  }

  /** Why it has no address, where that isn't only that it is new. */
  #exhaustion(kind: ServiceKind, address: string | undefined): ReadonlyArray<Condition> {
    const range = this.#settings.ranges?.[kind]
    if (address !== undefined || range === undefined) return []
    const taken = this.#resources.list("ServiceAddress").filter(({ name }) => isIn(range, name)).length
    return taken < capacity(range) ? [] : [{
      type: "VipAllocated",
      status: "False",
      reason: "Exhausted",
      message: `all ${capacity(range)} addresses of ${range.cidr} are taken: remove services, or set a larger network`
    }]
  }
}
