/**
 * What each connected proxy is to have, kept up to date. Receives the impact of a batch of changes; translates anew
 * only the proxies that depend on it. Where nothing but endpoints changed it translates nothing: it puts the
 * service's new assignment, one object for all, in the place of the old one.
 */
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import type { Impact } from "../snapshot/MeshViews.ts"
import type { ProxyTranslation, ServiceUse } from "./ProxyTranslation.ts"
import { translateProxy } from "./translateProxy.ts"
import type { TranslateSettings } from "./TranslateSettings.ts"
import type { XdsResource } from "./XdsResource.ts"

export interface CurrentTranslation {
  readonly translation: ProxyTranslation
  /** Assignments by cluster name. */
  readonly endpoints: ReadonlyMap<string, XdsResource>
}

interface Entry {
  readonly proxy: ProxyId
  settings: TranslateSettings
  current: { readonly translation: ProxyTranslation; readonly endpoints: Map<string, XdsResource> } | null
}

const proxyKey = ({ proxyType, mesh, name }: ProxyId): string => `${proxyType}/${mesh}/${name}`

/** Neither a mesh nor a service has a slash in its name. */
const serviceKey = (mesh: string, service: string): string => `${mesh}/${service}`

export class ProxyTranslations {
  readonly #zone: ZoneView
  readonly #entries = new Map<string, Entry>()
  readonly #byMesh = new Map<string, Set<Entry>>()
  /** Who uses a service, and as what. */
  readonly #users = new Map<string, Map<Entry, Array<ServiceUse>>>()

  constructor(zone: ZoneView) {
    this.#zone = zone
  }

  /** Begins to keep a proxy's translation, or keeps it by other settings from now on. */
  open(proxy: ProxyId, settings: TranslateSettings): void {
    const known = this.#entries.get(proxyKey(proxy))
    const entry = known ?? { proxy, settings, current: null }
    entry.settings = settings
    this.#entries.set(proxyKey(proxy), entry)
    const ofMesh = this.#byMesh.get(proxy.mesh) ?? new Set<Entry>()
    this.#byMesh.set(proxy.mesh, ofMesh.add(entry))
    this.#translate(entry)
  }

  close(proxy: ProxyId): void {
    const entry = this.#entries.get(proxyKey(proxy))
    if (entry === undefined) return
    this.#forgetUses(entry)
    this.#entries.delete(proxyKey(proxy))
    this.#byMesh.get(proxy.mesh)?.delete(entry)
  }

  /** Null where its resource isn't there, or it wasn't opened. */
  get(proxy: ProxyId): CurrentTranslation | null {
    return this.#entries.get(proxyKey(proxy))?.current ?? null
  }

  /** Answers the open proxies whose resources or assignments may have changed. */
  apply(impact: Impact): ReadonlyArray<ProxyId> {
    const stale = this.#stale(impact)
    for (const entry of stale) this.#translate(entry)
    const touched = new Set(stale)
    for (const [mesh, services] of impact.services) {
      for (const service of services) {
        for (const [entry, uses] of this.#users.get(serviceKey(mesh, service)) ?? []) {
          if (stale.has(entry)) continue
          for (const use of uses) this.#putAssignment(entry, use)
          touched.add(entry)
        }
      }
    }
    return [...touched].map((entry) => entry.proxy)
  }

  #stale(impact: Impact): ReadonlySet<Entry> {
    const stale = new Set<Entry>()
    const addMesh = (mesh: string): void => {
      for (const entry of this.#byMesh.get(mesh) ?? []) stale.add(entry)
    }
    for (const mesh of impact.meshes) addMesh(mesh)
    for (const proxy of impact.proxies) {
      const entry = this.#entries.get(proxyKey(proxy))
      if (entry !== undefined) stale.add(entry)
    }
    // Zone proxies belong to no mesh and serve all; an egress also goes by the other zones' ingresses.
    if (impact.meshes.size > 0 || impact.proxies.some(({ proxyType }) => proxyType === "ingress")) addMesh("")
    return stale
  }

  #translate(entry: Entry): void {
    this.#forgetUses(entry)
    const translation = translateProxy(this.#zone, entry.proxy, entry.settings)
    entry.current = translation === null ? null : { translation, endpoints: new Map() }
    for (const use of translation?.uses ?? []) {
      const key = serviceKey(use.mesh, use.service)
      const users = this.#users.get(key) ?? new Map<Entry, Array<ServiceUse>>()
      this.#users.set(key, users.set(entry, [...users.get(entry) ?? [], use]))
      this.#putAssignment(entry, use)
    }
  }

  #putAssignment(entry: Entry, use: ServiceUse): void {
    const assignment = use.assignment(this.#zone.meshes.get(use.mesh)?.services ?? new Map())
    entry.current?.endpoints.set(assignment.name, assignment)
  }

  #forgetUses(entry: Entry): void {
    for (const { mesh, service } of entry.current?.translation.uses ?? []) {
      const key = serviceKey(mesh, service)
      const users = this.#users.get(key)
      users?.delete(entry)
      if (users?.size === 0) this.#users.delete(key)
    }
  }
}
