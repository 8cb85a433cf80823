/**
 * One connected proxy's configuration: its translation, and the last snapshot that it made up with the proxy's secrets.
 * What can't be built leaves the last good snapshot in place.
 */
import { isDeepStrictEqual } from "node:util"
import type { Condition } from "../../model/Condition.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import type { Impact } from "../snapshot/MeshViews.ts"
import { emptyTranslation, type ProxyTranslation } from "../xds/ProxyTranslation.ts"
import { type CurrentTranslation, ProxyTranslations } from "../xds/ProxyTranslations.ts"
import { snapshotOf, translateEndpoints } from "../xds/translateProxy.ts"
import type { TranslateSettings } from "../xds/TranslateSettings.ts"
import { type ProxySnapshot, TypeUrl, type XdsResource } from "../xds/XdsResource.ts"
import type { MeshSecrets } from "./ProxyCertificates.ts"

export class FollowedProxy {
  readonly proxy: ProxyId
  /** Why the newest state could not be translated, or null. */
  failure: string | null = null
  snapshot: ProxySnapshot | null = null
  readonly #zone: ZoneView
  #settings: TranslateSettings
  /** Of its own, so that what fails for it fails for it alone. */
  readonly #translations: ProxyTranslations
  #opened = false
  /** The types that only a translation changes, built once for each. */
  #base: { readonly translation: ProxyTranslation; readonly snapshot: ProxySnapshot } | null = null

  constructor(proxy: ProxyId, zone: ZoneView, settings: TranslateSettings) {
    this.proxy = proxy
    this.#zone = zone
    this.#settings = settings
    this.#translations = new ProxyTranslations(zone)
    this.translate({ meshes: new Set(), proxies: [proxy], services: new Map(), secrets: new Set() })
  }

  /** The proxy came back and says something else of itself. */
  settle(settings: TranslateSettings): void {
    if (isDeepStrictEqual(settings, this.#settings)) return
    this.#settings = settings
    this.#opened = false
    this.translate({ meshes: new Set(), proxies: [this.proxy], services: new Map(), secrets: new Set() })
  }

  /** Answers whether the impact reaches this proxy. */
  translate(impact: Impact): boolean {
    try {
      if (this.#opened && this.failure === null) return this.#translations.apply(impact).length > 0
      // It failed before: everything anew.
      this.#translations.open(this.proxy, this.#settings)
      this.#opened = true
      this.failure = null
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error)
    }
    return true
  }

  /** Meshes whose certificate and CA this proxy needs. */
  get secretMeshes(): ReadonlyArray<string> {
    return this.#current()?.translation.secretMeshes ?? []
  }

  get conditions(): ReadonlyArray<Condition> {
    return this.#current()?.translation.conditions ?? []
  }

  /** Makes the newest snapshot with the proxy's secrets, by mesh; answers whether there is another than before. */
  build(secretsOf: ReadonlyMap<string, MeshSecrets>): boolean {
    const current = this.#current()
    // What is gone (its resource, its mesh) takes nothing from a proxy that runs: it drains with what it has.
    if (current === null || (current.translation === emptyTranslation && this.snapshot !== null)) return false
    const { endpoints, translation } = current
    // Before its first certificate nothing that needs one is of use to it, and afterwards it keeps the one it has.
    if (translation.secretMeshes.some((mesh) => !secretsOf.has(mesh))) return false
    if (this.#base?.translation !== translation) this.#base = { translation, snapshot: snapshotOf(translation.resources) }
    const secrets = translation.secretMeshes.flatMap((mesh) => secretsOf.get(mesh) ?? [])
    this.snapshot = new Map(this.#base.snapshot)
      .set(TypeUrl.ClusterLoadAssignment, named(endpoints.values()))
      .set(TypeUrl.Secret, named(secrets))
    return true
  }

  #current(): CurrentTranslation | null {
    const current = this.#translations.get(this.proxy)
    if (current === null || this.failure === null) return current
    // The translation is the last good one, but endpoints go on coming and going.
    const endpoints = translateEndpoints(this.#zone, current.translation)
    return { translation: current.translation, endpoints: named(endpoints) }
  }
}

const named = (resources: Iterable<XdsResource>): Map<string, XdsResource> =>
  new Map([...resources].map((resource) => [resource.name, resource]))
