/**
 * A small mesh with its connected proxies, told step by step, and what they must have whenever nothing is left to do:
 * what a translation of everything from nothing gives them, and the very same objects where that is what they had.
 */
import { expect } from "vitest"
import { MeshViews, VIEWED } from "../../../../src/cp/snapshot/MeshViews.ts"
import { ResourceIndex } from "../../../../src/cp/snapshot/ResourceIndex.ts"
import type { ResourceChange } from "../../../../src/cp/snapshot/ResourceCache.ts"
import { type ProxySnapshot, TypeUrl, type XdsResource } from "../../../../src/cp/xds/XdsResource.ts"
import { emptyTranslation } from "../../../../src/cp/xds/ProxyTranslation.ts"
import { snapshotOf, translateEndpoints, translateProxy } from "../../../../src/cp/xds/translateProxy.ts"
import { ProxyUpdates } from "../../../../src/cp/server/ProxyUpdates.ts"
import type { Follower } from "../../../../src/cp/server/ProxySnapshots.ts"
import type { TranslateSettings } from "../../../../src/cp/xds/TranslateSettings.ts"
import type { ProxyId } from "../../../../src/model/ProxyType.ts"
import { proxyKey } from "../../../../src/model/proxyResource.ts"
import { type DesiredResource, formatKey, type Resource, type ResourceKey } from "../../../../src/model/Resource.ts"
import type { Step } from "./steps.ts"
import { WrittenCertificates } from "./WrittenCertificates.ts"

/** Versions by type and name. */
type Versions = Readonly<Record<string, Readonly<Record<string, string>>>>

interface Followed {
  readonly proxy: ProxyId
  readonly settings: TranslateSettings
  readonly stop: () => void
  told: ProxySnapshot | null
  times: number
}

/** What is known of a proxy when everything was settled last. */
interface Settled {
  readonly versions: Versions | null
  readonly snapshot: ProxySnapshot | null
  readonly times: number
}

const ASSIGNMENTS = TypeUrl.ClusterLoadAssignment

/** Endpoints go on coming for as long as the last good translation holds; so do certificates. */
const ANY = { [ASSIGNMENTS]: undefined, [TypeUrl.Secret]: undefined }

const settingsOf = (readiness: number, binds = false): TranslateSettings => ({
  bindOutbounds: binds,
  // One as kuma-dp is, one as another sidecar is.
  ...(binds ? { workdir: "/tmp/dp" } : {}),
  zone: "zone-1",
  accessLogPath: null,
  admin: { address: "127.0.0.1", port: 9_901 },
  readiness: { address: "127.0.0.1", port: readiness }
})

const versionsOf = (snapshot: ProxySnapshot): Versions => {
  const byType: Record<string, Record<string, string>> = {}
  for (const [type, resources] of snapshot) {
    for (const [name, { version }] of resources) (byType[type] ??= {})[name] = version
  }
  return byType
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null
    ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)])
    : value

export class World {
  readonly #cache = new ResourceIndex()
  /** Changes that no batch has brought yet, with what was there when the last one came. */
  readonly #written = new Map<string, { readonly key: ResourceKey; readonly before: Resource | undefined }>()
  readonly #followed = new Map<string, Followed>()
  readonly #settled = new Map<string, Settled>()
  readonly #certificates: WrittenCertificates
  readonly #updates: ProxyUpdates
  readonly #faults: Array<unknown> = []
  #scheduled: (() => void) | null = null
  #time = 0
  #isBusy = false
  #writes = 0
  /** Batches, and other causes, since everything was settled. */
  #causes = 0

  /** `slow`: each turn of the event loop is over with the first proxy. */
  constructor(slow: boolean) {
    this.#certificates = new WrittenCertificates(this.#cache)
    this.#updates = new ProxyUpdates({
      certificates: this.#certificates,
      report: {
        onTranslation: () => {},
        onFailure: () => {},
        onCondition: () => {},
        onFault: (_, error) => this.#faults.push(error),
        onUnread: (_, error) => this.#faults.push(error)
      },
      clock: {
        now: () => (this.#time += slow ? 100 : 0),
        schedule: (run) => {
          this.#scheduled = run
          return () => (this.#scheduled = null)
        },
        isBusy: () => (this.#isBusy = !this.#isBusy)
      }
    })
  }

  begin(resources: ReadonlyArray<DesiredResource>, proxies: ReadonlyArray<ProxyId>): void {
    for (const resource of resources) this.#put(resource, resource)
    this.#written.clear()
    this.#updates.load(this.#resources())
    for (const [at, proxy] of proxies.entries()) {
      this.step({ _tag: "Follow", proxy, readiness: 9_001, binds: at % 2 === 1 })
    }
    this.#settle()
  }

  step(step: Step): void {
    switch (step._tag) {
      case "Put":
        return this.#put(step.resource, step.resource)
      case "Label": {
        const { [step.label]: _, ...labels } = this.#cache.get(step.key)?.labels ?? {}
        return this.#edit(step.key, { labels: step.value === null ? labels : { ...labels, [step.label]: step.value } })
      }
      case "Health": {
        const before = this.#cache.get({ ...step.key, type: "Dataplane" })
        const inbound = before?.spec.networking?.inbound?.map((one, at) =>
          at === step.inbound ? { ...one, ...step.said } : one
        )
        return inbound === undefined
          ? undefined
          : this.#edit(step.key, { spec: { ...before?.spec, networking: { ...before?.spec.networking, inbound } } })
      }
      case "Touch":
        return this.#edit(step.key, {})
      case "Remove":
        return this.#put(step.key, undefined)
      case "Follow":
        return this.#follow(step.proxy, settingsOf(step.readiness, step.binds))
      case "Unfollow":
        return this.#unfollow(formatKey(proxyKey(step.proxy)))
      case "Batch":
        return this.#batch()
      case "Turn":
        return this.#turn()
      case "Settle":
        return this.#settle()
    }
  }

  #put(key: ResourceKey, after: DesiredResource | undefined): void {
    const id = formatKey(key)
    const before = this.#cache.get(key)
    if (!this.#written.has(id)) this.#written.set(id, { key, before })
    this.#writes++
    this.#cache.set(key, after === undefined ? undefined : {
      ...after,
      version: this.#writes,
      creationTime: before?.creationTime ?? `${this.#writes}`,
      modificationTime: `${this.#writes}`
    })
  }

  #edit(key: ResourceKey, edit: Partial<Pick<DesiredResource, "labels" | "spec">>): void {
    const before = this.#cache.get(key)
    if (before !== undefined) this.#put(key, { ...before, ...edit })
  }

  #resources(): ReadonlyArray<Resource> {
    return VIEWED.flatMap((type) => this.#cache.list(type))
  }

  #follow(proxy: ProxyId, settings: TranslateSettings): void {
    const key = formatKey(proxyKey(proxy))
    const follower: Follower = {
      onSnapshot: ({ snapshot }) => {
        followed.told = snapshot
        followed.times++
      },
      onCertificate: () => {}
    }
    const stop = this.#updates.follow(proxy, settings, follower)
    const followed: Followed = { proxy, settings, stop, told: null, times: 0 }
    // As with streams: the newer one is there before the older one goes.
    this.#followed.get(key)?.stop()
    this.#followed.set(key, followed)
    this.#causes++
  }

  #unfollow(key: string): void {
    this.#followed.get(key)?.stop()
    this.#followed.delete(key)
    this.#settled.delete(key)
  }

  #batch(): void {
    const changes = [...this.#written.values()].flatMap(({ key, before }): ReadonlyArray<ResourceChange> => {
      const after = this.#cache.get(key)
      return before === after ? [] : [{ key, before, after }]
    })
    this.#written.clear()
    this.#causes++
    if (changes.length > 0) this.#updates.change(changes, 1)
  }

  #turn(): void {
    const run = this.#scheduled
    this.#scheduled = null
    run?.()
  }

  #settle(): void {
    if (this.#written.size > 0) this.#batch()
    do {
      while (this.#scheduled !== null) this.#turn()
      this.#certificates.deliver()
    } while (this.#scheduled !== null)
    expect(this.#faults).toEqual([])
    const views = new MeshViews()
    views.apply(this.#resources().map((after) => ({ key: after, before: undefined, after })))
    for (const [key, followed] of this.#followed) this.#settled.set(key, this.#judge(views, key, followed))
    this.#causes = 0
  }

  #judge(views: MeshViews, key: string, followed: Followed): Settled {
    const now = this.#updates.followed(followed.proxy)
    const snapshot = now?.snapshot ?? null
    const versions = snapshot === null ? null : versionsOf(snapshot)
    const before = this.#settled.get(key)
    expect(followed.told, `${key} was told its snapshot`).toBe(snapshot)
    const expected = this.#expected(views, followed, before)
    if (expected === "fails") {
      expect(now?.failure, `${key} can't be translated`).not.toBeNull()
      // Of a proxy that had a mesh until it failed.
      if (versions !== null && now?.translation.presence === "There") {
        const endpoints = now.uses.map((use) => use.assignment(views.meshes.get(use.mesh)?.services ?? new Map()))
        expect(versions[ASSIGNMENTS], `${key} has the endpoints`).toEqual(versionsOf(snapshotOf(endpoints))[ASSIGNMENTS])
      }
    } else if (expected !== "stays") {
      expect(now?.failure, `${key} can be translated`).toBeNull()
      expect(versions, `${key} has what is right`).toEqual(expected)
    }
    // Of what came in between several causes may have told something.
    if (before !== undefined && this.#causes <= 1) {
      if (expected === "stays" || expected === "fails") {
        expect({ ...versions, ...ANY }, `${key} keeps what it has`).toEqual({ ...before.versions, ...ANY })
      }
      this.#sameObjects(key, before, { versions, snapshot, times: followed.times })
    }
    return { versions, snapshot, times: followed.times }
  }

  /** What is equal is identical, and told to nobody. */
  #sameObjects(key: string, before: Settled, now: Settled): void {
    if (before.snapshot === null || now.snapshot === null) return
    if (same(before.versions, now.versions)) {
      expect(now.snapshot, `${key} keeps its snapshot`).toBe(before.snapshot)
      expect(now.times <= before.times, `${key} is told nothing`).toBe(true)
    }
    for (const [type, resources] of now.snapshot) {
      if (same(before.versions?.[type] ?? {}, now.versions?.[type] ?? {}) && before.snapshot.has(type)) {
        expect(resources === before.snapshot.get(type), `${key} keeps its ${type}`).toBe(true)
      }
    }
  }

  /** What everything from nothing gives it: or that it fails, or that the proxy keeps what it has. */
  #expected(views: MeshViews, { proxy, settings }: Followed, before: Settled | undefined): Versions | "fails" | "stays" {
    let translation
    try {
      translation = translateProxy(views, proxy, settings)
    } catch {
      return "fails"
    }
    if (translation === null) return "stays"
    // A proxy of no mesh is given nothing, unless it had something, be it in between.
    if (translation === emptyTranslation && (before?.snapshot !== null || this.#causes > 1)) return "stays"
    const secrets = translation.secretMeshes.flatMap((mesh): ReadonlyArray<XdsResource> =>
      this.#certificates.secrets(proxy, mesh)
    )
    return versionsOf(snapshotOf([...translation.resources, ...translateEndpoints(views, translation), ...secrets]))
  }
}

