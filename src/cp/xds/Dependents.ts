/**
 * Who depends on what: one index for all connected proxies. Receives what a batch of changes did to the views; answers
 * who is to be translated anew for it, and who merely holds an assignment that is another. What that costs follows
 * the answer, not the mesh: only a policy is held against each proxy of its mesh, and other labels of what is called
 * against each that picks by labels.
 *
 * Its entries are as of each proxy's last translation. A proxy that still waits for its next one is safe: that reads
 * everything as it is by then. So is one whose translation failed: what made it fail is its own resource, its mesh or
 * a policy about it, and these are never filed by what a translation used.
 */
import { OUTBOUNDS_LABEL } from "../../model/dataplaneLabels.ts"
import { allPolicies, policiesOf } from "../../model/policies.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { Resource } from "../../model/Resource.ts"
import { ORIGIN_LABEL, ZONE_TAG } from "../../model/Tags.ts"
import type { DestinationChange } from "../snapshot/Destination.ts"
import { fileUnder, takeFrom } from "../../model/fileUnder.ts"
import type { Impact, PolicyChange, ProxyChange, Replaced, ServiceChange } from "../snapshot/Impact.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import { sameData } from "../snapshot/sameData.ts"
import { DestinationReaders, externalService } from "./DestinationReaders.ts"
import { concerns, labelsOfCallees, readsDataplane, samePolicy, selectingLabels } from "./ownReads.ts"
import type { ServiceUse } from "./ProxyTranslation.ts"

/** What the index needs to know of a proxy. */
export interface Dependent {
  readonly proxy: ProxyId
  readonly uses: ReadonlyArray<ServiceUse>
  /** Destinations of its mesh that it was made of, there or not. */
  readonly reads: ReadonlyArray<string>
  /** Whether it listens on virtual addresses. */
  readonly bindsOutbounds: boolean
}

export interface Affected<D> {
  /** To be translated anew. */
  readonly translations: ReadonlySet<D>
  /** Services (`serviceKey`) of which it holds an assignment that is another. */
  readonly services: ReadonlyMap<D, ReadonlyArray<string>>
  /** Whose certificate or trust may be another. */
  readonly secrets: ReadonlySet<D>
}

/** No mesh has a slash in its name. */
export const serviceKey = ({ mesh, service }: { readonly mesh: string; readonly service: string }): string =>
  `${mesh}/${service}`

const sameServices = (one: ReadonlyArray<ServiceUse>, other: ReadonlyArray<ServiceUse>): boolean =>
  one === other || (one.length === other.length &&
    one.every(({ mesh, service }, at) => mesh === other[at]?.mesh && service === other[at]?.service))

const proxyKey = ({ proxyType, mesh, name }: ProxyId): string => `${proxyType}/${mesh}/${name}`

/** Ingresses name what is there, and its ports. */
const offers = ({ after, before }: DestinationChange): boolean =>
  (before ?? after) !== undefined && (before?.external ?? after?.external ?? null) === null &&
  !(sameData(before?.ports, after?.ports) && sameData(before?.core, after?.core) &&
    before?.labels[ORIGIN_LABEL] === after?.labels[ORIGIN_LABEL])

/** A service that isn't there is taken for what speaks nothing known. */
const sameProtocol = ({ before, after }: ServiceChange): boolean =>
  (before?.protocol ?? "tcp") === (after?.protocol ?? "tcp")

const sameIngress = ({ before, after }: Replaced<Resource<"ZoneIngress">>): boolean =>
  sameData(before?.spec, after?.spec) && before?.labels[ZONE_TAG] === after?.labels[ZONE_TAG]

const NOBODY: ReadonlySet<never> = new Set()

export class Dependents<D extends Dependent> {
  readonly #zone: ZoneView
  readonly #byProxy = new Map<string, D>()
  /** Of a mesh; zone proxies stand in none. */
  readonly #byMesh = new Map<string, Set<D>>()
  readonly #ingresses = new Set<D>()
  readonly #egresses = new Set<D>()
  /** Who uses a service, whether or not it is there. */
  readonly #byService = new Map<string, Set<D>>()
  /** By mesh: who has an outbound for every service of it. */
  readonly #ofEveryService = new Map<string, Set<D>>()
  /** Who calls by reference, or would if what it names were there. */
  readonly #byDestination = new DestinationReaders<D>()

  constructor(zone: ZoneView) {
    this.#zone = zone
  }

  /** Files the proxy under what it depends on now; `before`: the uses that it was filed under, none at first. */
  put(dependent: D, before: ReadonlyArray<ServiceUse>): void {
    const { proxy, uses } = dependent
    this.#byProxy.set(proxyKey(proxy), dependent)
    if (proxy.proxyType === "ingress") this.#ingresses.add(dependent)
    else if (proxy.proxyType === "egress") this.#egresses.add(dependent)
    else fileUnder(this.#byMesh, proxy.mesh, dependent)
    // Most translations leave them as they were.
    if (!sameServices(uses, before)) {
      const keys = new Set(uses.map(serviceKey))
      for (const use of before) if (!keys.has(serviceKey(use))) takeFrom(this.#byService, serviceKey(use), dependent)
      for (const key of keys) fileUnder(this.#byService, key, dependent)
    }
    const labels = this.#dataplane(dependent)?.labels
    if (labels?.[OUTBOUNDS_LABEL] === "all") fileUnder(this.#ofEveryService, proxy.mesh, dependent)
    else takeFrom(this.#ofEveryService, proxy.mesh, dependent)
    this.#byDestination.put(dependent, this.#dataplane(dependent))
  }

  remove(dependent: D): void {
    const { proxy, uses } = dependent
    this.#byProxy.delete(proxyKey(proxy))
    this.#ingresses.delete(dependent)
    this.#egresses.delete(dependent)
    takeFrom(this.#byMesh, proxy.mesh, dependent)
    for (const use of uses) takeFrom(this.#byService, serviceKey(use), dependent)
    takeFrom(this.#ofEveryService, proxy.mesh, dependent)
    this.#byDestination.remove(dependent)
  }

  of(impact: Impact): Affected<D> {
    const translations = new Set<D>()
    const services = new Map<D, Array<string>>()
    const secrets = new Set<D>()
    const add = (dependents: Iterable<D>): void => {
      for (const dependent of dependents) translations.add(dependent)
    }
    for (const mesh of impact.meshes) {
      add(this.#byMesh.get(mesh) ?? NOBODY)
      for (const dependent of this.#byMesh.get(mesh) ?? NOBODY) secrets.add(dependent)
      // Zone proxies serve every mesh.
      add(this.#ingresses)
      add(this.#egresses)
    }
    for (const change of impact.policies) add(this.#readersOf(change))
    for (const mesh of impact.outboundPorts) add(this.#ofEveryService.get(mesh) ?? NOBODY)
    for (const mesh of impact.addresses) add(this.#byDestination.boundIn(mesh))
    for (const change of impact.destinations) {
      add(this.#byDestination.of(change, () => labelsOfCallees(this.#zone.meshes.get(change.mesh)?.policies ?? {})))
      if (offers(change)) add(this.#ingresses)
      const service = externalService(change)
      // Until now, or from now on, it is outside of the mesh.
      if (service !== undefined) add(this.#byService.get(serviceKey({ mesh: change.mesh, service })) ?? NOBODY)
    }
    for (const change of impact.services) {
      const key = serviceKey({ mesh: change.mesh, service: change.name })
      const users = this.#byService.get(key) ?? NOBODY
      for (const user of users) {
        const keys = services.get(user)
        if (keys === undefined) services.set(user, [key])
        else keys.push(key)
      }
      if (!sameProtocol(change)) add(users)
      // A destination's port is no service of theirs.
      const isTagValue = !change.name.includes("/")
      if (isTagValue && (change.before === undefined || change.after === undefined)) add(this.#ingresses)
    }
    for (const change of impact.dataplanes) {
      const dependent = this.#byProxy.get(proxyKey({ proxyType: "dataplane", ...change }))
      if (dependent === undefined) continue
      if (!readsDataplane(change, () => this.#selectingLabels(change, impact))) continue
      translations.add(dependent)
      secrets.add(dependent)
    }
    for (const change of impact.ingresses) {
      if (sameIngress(change)) continue
      add(this.#own("ingress", change))
      // They go by the other zones' ingresses.
      add(this.#egresses)
    }
    for (const change of impact.egresses) add(this.#own("egress", change))
    for (const mesh of impact.secrets) for (const dependent of this.#byMesh.get(mesh) ?? NOBODY) secrets.add(dependent)
    return { translations, services, secrets }
  }

  #own(proxyType: "ingress" | "egress", { mesh, name }: ProxyChange<unknown>): ReadonlyArray<D> {
    const dependent = this.#byProxy.get(proxyKey({ proxyType, mesh, name }))
    return dependent === undefined ? [] : [dependent]
  }

  #dataplane({ proxy }: D): Resource<"Dataplane"> | undefined {
    return proxy.proxyType === "dataplane" ? this.#zone.meshes.get(proxy.mesh)?.dataplanes.get(proxy.name) : undefined
  }

  /** Everybody of whom the policy said something, or does now. */
  #readersOf(change: PolicyChange): ReadonlyArray<D> {
    if (samePolicy(change)) return []
    const routes = policiesOf(this.#zone.meshes.get(change.mesh)?.policies ?? {}, "MeshHTTPRoute")
    return [...this.#byMesh.get(change.mesh) ?? NOBODY].filter((dependent) => {
      const dataplane = this.#dataplane(dependent)
      return dataplane !== undefined &&
        (concerns(change.before, dataplane, routes) || concerns(change.after, dataplane, routes))
    })
  }

  #selectingLabels({ mesh }: ProxyChange<unknown>, impact: Impact): ReadonlySet<string> {
    const view = this.#zone.meshes.get(mesh)
    return selectingLabels([
      ...view === undefined ? [] : allPolicies(view.policies),
      ...impact.policies.filter((change) => change.mesh === mesh).map(({ before }) => before)
    ])
  }
}
