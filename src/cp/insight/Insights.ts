/**
 * Keeps what is known of proxies' connections in the store: DataplaneInsight, ZoneIngressInsight, ZoneEgressInsight.
 * Receives what happens on streams; writes at once what somebody waits for, and counts every few seconds, over whatever
 * another replica wrote meanwhile: each push reaches many proxies, so that writing each count would be most of what
 * the store has to do. Never fails or delays a stream; an unreachable store is written to again later.
 */
import { Clock, Context, Duration, Effect, Layer, Queue } from "effect"
import { randomUUID } from "node:crypto"
import { proxyKey } from "../../model/proxyResource.ts"
import type { ProxyId, ProxyType } from "../../model/ProxyType.ts"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { count, storeErrors } from "../diagnostics/metrics.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { mergeInsight } from "./mergeInsight.ts"
import { foldSession, openSession, type ProxySession, type SessionEvent } from "./ProxySession.ts"

type InsightType = "DataplaneInsight" | "ZoneIngressInsight" | "ZoneEgressInsight"

const INSIGHT_TYPE: Readonly<Record<ProxyType, InsightType>> = {
  dataplane: "DataplaneInsight",
  ingress: "ZoneIngressInsight",
  egress: "ZoneEgressInsight"
}

export const insightKey = (proxy: ProxyId): ResourceKey<InsightType> => ({
  type: INSIGHT_TYPE[proxy.proxyType],
  mesh: proxy.mesh,
  name: proxy.name
})

/** One stream's way to tell. */
export interface SessionRecorder {
  readonly record: (event: SessionEvent) => void
}

export interface InsightsOptions {
  /** Names this replica in insights. */
  readonly instanceId: string
  /** Between two writes of what nobody waits for. */
  readonly flushMillis: number
}

interface Open {
  readonly proxy: ProxyId
  session: ProxySession
  /** The fold that the store has. */
  stored: ProxySession | null
  /** Not to wait for the others. */
  urgent: boolean
}

/**
 * Others wait for a proxy's first accepted listeners before they send it traffic, and people for the news that it is
 * gone, or refuses what it was sent, or no longer does.
 */
const isUrgent = (before: ProxySession, after: ProxySession): boolean =>
  (before.byType.lds.acknowledged === 0 && after.byType.lds.acknowledged > 0) ||
  before.disconnectedAt !== after.disconnectedAt ||
  before.total.rejected !== after.total.rejected || before.rejections.size !== after.rejections.size

export class Insights extends Context.Service<
  Insights,
  {
    readonly open: (proxy: ProxyId, version: Readonly<Record<string, unknown>> | null, at: number) => SessionRecorder
    /** Writes all that isn't written yet. */
    readonly flush: Effect.Effect<void>
  }
>()("ecs-mesh/cp/insight/Insights") {
  static readonly layer = (options: InsightsOptions) =>
    Layer.effect(
      Insights,
      Effect.gen(function*() {
        const store = yield* Store
        const cache = yield* ResourceCache
        const context = yield* Effect.context<never>()
        const open = new Set<Open>()
        const orphans = new Set<ProxyId>()
        const urgent = yield* Queue.sliding<void>(1)
        const hurry = (entry: Open): void => {
          entry.urgent = true
          Queue.offerUnsafe(urgent, undefined)
        }

        const readStored = (key: ResourceKey<InsightType>) =>
          store.get(key).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))

        const writeOver = Effect.fnUntraced(function*(entry: Open, read: typeof readStored) {
          const { session } = entry
          const key = insightKey(entry.proxy)
          // A proxy whose resource is gone has no insight: it would outlive it.
          if (cache.get(proxyKey(entry.proxy)) === undefined) return
          const before = yield* read(key)
          const spec = mergeInsight(before?.spec, session)
          yield* store.put(
            { ...key, labels: before?.labels ?? {}, spec },
            { expect: before === null ? "absent" : before.version }
          )
          entry.stored = session
        })

        /** What the cache has is what is stored, unless another replica wrote just now. */
        const write = (entry: Open) =>
          writeOver(entry, (key) => {
            const known = cache.get(key)
            return known === undefined ? readStored(key) : Effect.succeed(known)
          }).pipe(
            Effect.catchTag("Conflict", () =>
              Effect.retry(writeOver(entry, readStored), { times: 5, while: (error) => error._tag === "Conflict" }))
          )

        /** While the store can't be reached it is said once, not for each proxy at each flush. */
        let unreachable = false
        const tell = (entry: Open, error: Effect.Error<ReturnType<typeof write>>) => {
          const known = unreachable && error._tag === "StoreUnavailable"
          unreachable ||= error._tag === "StoreUnavailable"
          return known ? Effect.void : Effect.logWarning("A proxy's insight could not be written; it will be tried again").pipe(
            Effect.annotateLogs({ proxy: formatKey(proxyKey(entry.proxy)), error: error.message || error._tag })
          )
        }

        const save = (entry: Open) =>
          write(entry).pipe(
            Effect.tap(() => Effect.sync(() => {
              unreachable = false
            })),
            Effect.tapError(() => Effect.sync(() => count(storeErrors, 1, context))),
            Effect.catch((error) => tell(entry, error))
          )

        const removeOrphan = Effect.fnUntraced(function*(proxy: ProxyId) {
          // Read before its proxy is looked for: what is written after that is known of a proxy that is back.
          const { version } = yield* store.get(insightKey(proxy))
          const isBack = yield* store.get(proxyKey(proxy)).pipe(
            Effect.as(true),
            Effect.catchTag("NotFound", () => Effect.succeed(false))
          )
          if (!isBack) yield* store.remove(insightKey(proxy), { expect: version })
        })

        const removeOrphans = Effect.suspend(() =>
          Effect.forEach([...orphans], (proxy) => {
            orphans.delete(proxy)
            const later = () => Effect.sync(() => void orphans.add(proxy))
            return removeOrphan(proxy).pipe(
              Effect.catchTags({ NotFound: () => Effect.void, Conflict: later, StoreUnavailable: later })
            )
          }, { discard: true })
        )

        const flushSome = (which: "all" | "urgent") =>
          Effect.suspend(() => {
            const due = [...open].filter((entry) => entry.stored !== entry.session && (which === "all" || entry.urgent))
            for (const entry of due) entry.urgent = false
            return Effect.forEach(due, save, { concurrency: 8, discard: true })
          }).pipe(
            Effect.andThen(removeOrphans),
            Effect.andThen(Effect.sync(() => {
              for (const entry of open) {
                const written = entry.stored === entry.session || cache.get(proxyKey(entry.proxy)) === undefined
                if (entry.session.disconnectedAt !== null && written) open.delete(entry)
              }
            }))
          )
        const flush = flushSome("all")

        /** When all is written next, however often something urgent comes before. */
        let allAt = (yield* Clock.currentTimeMillis) + options.flushMillis
        const keepWriting = Effect.gen(function*() {
          const wait = Math.max(0, allAt - (yield* Clock.currentTimeMillis))
          const which = yield* Effect.raceFirst(
            Effect.as(Effect.sleep(Duration.millis(wait)), "all" as const),
            Effect.as(Queue.take(urgent), "urgent" as const)
          )
          if (which === "all") allAt = (yield* Clock.currentTimeMillis) + options.flushMillis
          yield* flushSome(which)
        })

        yield* Effect.acquireRelease(
          Effect.sync(() =>
            cache.onChange((changes) => {
              for (const { key, before, after } of changes) {
                const proxyType = PROXY_TYPE[key.type]
                if (proxyType === undefined || (before !== undefined && after !== undefined)) continue
                if (after === undefined) orphans.add({ proxyType, mesh: key.mesh, name: key.name })
                // Should it come back while its stream is open, everything about it is to be written anew.
                for (const entry of open) {
                  if (formatKey(proxyKey(entry.proxy)) !== formatKey(key)) continue
                  if (after === undefined) entry.stored = null
                  else hurry(entry)
                }
              }
            })
          ),
          (stop) => Effect.sync(stop)
        )
        yield* keepWriting.pipe(
          Effect.catchDefect((defect) => Effect.logError("Writing insights failed; it goes on", defect)),
          Effect.forever,
          Effect.forkScoped
        )
        yield* Effect.addFinalizer(() => flush)

        return Insights.of({
          open: (proxy, version, at) => {
            const id = randomUUID()
            const session = openSession({ id, instanceId: options.instanceId, connectedAt: at, version })
            const entry: Open = { proxy, session, stored: null, urgent: false }
            open.add(entry)
            return {
              record: (event) => {
                const before = entry.session
                entry.session = foldSession(before, event)
                if (isUrgent(before, entry.session)) hurry(entry)
              }
            }
          },
          flush
        })
      })
    )
}

const PROXY_TYPE: Readonly<Record<string, ProxyType>> = {
  Dataplane: "dataplane",
  ZoneIngress: "ingress",
  ZoneEgress: "egress"
}
