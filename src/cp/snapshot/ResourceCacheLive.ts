/**
 * The `ResourceCache` over a `Store`: subscribes to the changes first, reads everything, then keeps up. What a change
 * doesn't say itself is read, for all that have come meanwhile in one statement. While the store can't be reached it
 * keeps what it has, says so once, and tries again; it never writes.
 */
import { Effect, Layer, Schedule, Stream } from "effect"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { KeptResources } from "./KeptResources.ts"
import { ResourceCache, type ResourceChange } from "./ResourceCache.ts"

/** Until it can be read no proxy hears of anything, and one statement a second is a burden to nobody. */
const retrying = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("1 second")]).pipe(
  Schedule.jittered
)

type Listener = (changes: ReadonlyArray<ResourceChange>) => void

const make = Effect.gen(function*() {
  const store = yield* Store
  const kept = new KeptResources()
  const listeners = new Set<Listener>()

  /** A listener that throws must not keep the others, or the cache, from going on. */
  const tell = (changes: ReadonlyArray<ResourceChange>) =>
    Effect.forEach(
      changes.length === 0 ? [] : [...listeners],
      (listener) =>
        Effect.catchCause(
          Effect.sync(() => listener(changes)),
          (cause) => Effect.logError("a listener to resource changes failed; the others go on", cause)
        ),
      { discard: true }
    )

  const untilRead = <A>(read: Effect.Effect<A, StoreUnavailable>) =>
    Effect.suspend(() => {
      let lost = false
      return read.pipe(
        Effect.tapError((error) => {
          if (lost) return Effect.void
          lost = true
          return Effect.logWarning("the store can't be read; serving what was last known until it can").pipe(
            Effect.annotateLogs({ operation: error.operation, reason: error.message })
          )
        }),
        Effect.retry(retrying),
        Effect.tap(() => (lost ? Effect.logInfo("the store can be read again") : Effect.void))
      )
    })

  const readEverything = Effect.map(untilRead(store.snapshot("all")), (everything) => kept.replaceAll(everything))
  const readAnew = Effect.flatMap(readEverything, tell)

  // Started at once: the subscription must stand before everything is read, or a change between the two is lost.
  const pull = yield* Stream.toPull(store.changes)
  yield* readEverything

  const keepUp = Effect.gen(function*() {
    const changes = yield* pull
    const wanted = kept.wanted(changes)
    if (wanted === "all") return yield* readAnew
    // Where the changes say all by themselves nothing is waited for.
    const read = wanted.length === 0 ? null : yield* untilRead(store.snapshot(wanted))
    yield* tell(kept.apply(changes, wanted, read))
  })
  yield* keepUp.pipe(
    // A cache that stood still in silence would be served for true: what the failed round was about is read again.
    Effect.catchDefect((defect) =>
      Effect.logError("the resource cache failed to keep up; it reads everything again", defect).pipe(
        Effect.andThen(Effect.sleep("1 second")),
        Effect.andThen(Effect.catchDefect(readAnew, (again) => Effect.logError("reading everything failed", again)))
      )
    ),
    Effect.forever,
    // The changes end with the store, and the cache with them.
    Effect.ignore,
    Effect.forkScoped
  )

  return ResourceCache.of({
    get: (key) => kept.index.get(key),
    list: (type, mesh) => kept.index.list(type, mesh),
    onChange: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    }
  })
})

/** Stands once everything has been read for the first time, however long the store takes to answer. */
export const ResourceCacheLive = Layer.effect(ResourceCache, make)
