/**
 * Keeps every mesh's view true. Receives batches of resource changes; updates the views in place and answers what
 * depends on them. A Dataplane's change costs what its own services hold, whatever else the mesh holds; a status
 * write costs nothing. It translates nothing and knows no Envoy.
 */
import { isDeepStrictEqual } from "node:util"
import type { ProxyId } from "../../model/ProxyType.ts"
import { isType, type Resource } from "../../model/Resource.ts"
import { buildServiceView, servicesOf } from "./buildServiceView.ts"
import type { MeshView, ServiceView, ZoneView } from "./MeshView.ts"
import type { ResourceChange } from "./ResourceCache.ts"

/** What one batch of changes touches. */
export interface Impact {
  /** Meshes of which every proxy is to be translated anew: by its Mesh, a policy, an outbound port, a protocol. */
  readonly meshes: ReadonlySet<string>
  /** Proxies to be translated anew because their own resource changed or went. */
  readonly proxies: ReadonlyArray<ProxyId>
  /** Services whose endpoints changed, by mesh: only who holds their assignments gets anything. */
  readonly services: ReadonlyMap<string, ReadonlySet<string>>
  /** Meshes of which a Secret changed: trust and certificates may be others. */
  readonly secrets: ReadonlySet<string>
}

interface MutableMesh {
  readonly mesh: string
  resource: Resource<"Mesh"> | null
  readonly dataplanes: Map<string, Resource<"Dataplane">>
  readonly services: Map<string, ServiceView>
  readonly outboundPorts: Map<string, number>
  trafficPermissions: ReadonlyArray<Resource<"MeshTrafficPermission">>
  timeouts: ReadonlyArray<Resource<"MeshTimeout">>
  /** Which Dataplanes each service is made of. */
  readonly members: Map<string, Map<string, Resource<"Dataplane">>>
}

interface MutableImpact {
  readonly meshes: Set<string>
  readonly proxies: Array<ProxyId>
  readonly touched: Map<string, Set<string>>
  readonly secrets: Set<string>
}

const addTo = <V>(map: Map<string, Set<V>>, key: string, value: V): void => {
  const values = map.get(key)
  if (values === undefined) map.set(key, new Set([value]))
  else values.add(value)
}

/** The list with one resource put in its place by name, or taken out. */
const replaced = <R extends Resource>(list: ReadonlyArray<R>, name: string, after: R | undefined): ReadonlyArray<R> => {
  const others = list.filter((resource) => resource.name !== name)
  return after === undefined ? others : [...others, after].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A write of labels or spec that nothing is derived from (times, version) leaves all as it was. */
const saysTheSame = (change: ResourceChange): boolean =>
  change.before !== undefined && change.after !== undefined &&
  isDeepStrictEqual(change.before.spec, change.after.spec) &&
  isDeepStrictEqual(change.before.labels, change.after.labels)

export class MeshViews implements ZoneView {
  readonly meshes = new Map<string, MutableMesh>()
  readonly ingresses = new Map<string, Resource<"ZoneIngress">>()
  readonly egresses = new Map<string, Resource<"ZoneEgress">>()

  view(mesh: string): MeshView | undefined {
    return this.meshes.get(mesh)
  }

  apply(changes: Iterable<ResourceChange>): Impact {
    const impact: MutableImpact = { meshes: new Set(), proxies: [], touched: new Map(), secrets: new Set() }
    for (const change of changes) if (!saysTheSame(change)) this.#applyOne(change, impact)
    const services = new Map<string, Set<string>>()
    for (const [mesh, names] of impact.touched) {
      for (const name of names) this.#rebuildService(this.#mesh(mesh), name, impact, services)
    }
    return { meshes: impact.meshes, proxies: impact.proxies, services, secrets: impact.secrets }
  }

  #mesh(name: string): MutableMesh {
    const known = this.meshes.get(name)
    if (known !== undefined) return known
    const created: MutableMesh = {
      mesh: name,
      resource: null,
      dataplanes: new Map(),
      services: new Map(),
      outboundPorts: new Map(),
      trafficPermissions: [],
      timeouts: [],
      members: new Map()
    }
    this.meshes.set(name, created)
    return created
  }

  #applyOne({ key, before, after }: ResourceChange, impact: MutableImpact): void {
    switch (key.type) {
      case "Mesh":
        this.#mesh(key.name).resource = after !== undefined && isType("Mesh", after) ? after : null
        impact.meshes.add(key.name)
        return
      case "Dataplane":
        return this.#applyDataplane(
          key,
          before !== undefined && isType("Dataplane", before) ? before : undefined,
          after !== undefined && isType("Dataplane", after) ? after : undefined,
          impact
        )
      case "OutboundPort": {
        const ports = this.#mesh(key.mesh).outboundPorts
        if (after !== undefined && isType("OutboundPort", after)) ports.set(key.name, after.spec.port)
        else ports.delete(key.name)
        impact.meshes.add(key.mesh)
        return
      }
      case "MeshTrafficPermission": {
        const mesh = this.#mesh(key.mesh)
        const policy = after !== undefined && isType("MeshTrafficPermission", after) ? after : undefined
        mesh.trafficPermissions = replaced(mesh.trafficPermissions, key.name, policy)
        impact.meshes.add(key.mesh)
        return
      }
      case "MeshTimeout": {
        const mesh = this.#mesh(key.mesh)
        const policy = after !== undefined && isType("MeshTimeout", after) ? after : undefined
        mesh.timeouts = replaced(mesh.timeouts, key.name, policy)
        impact.meshes.add(key.mesh)
        return
      }
      case "ZoneIngress":
        if (after !== undefined && isType("ZoneIngress", after)) this.ingresses.set(key.name, after)
        else this.ingresses.delete(key.name)
        impact.proxies.push({ proxyType: "ingress", mesh: "", name: key.name })
        return
      case "ZoneEgress":
        if (after !== undefined && isType("ZoneEgress", after)) this.egresses.set(key.name, after)
        else this.egresses.delete(key.name)
        impact.proxies.push({ proxyType: "egress", mesh: "", name: key.name })
        return
      case "Secret":
        impact.secrets.add(key.mesh)
        return
      // What the control plane and the operator write down of what they saw: no proxy's configuration says any of it.
      case "DataplaneInsight":
      case "ZoneIngressInsight":
      case "ZoneEgressInsight":
      case "EcsTask":
      case "GlobalSecret":
        return
    }
  }

  #applyDataplane(
    key: { readonly mesh: string; readonly name: string },
    before: Resource<"Dataplane"> | undefined,
    after: Resource<"Dataplane"> | undefined,
    impact: MutableImpact
  ): void {
    const mesh = this.#mesh(key.mesh)
    if (after === undefined) mesh.dataplanes.delete(key.name)
    else mesh.dataplanes.set(key.name, after)
    for (const service of servicesOf(before)) {
      mesh.members.get(service)?.delete(key.name)
      addTo(impact.touched, key.mesh, service)
    }
    if (after !== undefined) {
      for (const service of servicesOf(after)) {
        const members = mesh.members.get(service) ?? new Map<string, Resource<"Dataplane">>()
        members.set(key.name, after)
        mesh.members.set(service, members)
        addTo(impact.touched, key.mesh, service)
      }
    }
    impact.proxies.push({ proxyType: "dataplane", mesh: key.mesh, name: key.name })
  }

  #rebuildService(mesh: MutableMesh, name: string, impact: MutableImpact, services: Map<string, Set<string>>): void {
    const before = mesh.services.get(name)
    const members = mesh.members.get(name)
    const after = members === undefined || members.size === 0 ? undefined : buildServiceView(name, members.values())
    if (isDeepStrictEqual(before, after)) return
    if (after === undefined) {
      mesh.services.delete(name)
      mesh.members.delete(name)
    } else {
      mesh.services.set(name, after)
    }
    addTo(services, mesh.mesh, name)
    if (before?.protocol !== after?.protocol) impact.meshes.add(mesh.mesh)
  }
}
