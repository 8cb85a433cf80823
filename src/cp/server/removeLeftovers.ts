/** Removes now and then what proxies brought and left behind, for as long as the scope lasts. */
import { Clock, Duration, Effect } from "effect"
import { BROUGHT_LABEL } from "../../model/dataplaneLabels.ts"
import { PROXY_RESOURCE } from "../../model/proxyResource.ts"
import { PROXY_TYPES, type ProxyId } from "../../model/ProxyType.ts"
import { formatKey, type Resource } from "../../model/Resource.ts"
import type { Conflict, NotFound, StoreUnavailable } from "../../model/Store.ts"
import { insightKey, type InsightType } from "../insight/Insights.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { GRACE_MILLIS, Leftovers, SILENT_MILLIS, type Stored } from "./Leftovers.ts"

const LOOK_MILLIS = 60_000

type Insight = Resource<InsightType> | null

export interface RemoveLeftoversOptions {
  readonly instanceId: string
  /** Whether a proxy is connected here, or waited for. */
  readonly isHere: (key: string) => boolean
  readonly storedInsight: (proxy: ProxyId) => Effect.Effect<Insight, StoreUnavailable>
  /** Only while both are what they were. */
  readonly removeAs: (
    resource: Resource,
    insight: Insight
  ) => Effect.Effect<void, Conflict | NotFound | StoreUnavailable>
}

export const removeLeftovers = Effect.fnUntraced(function*(options: RemoveLeftoversOptions) {
  const cache = yield* ResourceCache
  const { instanceId, isHere, removeAs, storedInsight } = options
  const leftovers = new Leftovers({ instanceId, graceMillis: GRACE_MILLIS, silentMillis: SILENT_MILLIS })

  const notHere = (): ReadonlyMap<string, Stored> => {
    const found = new Map<string, Stored>()
    for (const proxyType of PROXY_TYPES) {
      for (const resource of cache.list(PROXY_RESOURCE[proxyType])) {
        if (resource.labels[BROUGHT_LABEL] === undefined || isHere(formatKey(resource))) continue
        const proxy = { proxyType, mesh: resource.mesh, name: resource.name }
        found.set(formatKey(resource), { proxy, resource, insight: cache.get(insightKey(proxy)) ?? null })
      }
    }
    return found
  }

  /** Not where anything was written of it that this replica hasn't heard of. */
  const remove = Effect.fnUntraced(function*({ insight, proxy, resource }: Stored) {
    if (insight === null && (yield* storedInsight(proxy)) !== null) return
    if (isHere(formatKey(resource))) return
    yield* removeAs(resource, insight)
    yield* Effect.logInfo("Removed a proxy that left while nobody looked")
  }, (removing, { resource }) =>
    removing.pipe(
      Effect.catchTag(["NotFound", "Conflict"], () => Effect.void),
      Effect.annotateLogs({ proxy: formatKey(resource) })
    ))

  const look = Effect.gen(function*() {
    const stored = notHere()
    const over = leftovers.look(stored, yield* Clock.currentTimeMillis)
    const [one] = stored.values()
    // For whether the store is there, also while there is nothing to remove.
    if (one !== undefined) yield* storedInsight(one.proxy)
    yield* Effect.forEach(over, remove, { discard: true })
  }).pipe(
    // While it is away all replicas are silent: once it is back they speak first.
    Effect.catchTag("StoreUnavailable", ({ message }) => {
      leftovers.beginAnew()
      return Effect.logDebug("Whoever left while nobody looked isn't looked for").pipe(
        Effect.annotateLogs({ error: message })
      )
    })
  )

  yield* Effect.sleep(Duration.millis(LOOK_MILLIS)).pipe(
    Effect.andThen(look),
    Effect.catchDefect((defect) => Effect.logError("Looking for proxies that left failed; it goes on", defect)),
    Effect.forever,
    Effect.forkScoped
  )
})
