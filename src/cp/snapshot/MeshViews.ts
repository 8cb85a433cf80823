/**
 * Keeps every mesh's view true. Receives batches of resource changes; updates the views in place and answers what is
 * another than before. A Dataplane's change costs what its own services hold, whatever else the mesh holds; a status
 * write costs nothing. It translates nothing and knows no Envoy.
 */
import {
  isPolicyType, type Policies, policiesOf, type Policy, type PolicyType, policyTypes, withPolicy
} from "../../model/policies.ts"
import { isType, type Resource, type ResourceKey, type ResourceType } from "../../model/Resource.ts"
import { buildServiceView, keepEndpoints, sameService, type Share, sharesOf } from "./buildServiceView.ts"
import type { Impact, PolicyChange, ProxyChange, ServiceChange } from "./Impact.ts"
import type { MeshView, ServiceView, ZoneView } from "./MeshView.ts"
import type { ResourceChange } from "./ResourceCache.ts"
import { sameData } from "./sameData.ts"

/** The types that views are made of. */
export const VIEWED: ReadonlyArray<ResourceType> = [
  "Mesh",
  "Dataplane",
  "ZoneIngress",
  "ZoneEgress",
  "OutboundPort",
  ...policyTypes
]

interface MutableMesh {
  readonly mesh: string
  resource: Resource<"Mesh"> | null
  readonly dataplanes: Map<string, Resource<"Dataplane">>
  readonly services: Map<string, ServiceView>
  readonly outboundPorts: Map<string, number>
  policies: Policies
  /** What each service is made of: by service, then by Dataplane. */
  readonly shares: Map<string, Map<string, Share>>
}

interface MutableImpact extends Impact {
  readonly meshes: Set<string>
  readonly policies: Array<PolicyChange>
  readonly outboundPorts: Set<string>
  readonly services: Array<ServiceChange>
  readonly dataplanes: Array<ProxyChange<Resource<"Dataplane">>>
  readonly ingresses: Array<ProxyChange<Resource<"ZoneIngress">>>
  readonly egresses: Array<ProxyChange<Resource<"ZoneEgress">>>
  readonly secrets: Set<string>
}

/** Services that are to be joined anew, by mesh. */
type Touched = Map<MutableMesh, Set<string>>

const NO_SHARES: ReadonlyMap<string, Share> = new Map()

const put = <R>(resources: Map<string, R>, name: string, after: R | undefined): void => {
  if (after === undefined) resources.delete(name)
  else resources.set(name, after)
}

const sameSpec = (before: Resource | undefined, after: Resource | undefined): boolean =>
  sameData(before?.spec, after?.spec)

/** A write of nothing but times and version. */
const saysTheSame = (before: Resource | undefined, after: Resource | undefined): boolean =>
  sameSpec(before, after) && sameData(before?.labels, after?.labels)

export class MeshViews implements ZoneView {
  readonly meshes = new Map<string, MutableMesh>()
  readonly ingresses = new Map<string, Resource<"ZoneIngress">>()
  readonly egresses = new Map<string, Resource<"ZoneEgress">>()

  view(mesh: string): MeshView | undefined {
    return this.meshes.get(mesh)
  }

  apply(changes: Iterable<ResourceChange>): Impact {
    const impact: MutableImpact = {
      meshes: new Set(),
      policies: [],
      outboundPorts: new Set(),
      services: [],
      dataplanes: [],
      ingresses: [],
      egresses: [],
      secrets: new Set()
    }
    const touched: Touched = new Map()
    for (const change of changes) this.#applyOne(change, impact, touched)
    for (const [mesh, services] of touched) for (const name of services) joinService(mesh, name, impact)
    return impact
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
      policies: {},
      shares: new Map()
    }
    this.meshes.set(name, created)
    return created
  }

  #applyOne({ key, before: known, after: now }: ResourceChange, impact: MutableImpact, touched: Touched): void {
    if (isPolicyType(key.type)) return this.#applyPolicy(key.type, key, now, impact)
    switch (key.type) {
      case "Mesh": {
        const mesh = this.#mesh(key.name)
        const after = only("Mesh", now)
        if (!sameSpec(mesh.resource ?? undefined, after)) impact.meshes.add(key.name)
        mesh.resource = after ?? null
        return
      }
      case "Dataplane": {
        const mesh = this.#mesh(key.mesh)
        const after = only("Dataplane", now)
        const before = mesh.dataplanes.get(key.name)
        put(mesh.dataplanes, key.name, after)
        if (saysTheSame(before, after)) return
        impact.dataplanes.push({ mesh: key.mesh, name: key.name, before, after })
        share(mesh, key.name, before, after, touched)
        return
      }
      case "OutboundPort": {
        const ports = this.#mesh(key.mesh).outboundPorts
        const before = ports.get(key.name)
        put(ports, key.name, only("OutboundPort", now)?.spec.port)
        if (ports.get(key.name) !== before) impact.outboundPorts.add(key.mesh)
        return
      }
      case "ZoneIngress": {
        const after = only("ZoneIngress", now)
        const before = this.ingresses.get(key.name)
        put(this.ingresses, key.name, after)
        if (!saysTheSame(before, after)) impact.ingresses.push({ mesh: "", name: key.name, before, after })
        return
      }
      case "ZoneEgress": {
        const after = only("ZoneEgress", now)
        const before = this.egresses.get(key.name)
        put(this.egresses, key.name, after)
        if (!sameSpec(before, after)) impact.egresses.push({ mesh: "", name: key.name, before, after })
        return
      }
      case "Secret":
        if (!sameSpec(known, now)) impact.secrets.add(key.mesh)
        return
      // What the control plane and the operator write down of what they saw: no proxy's configuration says any of it.
      case "DataplaneInsight":
      case "ZoneIngressInsight":
      case "ZoneEgressInsight":
      case "EcsTask":
      case "GlobalSecret":
      case "ServiceAddress":
        return
    }
  }

  #applyPolicy(type: PolicyType, key: ResourceKey, after: Resource | undefined, impact: MutableImpact): void {
    const mesh = this.#mesh(key.mesh)
    const listed = (): Policy | undefined => policiesOf(mesh.policies, type).find(({ name }) => name === key.name)
    const before = listed()
    mesh.policies = withPolicy(mesh.policies, type, key.name, after)
    const now = listed()
    if (!saysTheSame(before, now)) impact.policies.push({ mesh: key.mesh, before, after: now })
  }
}

const only = <T extends ResourceType>(type: T, resource: Resource | undefined): Resource<T> | undefined =>
  resource !== undefined && isType(type, resource) ? resource : undefined

/** Puts what a Dataplane is to its services where it is another than before. */
const share = (
  mesh: MutableMesh,
  dataplane: string,
  before: Resource<"Dataplane"> | undefined,
  after: Resource<"Dataplane"> | undefined,
  touched: Touched
): void => {
  const ofMesh = touched.get(mesh) ?? new Set<string>()
  touched.set(mesh, ofMesh)
  const now = after === undefined ? NO_SHARES : sharesOf(after)
  for (const service of before === undefined ? [] : sharesOf(before).keys()) {
    if (now.has(service)) continue
    mesh.shares.get(service)?.delete(dataplane)
    ofMesh.add(service)
  }
  for (const [service, itsShare] of now) {
    const shares = mesh.shares.get(service) ?? new Map<string, Share>()
    mesh.shares.set(service, shares)
    const known = shares.get(dataplane)
    if (sameData(known, itsShare)) continue
    shares.set(dataplane, known === undefined ? itsShare : keepEndpoints(known, itsShare))
    ofMesh.add(service)
  }
}

const joinService = (mesh: MutableMesh, name: string, impact: MutableImpact): void => {
  const before = mesh.services.get(name)
  const shares = mesh.shares.get(name)
  const after = shares === undefined || shares.size === 0 ? undefined : buildServiceView(name, shares)
  if (after === undefined) mesh.shares.delete(name)
  if (sameService(before, after)) return
  put(mesh.services, name, after)
  impact.services.push({ mesh: mesh.mesh, name, before, after })
}
