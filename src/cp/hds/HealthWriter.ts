/**
 * Writes down what proxies report of their workloads, where it is another than is stored: over exactly what was read,
 * and never what the operator wrote. One write of a proxy is under way at a time, and so many a minute are done; what
 * comes meanwhile is in the proxy's next report, a few seconds later.
 */
import { Context, Effect, Layer } from "effect"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import { Store } from "../../model/Store.ts"
import { count, healthWrites } from "../diagnostics/metrics.ts"
import { News } from "../diagnostics/News.ts"
import { Ration } from "../diagnostics/Ration.ts"
import { RecentlyUsed } from "../RecentlyUsed.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { type HealthReport, reported } from "./serviceProbes.ts"

/** Of one proxy: a workload that comes and goes with each second isn't one to send traffic to. */
const WRITES_A_MINUTE = 30
const TRIES = 5

/** Proxies whose writes are remembered. */
const REMEMBERED = 10_000

/** Of one proxy, whichever of its streams it reports by: who opens another has no more writes for that. */
interface HealthOf {
  readonly ration: Ration
  /** One is under way. */
  isWriting: boolean
}

export class HealthWriter extends Context.Service<
  HealthWriter,
  {
    /** Nothing to do where it is stored already: asking costs a look at the cache. */
    readonly write: (key: ResourceKey<"Dataplane">, report: HealthReport, now: number) => Effect.Effect<void>
  }
>()("ecs-mesh/cp/hds/HealthWriter") {
  static readonly layer = Layer.effect(
    HealthWriter,
    Effect.gen(function*() {
      const cache = yield* ResourceCache
      const store = yield* Store
      const context = yield* Effect.context<never>()
      const news = new News()
      const proxies = new RecentlyUsed<HealthOf>(REMEMBERED)

      const healthOf = (key: ResourceKey<"Dataplane">): HealthOf => {
        const name = formatKey(key)
        const known = proxies.get(name)
        if (known !== undefined) return known
        const health: HealthOf = { ration: new Ration(WRITES_A_MINUTE), isWriting: false }
        proxies.set(name, health)
        return health
      }

      const put = Effect.fnUntraced(function*(key: ResourceKey<"Dataplane">, report: HealthReport) {
        const stored = yield* store.get(key)
        const spec = reported(stored, report)
        if (spec === null) return
        const { labels, mesh, name, type, version } = stored
        yield* store.put({ type, mesh, name, labels, spec }, { expect: version })
        count(healthWrites, 1, context)
      }, Effect.retry({ times: TRIES, while: (error) => error._tag === "Conflict" }))

      return HealthWriter.of({
        write: Effect.fnUntraced(function*(key, report, now) {
          const known = cache.get(key)
          if (known === undefined || reported(known, report) === null) return
          const health = healthOf(key)
          if (health.isWriting || !health.ration.takes(now)) return
          health.isWriting = true
          yield* put(key, report).pipe(
            // It has gone, or somebody writes it all the time: the next report says it again.
            Effect.catchTag(["NotFound", "Conflict"], () => Effect.void),
            Effect.catchTag("StoreUnavailable", ({ message }) =>
              news.isNews("unavailable", now)
                ? Effect.logWarning("What proxies report of their workloads can't be stored").pipe(
                  Effect.annotateLogs({ proxy: formatKey(key), error: message })
                )
                : Effect.void),
            Effect.ensuring(Effect.sync(() => {
              health.isWriting = false
            }))
          )
        })
      })
    })
  )
}
