/**
 * What one proxy is to have but for its secrets, kept from one change to the next. What a change leaves as it was stays
 * the same object. What can't be translated leaves all that was there, and an assignment that can't be built leaves
 * itself: the others go on coming.
 */
import type { Condition } from "../../model/Condition.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ServiceView, ZoneView } from "../snapshot/MeshView.ts"
import { type Dependent, serviceKey } from "./Dependents.ts"
import { emptyTranslation, type OutboundPart, type ProxyTranslation, type ServiceUse } from "./ProxyTranslation.ts"
import { ResourceSet } from "./ResourceSet.ts"
import { onceFor } from "./share/onceFor.ts"
import { snapshotOf, translateProxy } from "./translateProxy.ts"
import type { TranslateSettings } from "./TranslateSettings.ts"
import type { TypeUrl, XdsResource } from "./XdsResource.ts"

type ResourcesByType = ReadonlyMap<TypeUrl, ResourceSet>

/** Whether the proxy's own resource is there, and its mesh. */
export type Presence = "There" | "Meshless" | "Gone"

const NO_SERVICES: ReadonlyMap<string, ServiceView> = new Map()

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

export class KeptTranslation implements Dependent {
  readonly proxy: ProxyId
  settings: TranslateSettings
  readonly #zone: ZoneView
  /** All but the resources. Its `calls` are held so that they stay shared. */
  #translated: Omit<ProxyTranslation, "resources"> = emptyTranslation
  #failure: string | null = null
  /** Why, by service, for the assignments that could not be built; most proxies have none ever. */
  #unassigned: Map<string, string> | null = null
  #presence: Presence = "Gone"
  #resources: ResourcesByType = new Map()
  #endpoints = ResourceSet.empty

  constructor(proxy: ProxyId, zone: ZoneView, settings: TranslateSettings) {
    this.proxy = proxy
    this.#zone = zone
    this.settings = settings
  }

  /** Clusters, listeners and routes. What is gone keeps what it had. */
  get resources(): ResourcesByType {
    return this.#resources
  }

  /** Assignments, by cluster. */
  get endpoints(): ResourceSet {
    return this.#endpoints
  }

  get presence(): Presence {
    return this.#presence
  }

  get uses(): ReadonlyArray<ServiceUse> {
    return this.#translated.uses
  }

  /** Destinations (`serviceName`) of its mesh that it was made of. */
  get reads(): ReadonlyArray<string> {
    return this.#translated.reads
  }

  /** Whether it listens on virtual addresses. */
  get bindsOutbounds(): boolean {
    return this.settings.bindOutbounds === true
  }

  /** Meshes whose certificate and CA it needs. */
  get secretMeshes(): ReadonlyArray<string> {
    return this.#translated.secretMeshes
  }

  /** What of its resource could not be translated; the rest is. */
  get conditions(): ReadonlyArray<Condition> {
    return this.#translated.conditions
  }

  get failure(): string | null {
    return this.#failure ?? this.#unassigned?.values().next().value ?? null
  }

  /** Translates everything as it is now. */
  translate(): void {
    let translation: ProxyTranslation | null
    try {
      translation = translateProxy(this.#zone, this.proxy, this.settings)
    } catch (error) {
      this.#failure = messageOf(error)
      return
    }
    this.#failure = null
    this.#unassigned = null
    this.#presence = translation === null ? "Gone" : translation === emptyTranslation ? "Meshless" : "There"
    if (translation === null || translation === emptyTranslation) {
      this.#translated = emptyTranslation
      return
    }
    const { calls, conditions, reads, resources, secretMeshes, uses } = translation
    this.#translated = { calls, conditions, reads, secretMeshes, uses }
    this.#resources = nextResources(this.#resources, resources, calls)
    const assignments = uses.flatMap((use) => this.#assign(use) ?? [])
    const own = this.#endpoints.next(assignments)
    if (own === this.#endpoints) return
    this.#endpoints = (calls === null ? undefined : newestAssignments.get(calls))?.next(assignments) ?? own
    if (calls !== null) newestAssignments.set(calls, this.#endpoints)
  }

  /** Takes the assignments of these services (`serviceKey`) as they are now. */
  reassign(services: ReadonlyArray<string>): void {
    for (const service of services) this.#unassigned?.delete(service)
    const uses = this.uses.filter((use) => services.includes(serviceKey(use)))
    this.#endpoints = this.#endpoints.with(uses.flatMap((use) => this.#assign(use) ?? []))
  }

  #assign(use: ServiceUse): XdsResource | undefined {
    try {
      return use.assignment(this.#zone.meshes.get(use.mesh)?.services ?? NO_SERVICES)
    } catch (error) {
      this.#unassigned ??= new Map()
      this.#unassigned.set(serviceKey(use), messageOf(error))
      return this.#lastGood(use)
    }
  }

  /** A cluster is never left without any assignment: Envoy would wait for it. */
  #lastGood(use: ServiceUse): XdsResource | undefined {
    try {
      const none = use.assignment(NO_SERVICES)
      return this.#endpoints.get(none.name) ?? none
    } catch {
      return undefined
    }
  }
}

/** Those of the proxies that call the same. */
const newestAssignments = new WeakMap<OutboundPart, ResourceSet>()

const callsByType = onceFor((calls: OutboundPart) => snapshotOf(calls.resources))
const allOfCalls = onceFor((calls: OutboundPart) => new Set(calls.resources))

const NO_CALLS: OutboundPart = { resources: [], uses: [], reads: [], conditions: [] }

const NO_RESOURCES: ReadonlyMap<string, XdsResource> = new Map()

/** By type; a type that stays as it was keeps its object, and so does the whole. */
const nextResources = (
  before: ResourcesByType,
  resources: ReadonlyArray<XdsResource>,
  calls: OutboundPart | null
): ResourcesByType => {
  const common = callsByType(calls ?? NO_CALLS)
  const isCommon = allOfCalls(calls ?? NO_CALLS)
  const own = Map.groupBy(resources.filter((resource) => !isCommon.has(resource)), ({ typeUrl }) => typeUrl)
  const next = new Map<TypeUrl, ResourceSet>()
  for (const type of new Set([...own.keys(), ...common.keys()])) {
    const set = before.get(type) ?? ResourceSet.empty
    next.set(type, set.next(own.get(type) ?? [], common.get(type) ?? NO_RESOURCES))
  }
  const isSame = before.size === next.size && [...next].every(([type, ofType]) => before.get(type) === ofType)
  return isSame ? before : next
}
