/**
 * One connection outside of the pool, for what lives as long as a session does: advisory locks and LISTEN.
 * It tells when it is lost and never repairs itself; whoever holds it opens another.
 */
import { setTimeout as delay } from "node:timers/promises"
import { Deferred, Effect, type Scope } from "effect"
import { Client, type QueryResultRow } from "pg"
import type { StoreUnavailable } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { connectionOptions } from "./connectionOptions.ts"
import { storeUnavailable } from "./storeUnavailable.ts"

export interface DedicatedConnection {
  readonly query: <Row extends QueryResultRow>(
    sql: string,
    values?: ReadonlyArray<unknown>
  ) => Effect.Effect<ReadonlyArray<Row>, StoreUnavailable>
  /** Calls back with each notification and the id of the session that sent it, in the order of their commits. */
  readonly onNotification: (listener: (payload: string, sender: number) => void) => void
  /** Fails as soon as the connection is gone, never succeeds. */
  readonly lost: Effect.Effect<never, StoreUnavailable>
}

/** A peer that is gone may never say goodbye. */
const CLOSE_TIMEOUT_MILLIS = 1_000

const close = (client: Client): Promise<void> =>
  Promise.race([client.end().catch(() => {}), delay(CLOSE_TIMEOUT_MILLIS, undefined, { ref: false })])

/** Open until the scope ends. `timeoutMillis` bounds each query where the pool's bound is too long. */
export const openConnection = Effect.fnUntraced(function*(
  config: StoreConfig,
  purpose: string,
  timeoutMillis?: number
): Effect.fn.Return<DedicatedConnection, StoreUnavailable, Scope.Scope> {
  const failed = (cause: unknown) => storeUnavailable(config, purpose, cause)
  const lost = yield* Deferred.make<never, StoreUnavailable>()
  const lose = (cause: unknown) => Deferred.doneUnsafe(lost, Effect.fail(failed(cause)))

  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        const options = connectionOptions(config, purpose)
        return new Client(timeoutMillis === undefined ? options : { ...options, query_timeout: timeoutMillis })
      },
      catch: failed
    }),
    (client) => Effect.promise(() => close(client))
  )
  client.on("error", lose)
  client.on("end", () => lose(new Error("the connection was closed")))
  yield* Effect.tryPromise({ try: () => client.connect(), catch: failed })

  return {
    query: <Row extends QueryResultRow>(sql: string, values: ReadonlyArray<unknown> = []) =>
      Effect.tryPromise({
        try: () => client.query<Row>(sql, [...values]).then((result): ReadonlyArray<Row> => result.rows),
        catch: failed
      }),
    onNotification: (listener) => {
      client.on("notification", ({ payload, processId }) => listener(payload ?? "", processId))
    },
    lost: Deferred.await(lost)
  }
})
