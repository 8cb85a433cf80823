/**
 * Keeps what is known of proxies' connections in the store: DataplaneInsight, ZoneIngressInsight, ZoneEgressInsight.
 * Receives what happens on streams; writes at once what somebody waits for, and counts some seconds later, over whatever
 * another replica wrote meanwhile: each push reaches many proxies, so that writing each count would be most of what
 * the store has to do. Never fails or delays a stream; an unreachable store is written to again later.
 */
import { Clock, Context, Duration, Effect, Layer, Queue, Semaphore } from "effect"
import { randomUUID } from "node:crypto"
import { proxyKey } from "../../model/proxyResource.ts"
import type { ProxyId, ProxyType } from "../../model/ProxyType.ts"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { whileMesh } from "../../model/whileMesh.ts"
import { Ration } from "../diagnostics/Ration.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { mergeInsight } from "./mergeInsight.ts"
import { foldSession, type NodeFacts, openSession, type ProxySession, type SessionEvent } from "./ProxySession.ts"

export type InsightType = "DataplaneInsight" | "ZoneIngressInsight" | "ZoneEgressInsight"

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
  /** Between two rounds of writing what nobody waits for. */
  readonly flushMillis: number
}

interface Open {
  readonly proxy: ProxyId
  session: ProxySession
  /** Unix milliseconds of the round in which it was written; where that failed it is as if there had been none. */
  roundAt: number
}

/** Who was written in a round is left out of the next ones: the counts of a busy mesh's proxies change in each. */
const ROUNDS_APART = 6

/**
 * What is urgent is written at once, and what becomes urgent within this time after it together: thousands of proxies
 * that come at a time are told of in a few statements.
 */
const URGENT_MILLIS = 50

/**
 * So long after the last word on an open stream it is said that it is still there: other replicas take whoever is
 * silent for much longer for dead, and remove what was brought by those that it had.
 */
const SEEN_MILLIS = 15 * 60_000

/** Of one stream, a minute, at once: who refuses and accepts all the time isn't written all the time. */
const MOST_VERDICTS = 20

/** Written side by side, which the store joins to one statement. */
const TOGETHER = 128

/** Others wait for a proxy's first accepted listeners before they send it traffic, and people for that it is gone. */
const isTurn = (before: ProxySession, after: ProxySession): boolean =>
  (before.byType.lds.acknowledged === 0 && after.byType.lds.acknowledged > 0) ||
  before.disconnectedAt !== after.disconnectedAt

/** People wait for the news that it refuses what it was sent, or no longer does. */
const isVerdict = (before: ProxySession, after: ProxySession): boolean =>
  before.total.rejected !== after.total.rejected || before.rejections.size !== after.rejections.size

type Entries = readonly [Open, ...Array<Open>]
type Sessions = readonly [ProxySession, ...Array<ProxySession>]

const nameOf = ({ proxy }: Open): string => formatKey(proxyKey(proxy))

const byProxy = (entries: ReadonlyArray<Open>): Iterable<Entries> => {
  const grouped = new Map<string, [Open, ...Array<Open>]>()
  for (const entry of entries) {
    const known = grouped.get(nameOf(entry))
    if (known === undefined) grouped.set(nameOf(entry), [entry])
    else known.push(entry)
  }
  return grouped.values()
}

export class Insights extends Context.Service<
  Insights,
  {
    readonly open: (proxy: ProxyId, node: NodeFacts | null, at: number) => SessionRecorder
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
        /** Streams by their proxy: a newer one may begin before the older one's end is written. */
        const open = new Map<string, Set<Open>>()
        /** Of which the store doesn't have all, and those of them that don't wait for the others. */
        const due = new Set<Open>()
        const urgent = new Set<Open>()
        const orphans = new Set<ProxyId>()
        const hurried = yield* Queue.sliding<void>(1)
        /** What was taken to be written is due to nobody else: who has to see it written waits for whoever took it. */
        const writing = yield* Semaphore.make(1)
        const hurry = (entry: Open): void => {
          due.add(entry)
          urgent.add(entry)
          Queue.offerUnsafe(hurried, undefined)
        }
        const forget = (entry: Open): void => {
          const streams = open.get(nameOf(entry))
          streams?.delete(entry)
          if (streams?.size === 0) open.delete(nameOf(entry))
        }

        const readStored = (key: ResourceKey<InsightType>) =>
          store.get(key).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))

        type ReadStored = (key: ResourceKey<InsightType>) => ReturnType<typeof readStored>

        /** All that is due of one proxy: its stream that ended and the one that took its place, mostly. */
        const writeOver = Effect.fnUntraced(function*(proxy: ProxyId, sessions: Sessions, read: ReadStored) {
          const key = insightKey(proxy)
          // A proxy whose resource is gone has no insight: it would outlive it.
          if (cache.get(proxyKey(proxy)) === undefined) return
          const before = yield* read(key)
          const spec = sessions.slice(1).reduce(mergeInsight, mergeInsight(before?.spec, sessions[0]))
          yield* store.put(
            { ...key, labels: before?.labels ?? {}, spec },
            { expect: before === null ? "absent" : before.version, ...whileMesh(proxy.mesh) }
          ).pipe(
            // With its mesh all that was known of it has gone.
            Effect.catchTag("Conflict", (lost) => lost.expected === "present" ? Effect.void : Effect.fail(lost))
          )
        })

        /** What the cache has is what is stored, unless another replica wrote just now. */
        const write = (proxy: ProxyId, sessions: Sessions) =>
          writeOver(proxy, sessions, (key) => Effect.succeed(cache.get(key) ?? null)).pipe(
            Effect.catchTag("Conflict", () =>
              Effect.retry(writeOver(proxy, sessions, readStored), {
                times: 5,
                while: (error) => error._tag === "Conflict"
              }))
          )

        /** While the store can't be reached it is said once, not for each proxy at each flush. */
        let unreachable = false
        const tell = (proxy: ProxyId, error: Effect.Error<ReturnType<typeof write>>) => {
          const known = unreachable && error._tag === "StoreUnavailable"
          unreachable ||= error._tag === "StoreUnavailable"
          return known ? Effect.void : Effect.logWarning("A proxy's insight could not be written; it will be tried again").pipe(
            Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)), error: error.message || error._tag })
          )
        }

        const save = (entries: Entries) => {
          const { proxy } = entries[0]
          return write(proxy, [entries[0].session, ...entries.slice(1).map(({ session }) => session)]).pipe(
            Effect.tap(() => Effect.sync(() => {
              unreachable = false
            })),
            Effect.onError(() => Effect.sync(() => {
              for (const entry of entries) {
                entry.roundAt = -Infinity
                due.add(entry)
              }
            })),
            Effect.catch((error) => tell(proxy, error))
          )
        }

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
          }, { concurrency: TOGETHER, discard: true })
        )

        /** What happens meanwhile is due again. */
        const flushSome = (take: () => ReadonlyArray<Open>) =>
          Effect.suspend(() => {
            const taken = take()
            for (const entry of taken) {
              due.delete(entry)
              urgent.delete(entry)
            }
            return Effect.forEach(byProxy(taken), save, { concurrency: TOGETHER, discard: true }).pipe(
              Effect.andThen(removeOrphans),
              Effect.andThen(Effect.sync(() => {
                for (const entry of taken) if (entry.session.disconnectedAt !== null && !due.has(entry)) forget(entry)
              }))
            )
          }).pipe((flushing) => writing.withPermit(flushing))
        const flush = flushSome(() => [...due])
        const flushRound = (now: number) =>
          flushSome(() => {
            const rested = [...due].filter(({ roundAt }) => now - roundAt >= ROUNDS_APART * options.flushMillis)
            for (const entry of rested) entry.roundAt = now
            return rested
          })

        /** When the next round is, however often something urgent comes before. */
        let roundAt = (yield* Clock.currentTimeMillis) + options.flushMillis
        let urgentAt = 0
        const keepWriting = Effect.gen(function*() {
          const now = yield* Clock.currentTimeMillis
          const isRound = yield* Effect.raceFirst(
            Effect.as(Effect.sleep(Duration.millis(Math.max(0, roundAt - now))), true),
            Effect.sleep(Duration.millis(Math.max(0, urgentAt - now))).pipe(
              Effect.andThen(Queue.take(hurried)),
              Effect.as(false)
            )
          )
          const begun = yield* Clock.currentTimeMillis
          if (isRound) roundAt = begun + options.flushMillis
          else urgentAt = begun + URGENT_MILLIS
          yield* isRound ? flushRound(begun) : flushSome(() => [...urgent])
        })

        yield* Effect.acquireRelease(
          Effect.sync(() =>
            cache.onChange((changes) => {
              for (const { key, before, after } of changes) {
                const proxyType = PROXY_TYPE[key.type]
                if (proxyType === undefined || (before !== undefined && after !== undefined)) continue
                if (after === undefined) orphans.add({ proxyType, mesh: key.mesh, name: key.name })
                for (const entry of open.get(formatKey(key)) ?? []) {
                  // Should it come back while its stream is open, everything about it is to be written anew.
                  if (after !== undefined) hurry(entry)
                  else if (entry.session.disconnectedAt !== null) forget(entry)
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
        yield* Effect.sleep(Duration.millis(SEEN_MILLIS / 3)).pipe(
          Effect.andThen(Clock.currentTimeMillis),
          Effect.tap((now) => Effect.sync(() => {
            for (const streams of open.values()) {
              for (const entry of streams) {
                const { connectedAt, disconnectedAt, updatedAt } = entry.session
                if (disconnectedAt !== null || now - (updatedAt ?? connectedAt) < SEEN_MILLIS) continue
                entry.session = foldSession(entry.session, { _tag: "Seen", at: now })
                due.add(entry)
              }
            }
          })),
          Effect.forever,
          Effect.forkScoped
        )
        yield* Effect.addFinalizer(() => flush)

        return Insights.of({
          open: (proxy, node, at) => {
            const id = randomUUID()
            const { features = [], version = null } = node ?? {}
            const session = openSession({ id, instanceId: options.instanceId, connectedAt: at, version, features })
            const entry: Open = { proxy, session, roundAt: -Infinity }
            const streams = open.get(nameOf(entry)) ?? new Set<Open>()
            open.set(nameOf(entry), streams.add(entry))
            // The replica that it comes from is about to remove what it brought, unless it hears that it is here.
            const last = cache.get(insightKey(proxy))?.spec.subscriptions.at(-1)
            if (last !== undefined && last.controlPlaneInstanceId !== options.instanceId) hurry(entry)
            else due.add(entry)
            const verdicts = new Ration(MOST_VERDICTS)
            return {
              record: (event) => {
                const before = entry.session
                entry.session = foldSession(before, event)
                due.add(entry)
                if (isTurn(before, entry.session)) hurry(entry)
                else if (isVerdict(before, entry.session) && verdicts.takes(event.at)) hurry(entry)
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
