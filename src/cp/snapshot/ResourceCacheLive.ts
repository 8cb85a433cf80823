/**
 * The `ResourceCache` over a `Store`: subscribes to the changes first, lists everything, then keeps up. A burst of
 * changes becomes one batch, for which only the changed keys are read. While the store can't be reached it keeps
 * what it has, says so once, and tries again; it never writes.
 */
import { Effect, Layer, Queue, Schedule, Stream } from "effect"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import { type Change, Store, type StoreUnavailable } from "../../model/Store.ts"
import { ResourceCache, type ResourceChange } from "./ResourceCache.ts"
import { ResourceIndex } from "./ResourceIndex.ts"

/** Beyond this many keys one statement that reads everything is cheaper than one for each. */
const MANY_KEYS = 200

/** How many keys are read side by side. */
const READS = 4

/** Until it can be read no proxy hears of anything, and one statement a second is a burden to nobody. */
const retrying = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("1 second")]).pipe(
  Schedule.jittered
)

/** What is to be read for some changes: everything, or these keys, each once. */
export const keysToRead = (changes: ReadonlyArray<Change>): "everything" | ReadonlyArray<ResourceKey> => {
  const keys = new Map<string, ResourceKey>()
  for (const change of changes) {
    if (change._tag === "Resynced") return "everything"
    keys.set(formatKey(change.key), change.key)
  }
  return keys.size > MANY_KEYS ? "everything" : [...keys.values()]
}

type Listener = (changes: ReadonlyArray<ResourceChange>) => void

const make = Effect.gen(function*() {
  const store = yield* Store
  const index = new ResourceIndex()
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

  const readEverything = Effect.map(untilRead(store.listAll), (resources) => index.replaceAll(resources))

  const readKey = (key: ResourceKey) =>
    Effect.catchTag(store.get(key), "NotFound", () => Effect.succeed(undefined)).pipe(
      Effect.map((resource) => ({ key, resource }))
    )

  /** Sets all keys of the batch in one go: a listener never sees half of it. */
  const readKeys = (keys: ReadonlyArray<ResourceKey>) =>
    Effect.map(untilRead(Effect.forEach(keys, readKey, { concurrency: READS })), (read) =>
      read.map(({ key, resource }) => index.set(key, resource)).filter((change) => change !== undefined))

  const queue = yield* Queue.unbounded<Change>()
  // Started at once: the subscription must stand before the list is read, or a change between the two is lost.
  yield* Effect.forkScoped(
    Stream.runForEach(store.changes, (change) => Queue.offer(queue, change)),
    { startImmediately: true }
  )
  yield* readEverything

  const keepUp = Effect.gen(function*() {
    const first = yield* Queue.takeAll(queue)
    // One turn of the event loop: what a burst has already sent belongs to the same batch.
    yield* Effect.promise(() => new Promise<void>((resume) => setImmediate(resume)))
    const rest = yield* Queue.clear(queue)
    const keys = keysToRead([...first, ...rest])
    yield* tell(yield* (keys === "everything" ? readEverything : readKeys(keys)))
  })
  const readAnew = Effect.flatMap(readEverything, tell)
  yield* keepUp.pipe(
    // A cache that stood still in silence would be served for true: what the failed round was about is read again.
    Effect.catchDefect((defect) =>
      Effect.logError("the resource cache failed to keep up; it reads everything again", defect).pipe(
        Effect.andThen(Effect.sleep("1 second")),
        Effect.andThen(Effect.catchDefect(readAnew, (again) => Effect.logError("reading everything failed", again)))
      )
    ),
    Effect.forever,
    Effect.forkScoped
  )

  return ResourceCache.of({
    get: (key) => index.get(key),
    list: (type, mesh) => index.list(type, mesh),
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
