/**
 * Tells every subscriber what was committed to the resources, by whichever replica.
 *
 * It LISTENs on a connection of its own, and is told by the store what its own statements committed. From time to time
 * it also asks for the newest revision, which finds a connection that died in silence and a pooler that swallows
 * notifications. Whatever was missed is answered by `Resynced`.
 */
import { Deferred, Effect, Schedule, type Scope, type Stream } from "effect"
import type { Change, StoreUnavailable } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { Broadcast } from "./Broadcast.ts"
import { type DedicatedConnection, openConnection } from "./DedicatedConnection.ts"
import { RESYNCED, RevisionLog } from "./RevisionLog.ts"

export interface ChangeFeedOptions {
  /** Between two questions for the newest revision. */
  readonly rereadMillis: number
  /** How long a notification may trail behind its commit before it counts as missed. */
  readonly graceMillis: number
  /** How long the database may take to answer before its connection counts as lost. */
  readonly answerMillis: number
}

export const changeFeedDefaults: ChangeFeedOptions = { rereadMillis: 10_000, graceMillis: 1_000, answerMillis: 5_000 }

export interface ChangeFeed {
  /**
   * Its subscription stands from the moment its consumer starts (`Stream.toPull` has returned, or a fiber forked with
   * `startImmediately` runs).
   */
  readonly changes: Stream.Stream<Change>
  /**
   * A statement that may write is sent in this session of the database. To be told, too: what it committed, with the
   * revision of the last change, and that it is over.
   */
  readonly writing: (session: number) => void
  readonly written: (last: number, changes: ReadonlyArray<Change>) => void
  readonly ended: (session: number) => void
}

/** An answer follows its notification at once. One that takes longer than this is lost, or worth less than the rest. */
const HOLD_MILLIS = 20

/** Until it is back no proxy hears of anything, and one connection a second is a burden to nobody. */
const reconnecting = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("1 second")]).pipe(
  Schedule.jittered
)

const readRevision = (connection: DedicatedConnection): Effect.Effect<number, StoreUnavailable> =>
  Effect.map(
    connection.query<{ revision: string }>("SELECT revision FROM resource_revision"),
    (rows) => Number(rows[0]?.revision ?? 0)
  )

/** Listening once this returns, until the scope ends. */
export const makeChangeFeed = Effect.fnUntraced(function*(
  config: StoreConfig,
  options: ChangeFeedOptions = changeFeedDefaults
): Effect.fn.Return<ChangeFeed, StoreUnavailable, Scope.Scope> {
  const changes = new Broadcast<Change>()
  const log = new RevisionLog()
  const listening = yield* Deferred.make<void, StoreUnavailable>()

  let holding: NodeJS.Timeout | null = null
  const letGo = (): void => {
    holding = null
    changes.publish(log.release())
  }

  const session = Effect.gen(function*() {
    const connection = yield* openConnection(config, "change feed", options.answerMillis)
    connection.onNotification((payload, sender) => {
      changes.publish(log.notified(payload, sender))
      if (log.isHolding) holding ??= setTimeout(letGo, HOLD_MILLIS)
    })
    yield* connection.query("LISTEN ecs_mesh_resource")
    log.connected(yield* readRevision(connection))
    if (!(yield* Deferred.succeed(listening, undefined))) {
      yield* Effect.logInfo("the change feed is connected again")
      changes.publish([RESYNCED])
    }
    const reread = Effect.gen(function*() {
      yield* Effect.sleep(options.rereadMillis)
      const committed = yield* readRevision(connection)
      yield* Effect.sleep(options.graceMillis)
      const { seen } = log
      const missed = log.committed(committed)
      if (missed.length === 0) return
      yield* Effect.logWarning("the change feed missed notifications").pipe(
        Effect.annotateLogs({ seen, committed })
      )
      changes.publish(missed)
    })
    yield* Effect.raceFirst(connection.lost, Effect.forever(reread))
  }).pipe(
    Effect.scoped,
    Effect.ensuring(Effect.sync(() => log.disconnected())),
    Effect.tapError((error) =>
      Effect.andThen(
        Deferred.fail(listening, error),
        Effect.logWarning("the change feed lost its connection").pipe(Effect.annotateLogs({ reason: error.message }))
      )
    )
  )

  yield* Effect.forkScoped(Effect.retry(session, reconnecting))
  yield* Deferred.await(listening)
  return {
    changes: changes.stream,
    writing: (session) => log.writing(session),
    written: (last, own) => changes.publish(log.written(last, own)),
    ended: (session) => {
      changes.publish(log.ended(session))
      if (holding === null || log.isHolding) return
      clearTimeout(holding)
      holding = null
    }
  }
})
