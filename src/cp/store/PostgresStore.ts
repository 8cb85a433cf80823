/**
 * The `Store` on Postgres, embedded or any other. It receives resources of whatever kind, keeps them as rows, and
 * hands them back as they were put; it never looks into a spec.
 *
 * No statement holds a lock beyond itself: a put reads, decides, and writes on condition that what it read
 * still stands; otherwise it starts over.
 */
import { Effect, Exit, Layer } from "effect"
import { Pool, type PoolClient } from "pg"
import { formatKey, type Resource, type ResourceKey, type ResourceType } from "../../model/Resource.ts"
import { Conflict, NotFound, Store } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { type ChangeFeedOptions, makeChangeFeed } from "./ChangeFeed.ts"
import { connectionOptions } from "./connectionOptions.ts"
import { decidePut } from "./decidePut.ts"
import { migrate } from "./migrate.ts"
import * as Rows from "./resourceRows.ts"
import { isConnectionLost, storeUnavailable } from "./storeUnavailable.ts"

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

const make = Effect.fnUntraced(function*(config: StoreConfig, feed?: ChangeFeedOptions) {
  yield* migrate(config)
  const pool = yield* openPool(config)
  const changes = yield* makeChangeFeed(config, feed)

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

  const get = Effect.fn("Store.get")(function*<T extends ResourceType>(key: ResourceKey<T>) {
    const found = yield* read("get", (client) => Rows.selectOne(client, key))
    return found ?? (yield* new NotFound({ key: formatKey(key) }))
  })

  const put: Store["Service"]["put"] = Effect.fn("Store.put")(function*(desired, options) {
    while (true) {
      const current = yield* read("put", (client) => Rows.selectWithSameness(client, desired))
      const step = decidePut(current, options?.expect)
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

  const remove: Store["Service"]["remove"] = Effect.fn("Store.remove")(function*(key, options) {
    const expected = options?.expect
    while (!(yield* write("remove", (client) => Rows.remove(client, key, expected)))) {
      const current = yield* get(key)
      if (expected !== undefined && current.version !== expected) {
        return yield* new Conflict({ key: formatKey(key), expected })
      }
    }
  })

  return Store.of({
    get,
    put,
    remove,
    changes,
    list: Effect.fn("Store.list")(<T extends ResourceType>(type: T, mesh?: string) =>
      read("list", (client) => Rows.selectType(client, type, mesh))
    ),
    // One statement sees one snapshot of the database.
    listAll: read("listAll", (client): Promise<ReadonlyArray<Resource>> => Rows.selectAll(client))
  })
})

export const PostgresStore = {
  /** Migrates the database, then serves it; the scope's end closes every connection. */
  layer: (config: StoreConfig, feed?: ChangeFeedOptions) => Layer.effect(Store, make(config, feed))
}
