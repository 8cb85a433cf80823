/**
 * The `Store` on Postgres, embedded or any other. It receives resources of whatever kind, keeps them as rows, and
 * hands them back as they were put; it never looks into a spec.
 *
 * Gets and puts that come together go together, whoever asks: a thousand proxies that register at once are a handful
 * of statements. No statement holds a lock beyond itself. What this process wrote it tells the change feed at once, in
 * the place that the commit has among all others.
 */
import { Effect, Exit, Layer, Predicate } from "effect"
import { Pool, type PoolClient } from "pg"
import {
  type DesiredResource,
  formatKey,
  isType,
  type Resource,
  type ResourceKey,
  type ResourceType
} from "../../model/Resource.ts"
import { Conflict, NotFound, type PutOptions, Store } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { makeBatches } from "./Batches.ts"
import { type Committed, type Put, putAll, sizeOf, toPut } from "./batchedPut.ts"
import { type ChangeFeedOptions, makeChangeFeed } from "./ChangeFeed.ts"
import { connectionOptions } from "./connectionOptions.ts"
import { decidePut } from "./decidePut.ts"
import { migrate } from "./migrate.ts"
import { putTogether } from "./putTogether.ts"
import { removeWithin } from "./removeWithin.ts"
import * as Rows from "./resourceRows.ts"
import { isConnectionLost, isDataRefused, storeUnavailable } from "./storeUnavailable.ts"

/** Two statements of each kind at a time leave most of the pool to whatever else is asked. */
const BATCHES = { lanes: 2, most: 256, mostBytes: 1024 * 1024 }

const ABSENT = "absent"

/** The id under which notifications name it; behind a pooler that is another's, and nothing is known by it. */
const sessionOf = (client: PoolClient): number =>
  Predicate.hasProperty(client, "processID") && Predicate.isNumber(client.processID) ? client.processID : Number.NaN

const openPool = (config: StoreConfig) =>
  Effect.acquireRelease(
    Effect.try({
      try: () => {
        const pool = new Pool({
          ...connectionOptions(config, "store"),
          max: config.maxOpenConnections,
          idleTimeoutMillis: 60_000
        })
        // A connection that dies, idle or in use, says so by an event that would end the process unheard. The pool
        // drops it; whoever was using it learns from the query's own error.
        pool.on("error", () => {})
        pool.on("connect", (client) => client.on("error", () => {}))
        return pool
      },
      catch: (cause) => storeUnavailable(config, "connect", cause)
    }),
    (pool) => Effect.promise(() => pool.end())
  )

const make = Effect.fnUntraced(function*(config: StoreConfig, feedOptions?: ChangeFeedOptions) {
  yield* migrate(config)
  const pool = yield* openPool(config)
  const feed = yield* makeChangeFeed(config, feedOptions)

  /** A connection whose use failed or was interrupted is in an unknown state: it leaves the pool. */
  const onConnection = <A>(run: (client: PoolClient) => Promise<A>): Effect.Effect<A, { readonly cause: unknown }> =>
    Effect.acquireUseRelease(
      Effect.tryPromise({ try: () => pool.connect(), catch: (cause) => ({ cause }) }),
      (client) => Effect.tryPromise({ try: () => run(client), catch: (cause) => ({ cause }) }),
      (client, exit) => Effect.sync(() => client.release(Exit.isFailure(exit)))
    )

  const write = <A>(operation: string, run: (client: PoolClient) => Promise<A>) =>
    Effect.mapError(onConnection(run), ({ cause }) => storeUnavailable(config, operation, cause))

  /**
   * Reading twice harms nobody, so a connection that turns out dead is replaced without a word. After a failover every
   * idle one may be dead, and each that is tried leaves the pool.
   */
  const read = <A>(operation: string, run: (client: PoolClient) => Promise<A>) =>
    onConnection(run).pipe(
      Effect.retry({ times: config.maxOpenConnections, while: ({ cause }) => isConnectionLost(cause) }),
      Effect.mapError(({ cause }) => storeUnavailable(config, operation, cause))
    )

  /** What several ask for in one turn, or while others are read, is read together. */
  const select = yield* makeBatches({
    ...BATCHES,
    bytesOf: () => 0,
    nameOf: null,
    run: (keys: ReadonlyArray<ResourceKey>) =>
      Effect.map(read("get", (client) => Rows.selectKeys(client, keys)), ({ resources }) => {
        const found = new Map(resources.map((resource) => [formatKey(resource), resource]))
        return keys.map((key) => found.get(formatKey(key)) ?? ABSENT)
      }),
    isOneToBlame: () => false
  })

  const get = Effect.fnUntraced(function*<T extends ResourceType>(key: ResourceKey<T>) {
    const found = yield* select(key)
    return found !== ABSENT && isType(key.type, found) ? found : (yield* new NotFound({ key: formatKey(key) }))
  })

  /** Tells the feed of what it commits. */
  const commit = <C extends Committed>(run: (client: PoolClient) => Promise<C>) =>
    onConnection(async (client) => {
      const session = sessionOf(client)
      feed.writing(session)
      try {
        const committed = await run(client)
        feed.written(committed.revision, committed.changes)
        return committed
      } finally {
        feed.ended(session)
      }
    })

  const submit = yield* makeBatches({
    ...BATCHES,
    bytesOf: sizeOf,
    nameOf: ({ desired }: Put) => formatKey(desired),
    run: (puts) => Effect.map(commit((client) => putAll(client, puts)), ({ outcomes }) => outcomes),
    isOneToBlame: ({ cause }) => isDataRefused(cause)
  })

  /** Waits for whoever is writing it. */
  const putAlone = Effect.fnUntraced(function*<T extends ResourceType>(
    desired: DesiredResource<T>,
    expected: PutOptions["expect"]
  ) {
    while (true) {
      const current = yield* read("put", (client) => Rows.selectWithSameness(client, desired))
      const step = decidePut(current, expected)
      switch (step._tag) {
        case "Keep":
          return step.resource
        case "Refuse":
          return yield* new Conflict({ key: formatKey(desired), expected: step.expected })
        case "Insert": {
          const inserted = yield* write("put", (client) => Rows.insert(client, desired))
          if (inserted !== undefined) return inserted
          break
        }
        case "Update": {
          const updated = yield* write("put", (client) => Rows.update(client, desired, step.version))
          if (updated !== undefined) return updated
          break
        }
      }
    }
  })

  const put: Store["Service"]["put"] = Effect.fnUntraced(function*(desired, options = {}) {
    const { beside = [], expect, given } = options
    const one = toPut(desired, options)
    const together = commit((client) => putTogether(client, one, beside)).pipe(
      Effect.map(({ outcome }) => outcome),
      // Somebody else made it meanwhile.
      Effect.repeat({ while: ({ _tag }) => _tag === "Busy" })
    )
    const submitted = beside.length > 0
      ? together
      : given === undefined
      ? submit(one)
      : Effect.flatMap(submit(one), (outcome) => outcome._tag === "Busy" ? together : Effect.succeed(outcome))
    const outcome = yield* Effect.mapError(submitted, ({ cause }) => storeUnavailable(config, "put", cause))
    if (outcome._tag === "Missing") {
      return yield* new Conflict({ key: formatKey(given ?? desired), expected: "present" })
    }
    if (outcome._tag === "Refused") {
      return yield* new Conflict({ key: formatKey(desired), expected: outcome.expected })
    }
    return outcome._tag === "Stored" && isType(desired.type, outcome.resource)
      ? outcome.resource
      : yield* putAlone(desired, expect)
  })

  const remove: Store["Service"]["remove"] = Effect.fn("Store.remove")(function*(key, options = {}) {
    const { expect: expected, given, within } = options
    while (true) {
      const outcome = yield* write("remove", async (client) =>
        within !== undefined
          ? removeWithin(client, key, options, within)
          : await Rows.remove(client, key, options) ? "removed" : "not found")
      if (outcome === "removed") return
      const current = yield* get(key)
      if (outcome === "kept") return yield* new Conflict({ key: formatKey(key), expected: current.version })
      if (expected !== undefined && current.version !== expected) {
        return yield* new Conflict({ key: formatKey(key), expected })
      }
      if (given === undefined) continue
      const other = yield* get(given.key).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))
      if (other?.version !== given.version) {
        return yield* new Conflict({ key: formatKey(given.key), expected: given.version })
      }
    }
  })

  return Store.of({
    get,
    put,
    remove,
    changes: feed.changes,
    list: Effect.fn("Store.list")(<T extends ResourceType>(type: T, mesh?: string) =>
      read("list", (client) => Rows.selectType(client, type, mesh))
    ),
    page: Effect.fn("Store.page")((type, part) => read("page", (client) => Rows.selectPage(client, type, part))),
    // One statement sees one snapshot of the database.
    listAll: read("listAll", (client): Promise<ReadonlyArray<Resource>> => Rows.selectAll(client)),
    snapshot: Effect.fn("Store.snapshot")((keys) =>
      read("snapshot", (client) => keys === "all" ? Rows.selectEverything(client) : Rows.selectKeys(client, keys))
    )
  })
})

export const PostgresStore = {
  /** Migrates the database, then serves it; the scope's end closes every connection. */
  layer: (config: StoreConfig, feed?: ChangeFeedOptions) => Layer.effect(Store, make(config, feed))
}
