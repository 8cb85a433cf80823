/**
 * Keeps every mesh's view true. Receives batches of resource changes; updates the views in place and answers what is
 * another than before. A Dataplane's change costs what its own services hold, whatever else the mesh holds; a status
 * write costs nothing. It translates nothing and knows no Envoy.
 */
import { authoritySecrets } from "../../model/authoritySecrets.ts"
import {
  isPolicyType, type Policies, policiesOf, type Policy, type PolicyType, policyTypes, withPolicy
} from "../../model/policies.ts"
import { ofType, type Resource, type ResourceKey, type ResourceType } from "../../model/Resource.ts"
import { buildServiceView, keepEndpoints, sameService, type Share, sharesOf } from "./buildServiceView.ts"
import type { DestinationChange } from "./Destination.ts"
import { gateOf } from "./gateOf.ts"
import type { Impact, PolicyChange, ProxyChange, ServiceChange, Unread } from "./Impact.ts"
import { MeshAddresses } from "./MeshAddresses.ts"
import { MeshDestinations } from "./MeshDestinations.ts"
import type { Endpoint, MeshView, ServiceView, ZoneView } from "./MeshView.ts"
import type { ResourceChange } from "./ResourceCache.ts"
import { sameData } from "./sameData.ts"

/** The types that views are made of. */
export const VIEWED: ReadonlyArray<ResourceType> = [
  "Mesh",
  "Dataplane",
  "ZoneIngress",
  "ZoneEgress",
  "OutboundPort",
  "MeshService",
  "MeshExternalService",
  "MeshMultiZoneService",
  "ExternalService",
  "ServiceAddress",
  "Secret",
  ...policyTypes
]

interface MutableMesh {
  readonly mesh: string
  resource: Resource<"Mesh"> | null
  readonly dataplanes: Map<string, Resource<"Dataplane">>
  readonly services: Map<string, ServiceView>
  readonly outboundPorts: Map<string, number>
  policies: Policies
  readonly secrets: Map<string, string>
  /** What each service is made of: by service, then by Dataplane. */
  readonly shares: Map<string, Map<string, Share>>
  readonly named: MeshDestinations
  readonly given: MeshAddresses
  readonly destinations: MeshDestinations["all"]
  readonly externalServices: MeshDestinations["external"]
  readonly addresses: MeshAddresses["all"]
  revision: number
}

interface MutableImpact extends Impact {
  readonly meshes: Set<string>
  readonly policies: Array<PolicyChange>
  readonly outboundPorts: Set<string>
  readonly services: Array<ServiceChange>
  readonly destinations: Array<DestinationChange>
  readonly addresses: Set<string>
  readonly dataplanes: Array<ProxyChange<Resource<"Dataplane">>>
  readonly ingresses: Array<ProxyChange<Resource<"ZoneIngress">>>
  readonly egresses: Array<ProxyChange<Resource<"ZoneEgress">>>
  readonly secrets: Set<string>
  readonly unread: Array<Unread>
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
      destinations: [],
      addresses: new Set(),
      dataplanes: [],
      ingresses: [],
      egresses: [],
      secrets: new Set(),
      unread: []
    }
    const touched: Touched = new Map()
    for (const change of changes) {
      // Another version's program may have written what this one can't read: the others go on.
      try {
        this.#applyOne(change, impact, touched)
      } catch (error) {
        impact.unread.push({ key: change.key, error })
      }
    }
    for (const [mesh, services] of touched) for (const name of services) joinService(mesh, name, impact)
    for (const mesh of this.meshes.values()) settle(mesh, impact)
    return impact
  }

  #mesh(name: string): MutableMesh {
    const known = this.meshes.get(name)
    if (known !== undefined) return known
    const created = newMesh(name, this.#gates)
    this.meshes.set(name, created)
    return created
  }

  #applyOne({ key, before: known, after: now }: ResourceChange, impact: MutableImpact, touched: Touched): void {
    if (isPolicyType(key.type)) return this.#applyPolicy(key.type, key, now, impact)
    switch (key.type) {
      case "Mesh": {
        const mesh = this.#mesh(key.name)
        const after = ofType("Mesh", now)
        const before = mesh.resource ?? undefined
        mesh.resource = after ?? null
        if (sameSpec(before, after)) return
        impact.meshes.add(key.name)
        // To whom else these are of use depends on the mesh.
        for (const one of [before, after]) {
          for (const secret of authoritySecrets(key.name, one?.spec)) mesh.named.touchSecret(secret)
        }
        return
      }
      case "Dataplane": {
        const mesh = this.#mesh(key.mesh)
        const after = ofType("Dataplane", now)
        const before = mesh.dataplanes.get(key.name)
        const isSame = saysTheSame(before, after)
        // Before anything is put anywhere: what can't be read leaves what was there.
        const shares = isSame || after === undefined ? NO_SHARES : sharesOf(after)
        put(mesh.dataplanes, key.name, after)
        if (isSame) return
        impact.dataplanes.push({ mesh: key.mesh, name: key.name, before, after })
        share(mesh, key.name, before, shares, touched)
        mesh.named.putDataplane(key.name, before, after)
        return
      }
      case "OutboundPort": {
        const ports = this.#mesh(key.mesh).outboundPorts
        const before = ports.get(key.name)
        put(ports, key.name, ofType("OutboundPort", now)?.spec.port)
        if (ports.get(key.name) !== before) impact.outboundPorts.add(key.mesh)
        return
      }
      case "ZoneIngress": {
        const after = ofType("ZoneIngress", now)
        const before = this.ingresses.get(key.name)
        put(this.ingresses, key.name, after)
        if (saysTheSame(before, after)) return
        impact.ingresses.push({ mesh: "", name: key.name, before, after })
        for (const mesh of this.meshes.values()) mesh.named.touchRemote()
        return
      }
      case "ZoneEgress": {
        const after = ofType("ZoneEgress", now)
        const before = this.egresses.get(key.name)
        put(this.egresses, key.name, after)
        if (!sameSpec(before, after)) impact.egresses.push({ mesh: "", name: key.name, before, after })
        return
      }
      case "MeshService":
      case "MeshExternalService":
      case "MeshMultiZoneService":
        this.#mesh(key.mesh).named.put(key.type, key.name, ofType(key.type, now))
        return
      case "ExternalService":
        this.#mesh(key.mesh).named.putExternal(key.name, ofType("ExternalService", now))
        return
      case "ServiceAddress": {
        const [before, after] = [ofType("ServiceAddress", known), ofType("ServiceAddress", now)]
        for (const name of new Set([before, after].flatMap((one) => one?.spec.mesh ?? []))) {
          const mesh = this.#mesh(name)
          const of = (one: typeof before) => (one?.spec.mesh === name ? one : undefined)
          if (!mesh.given.put(of(before), of(after))) continue
          mesh.revision += 1
          impact.addresses.add(name)
        }
        return
      }
      case "Secret": {
        if (sameSpec(known, now)) return
        const mesh = this.#mesh(key.mesh)
        put(mesh.secrets, key.name, ofType("Secret", now)?.spec.data)
        mesh.named.touchSecret(key.name)
        // A Secret of nobody's authority changes no trust and no certificate.
        if (authoritySecrets(key.mesh, mesh.resource?.spec).has(key.name)) impact.secrets.add(key.mesh)
        return
      }
      // What the control plane and the operator write down of what they saw: no proxy's configuration says any of it.
      case "DataplaneInsight":
      case "ZoneIngressInsight":
      case "ZoneEgressInsight":
      case "EcsTask":
      case "GlobalSecret":
        return
    }
  }

  /** Where another zone takes connections. */
  readonly #gates = (zone: string): ReadonlyArray<Endpoint> =>
    [...this.ingresses.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((ingress) => gateOf(ingress).filter((gate) => gate.zone === zone))

  #applyPolicy(type: PolicyType, key: ResourceKey, after: Resource | undefined, impact: MutableImpact): void {
    const mesh = this.#mesh(key.mesh)
    const listed = (): Policy | undefined => policiesOf(mesh.policies, type).find(({ name }) => name === key.name)
    const before = listed()
    mesh.policies = withPolicy(mesh.policies, type, key.name, after)
    const now = listed()
    if (!saysTheSame(before, now)) impact.policies.push({ mesh: key.mesh, before, after: now })
  }
}

/** Puts what a Dataplane is to its services where it is another than before. */
const share = (
  mesh: MutableMesh,
  dataplane: string,
  before: Resource<"Dataplane"> | undefined,
  now: ReadonlyMap<string, Share>,
  touched: Touched
): void => {
  const ofMesh = touched.get(mesh) ?? new Set<string>()
  touched.set(mesh, ofMesh)
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

const newMesh = (name: string, gates: (zone: string) => ReadonlyArray<Endpoint>): MutableMesh => {
  const dataplanes = new Map<string, Resource<"Dataplane">>()
  const services = new Map<string, ServiceView>()
  const shares = new Map<string, Map<string, Share>>()
  const secrets = new Map<string, string>()
  const named = new MeshDestinations(name, {
    dataplanes,
    services,
    gates,
    endpointsOf: (service, dataplane) => shares.get(service)?.get(dataplane)?.endpoints ?? [],
    secret: (secret, use) =>
      use === "key" && authoritySecrets(name, mesh.resource?.spec).has(secret) ? null : secrets.get(secret)
  })
  const given = new MeshAddresses()
  const mesh: MutableMesh = {
    mesh: name,
    resource: null,
    dataplanes,
    services,
    outboundPorts: new Map(),
    policies: {},
    secrets,
    shares,
    named,
    given,
    destinations: named.all,
    externalServices: named.external,
    addresses: given.all,
    revision: 0
  }
  return mesh
}

/** Takes in what the destinations of a mesh are since its services are as they are now. */
const settle = (mesh: MutableMesh, impact: MutableImpact): void => {
  const { destinations, services } = mesh.named.settle()
  for (const change of services) {
    put(mesh.services, change.name, change.after)
    impact.services.push(change)
  }
  if (destinations.length === 0) return
  mesh.revision += 1
  impact.destinations.push(...destinations)
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
