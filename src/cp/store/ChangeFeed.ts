/**
 * Tells every subscriber what was committed to the resources, by whichever replica.
 *
 * It LISTENs on a connection of its own. Each notification carries the revision that its commit made; revisions
 * have no gaps and follow the order of commits (see migrations/001_resources.sql), so a jump means that something
 * was missed. From time to time it also asks for the newest revision, which finds a connection that died in
 * silence and a pooler that swallows notifications. Whatever was missed is answered by `Resynced`.
 */
import { Channel, Deferred, Effect, Option, PubSub, Schedule, Schema, Scope, Stream } from "effect"
import type { ResourceType } from "../../model/Resource.ts"
import type { Change, StoreUnavailable } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { type DedicatedConnection, openConnection } from "./DedicatedConnection.ts"

export interface ChangeFeedOptions {
  /** Between two questions for the newest revision. */
  readonly rereadMillis: number
  /** How long a notification may trail behind its commit before it counts as missed. */
  readonly graceMillis: number
  /** How long the database may take to answer before its connection counts as lost. */
  readonly answerMillis: number
}

export const changeFeedDefaults: ChangeFeedOptions = { rereadMillis: 10_000, graceMillis: 1_000, answerMillis: 5_000 }

/** Until it is back no proxy hears of anything, and one connection a second is a burden to nobody. */
const reconnecting = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("1 second")]).pipe(
  Schedule.jittered
)

const Payload = Schema.fromJsonString(
  Schema.Union([
    Schema.Tuple([Schema.Number, Schema.Struct({ type: Schema.String, mesh: Schema.String, name: Schema.String })]),
    Schema.Tuple([Schema.Number])
  ])
)
const decodePayload = Schema.decodeUnknownOption(Payload)

const RESYNCED: Change = { _tag: "Resynced" }

/** What a notification means to somebody who has seen all up to `seen`. */
export const readNotification = (
  payload: string,
  seen: number
): { readonly change: Change; readonly seen: number } => {
  const decoded = decodePayload(payload)
  if (Option.isNone(decoded)) return { change: RESYNCED, seen }
  const [revision, key] = decoded.value
  const missed = revision > seen + 1
  return {
    change: missed || key === undefined
      ? RESYNCED
      // The store knows no kind: it hands back the type that somebody put.
      : { _tag: "Changed", key: { type: key.type as ResourceType, mesh: key.mesh, name: key.name } },
    seen: Math.max(seen, revision)
  }
}

const readRevision = (connection: DedicatedConnection): Effect.Effect<number, StoreUnavailable> =>
  Effect.map(
    connection.query<{ revision: string }>("SELECT revision FROM resource_revision"),
    (rows) => Number(rows[0]?.revision ?? 0)
  )

/**
 * Listening once this returns, until the scope ends. The stream's subscription stands from the moment its
 * consumer starts (`Stream.toPull` has returned, or a fiber forked with `startImmediately` runs).
 */
export const makeChangeFeed = Effect.fnUntraced(function*(
  config: StoreConfig,
  options: ChangeFeedOptions = changeFeedDefaults
): Effect.fn.Return<Stream.Stream<Change>, StoreUnavailable, Scope.Scope> {
  const changes = yield* PubSub.unbounded<Change>()
  const listening = yield* Deferred.make<void, StoreUnavailable>()

  const session = Effect.gen(function*() {
    const connection = yield* openConnection(config, "change feed", options.answerMillis)
    let seen = Number.MAX_SAFE_INTEGER
    connection.onNotification((payload) => {
      const notification = readNotification(payload, seen)
      seen = notification.seen
      PubSub.publishUnsafe(changes, notification.change)
    })
    yield* connection.query("LISTEN ecs_mesh_resource")
    seen = yield* readRevision(connection)
    if (!(yield* Deferred.succeed(listening, undefined))) {
      yield* Effect.logInfo("the change feed is connected again")
      PubSub.publishUnsafe(changes, RESYNCED)
    }
    const reread = Effect.gen(function*() {
      yield* Effect.sleep(options.rereadMillis)
      const committed = yield* readRevision(connection)
      yield* Effect.sleep(options.graceMillis)
      if (seen < committed) {
        yield* Effect.logWarning("the change feed missed notifications").pipe(
          Effect.annotateLogs({ seen, committed })
        )
        seen = committed
        PubSub.publishUnsafe(changes, RESYNCED)
      }
    })
    yield* Effect.raceFirst(connection.lost, Effect.forever(reread))
  }).pipe(
    Effect.scoped,
    Effect.tapError((error) =>
      Effect.andThen(
        Deferred.fail(listening, error),
        Effect.logWarning("the change feed lost its connection").pipe(Effect.annotateLogs({ reason: error.message }))
      )
    )
  )

  yield* Effect.forkScoped(Effect.retry(session, reconnecting))
  yield* Deferred.await(listening)

  // Stream.fromPubSub subscribes at the first pull; this subscribes when the consumer starts.
  return Stream.fromChannel(
    Channel.fromTransform((_upstream: unknown, scope) =>
      PubSub.subscribe(changes).pipe(
        Scope.provide(scope),
        Effect.map((subscription) => PubSub.takeAll(subscription))
      )
    )
  )
})
