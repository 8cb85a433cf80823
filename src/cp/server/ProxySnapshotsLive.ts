/**
 * `ProxySnapshots` from resources and certificates. Receives the cache's batches of changes; tells each connected
 * proxy that depends on one its new snapshot, a few at each turn of the event loop, and the others nothing. Writes
 * nothing.
 */
import { Effect, FiberSet, Layer } from "effect"
import { proxyKey } from "../../model/proxyResource.ts"
import { formatKey, type ResourceType } from "../../model/Resource.ts"
import { count, translationFailures } from "../diagnostics/metrics.ts"
import { isEmpty, joinImpacts } from "../snapshot/joinImpacts.ts"
import { type Impact, MeshViews } from "../snapshot/MeshViews.ts"
import { ResourceCache, type ResourceChange } from "../snapshot/ResourceCache.ts"
import { FollowedProxy } from "./FollowedProxy.ts"
import { nodeSettings } from "./nodeSettings.ts"
import { type HeldCertificates, makeProxyCertificates } from "./ProxyCertificates.ts"
import { type Follower, ProxySnapshots, type Published } from "./ProxySnapshots.ts"

export interface SnapshotOptions {
  readonly zone: string
  /** File that proxies log their requests to; null: none. */
  readonly accessLogPath: string | null
}

interface Entry {
  readonly key: string
  readonly followed: FollowedProxy
  readonly followers: Set<Follower>
  /** Unix milliseconds of the change that isn't told yet, or null: there is none. */
  changedAt: number | null
  readonly held: HeldCertificates
}

/** What a proxy isn't translated by yet. */
interface Pending {
  /** Unix milliseconds of the oldest change in it. */
  readonly at: number
  readonly impact: Impact
}

/** Translating all proxies takes seconds where there are many: what else is due comes between two of them. */
const TURN_MILLIS = 10

/** The types that views are made of. */
const VIEWED: ReadonlyArray<ResourceType> = [
  "Mesh",
  "Dataplane",
  "ZoneIngress",
  "ZoneEgress",
  "OutboundPort",
  "MeshTrafficPermission",
  "MeshTimeout"
]

export const ProxySnapshotsLive = (options: SnapshotOptions) =>
  Layer.effect(
    ProxySnapshots,
    Effect.gen(function*() {
      const certificates = yield* makeProxyCertificates
      const cache = yield* ResourceCache
      const context = yield* Effect.context<never>()
      const run = yield* FiberSet.makeRuntime<never, void, never>()
      const views = new MeshViews()
      const entries = new Map<string, Entry>()
      const dirty = new Set<Entry>()

      /** One proxy's stream that fails must not keep the others from their snapshots. */
      const tell = (entry: Entry, follower: Follower, published: Published): void => {
        try {
          follower.onSnapshot(published)
        } catch (error) {
          run(Effect.logError("A proxy's stream failed", error).pipe(Effect.annotateLogs({ proxy: entry.key })))
        }
      }

      const publish = (): void => {
        for (const entry of dirty) {
          dirty.delete(entry)
          const changedAt = entry.changedAt ?? Date.now()
          entry.changedAt = null
          if (!entry.followed.build(entry.held.secrets) || entry.followed.snapshot === null) continue
          for (const follower of entry.followers) tell(entry, follower, { snapshot: entry.followed.snapshot, changedAt })
        }
      }
      /** Everything that changes in this turn is told once, at its end. */
      const touch = (entry: Entry, at: number): void => {
        if (dirty.size === 0) queueMicrotask(publish)
        entry.changedAt ??= at
        dirty.add(entry)
      }

      const noteFailure = (entry: Entry, before: string | null): void => {
        const { failure } = entry.followed
        if (failure === null || failure === before) return
        count(translationFailures, 1, context)
        run(
          Effect.logError("A proxy's configuration can't be built; it keeps the last good one").pipe(
            Effect.annotateLogs({ proxy: entry.key, error: failure })
          )
        )
      }

      const update = (entry: Entry, { at, impact }: Pending): void => {
        const { followed } = entry
        const { mesh, name, proxyType } = followed.proxy
        const before = followed.failure
        const meshes = followed.secretMeshes
        const reached = followed.translate(impact)
        noteFailure(entry, before)
        if (reached) touch(entry, at)
        const own = impact.proxies.some((proxy) =>
          proxy.proxyType === proxyType && proxy.mesh === mesh && proxy.name === name
        )
        // Another CA, other names in the certificate, or mTLS switched on or off.
        const others = followed.secretMeshes
        if (
          own || others.length !== meshes.length ||
          others.some((mesh) => impact.secrets.has(mesh) || impact.meshes.has(mesh))
        ) entry.held.want(others)
      }

      /** Those that wait for their turn, each with all that changed since its last one. */
      const waiting = new Map<Entry, Pending>()
      let turn: NodeJS.Immediate | null = null
      const work = (): void => {
        turn = null
        const began = performance.now()
        for (const [entry, pending] of waiting) {
          waiting.delete(entry)
          // What is wrong with one must not keep the others waiting.
          try {
            update(entry, pending)
          } catch (error) {
            run(Effect.logError("A proxy's update failed", error).pipe(Effect.annotateLogs({ proxy: entry.key })))
          }
          if (waiting.size === 0 || performance.now() - began < TURN_MILLIS) continue
          turn = setImmediate(work)
          return
        }
      }

      const onChange = (changes: ReadonlyArray<ResourceChange>): void => {
        const at = Date.now()
        const impact = views.apply(changes)
        // A status write concerns nobody.
        if (isEmpty(impact)) return
        // Those that wait mostly wait for the same changes: these are joined once for all of them.
        const joined = new Map<Impact, Impact>()
        const join = (before: Impact): Impact => {
          const both = joined.get(before) ?? joinImpacts(before, impact)
          joined.set(before, both)
          return both
        }
        for (const entry of entries.values()) {
          const before = waiting.get(entry)
          waiting.set(entry, before === undefined ? { at, impact } : { at: before.at, impact: join(before.impact) })
        }
        if (turn === null) work()
      }

      views.apply(
        VIEWED.flatMap((type) => cache.list(type)).map((after) => ({
          key: { type: after.type, mesh: after.mesh, name: after.name },
          before: undefined,
          after
        }))
      )
      yield* Effect.acquireRelease(
        Effect.sync(() => cache.onChange(onChange)),
        (stop) =>
          Effect.sync(() => {
            stop()
            waiting.clear()
            if (turn !== null) clearImmediate(turn)
          })
      )

      return ProxySnapshots.of({
        follow: (proxy, metadata, follower) => {
          const key = formatKey(proxyKey(proxy))
          const settings = nodeSettings(metadata, options)
          const known = entries.get(key)
          const entry: Entry = known ?? {
            key,
            followed: new FollowedProxy(proxy, views, settings),
            followers: new Set(),
            changedAt: null,
            held: certificates.hold(proxy, (certificate) => {
              for (const follower of entry.followers) follower.onCertificate(certificate)
              touch(entry, Date.now())
            })
          }
          entries.set(key, entry)
          entry.followers.add(follower)
          if (known === undefined) {
            noteFailure(entry, null)
            entry.held.want(entry.followed.secretMeshes)
          } else {
            const before = entry.followed.failure
            entry.followed.settle(settings)
            noteFailure(entry, before)
            if (entry.held.certificate !== null) follower.onCertificate(entry.held.certificate)
          }
          touch(entry, Date.now())
          return () => {
            entry.followers.delete(follower)
            if (entry.followers.size > 0 || entries.get(key) !== entry) return
            entries.delete(key)
            dirty.delete(entry)
            waiting.delete(entry)
            entry.held.release()
          }
        },
        status: (proxy) => {
          const entry = entries.get(formatKey(proxyKey(proxy)))
          if (entry === undefined) return undefined
          const { conditions, failure, snapshot } = entry.followed
          return { snapshot, failure, conditions }
        }
      })
    })
  )
