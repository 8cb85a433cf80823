/**
 * Of all replicas on one database, lets one at a time run what must run once: the controllers.
 *
 * The leader is who holds an advisory lock, which Postgres keeps as long as the session lives
 * (https://www.postgresql.org/docs/18/explicit-locking.html#ADVISORY-LOCKS). A crashed leader's session ends with its
 * socket. Of one whose network is cut, the leader itself must learn first: it notices within
 * HEARTBEAT + ANSWER_TIMEOUT = 3 s and stops its work; the server ends its session after 4 s at the earliest.
 */
import { Context, Effect, Layer, Result, Scope } from "effect"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { LEADER_LOCK } from "./advisoryLocks.ts"
import { openConnection } from "./DedicatedConnection.ts"

const HEARTBEAT = "1 second"
const ANSWER_TIMEOUT_MILLIS = 2_000
const ATTEMPT_EVERY = "1 second"
/**
 * A leader whose session was ended by the server is still winding up when the lock is free already. Who comes at that
 * moment can't know of it, so that the first leader waits too.
 */
const SUCCESSION = "1 second"

/**
 * A peer that was silent for 2 s is probed each second, and given up 5 s after it was last heard; at the cut that may
 * have been a heartbeat ago.
 */
const SERVER_DROPS_DEAD_PEERS = `
  SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;
  SET tcp_user_timeout = 5000`

export class LeaderElection extends Context.Service<
  LeaderElection,
  {
    /**
     * Runs the effect whenever this replica is the leader, from the start each time. It is interrupted at once when
     * leadership is lost, and its finalizers are waited for. An effect that ends keeps the leadership; one that
     * fails gives it up and fails the whole.
     */
    readonly runWhileLeader: <E, R>(effect: Effect.Effect<void, E, R>) => Effect.Effect<never, E, R>
  }
>()("ecs-mesh/cp/store/LeaderElection") {
  static readonly layer = (config: StoreConfig): Layer.Layer<LeaderElection> =>
    Layer.succeed(LeaderElection, { runWhileLeader: (effect) => runWhileLeader(config, effect) })
}

/** A session that holds the lock; ends with the scope. */
const campaign = Effect.fnUntraced(function*(config: StoreConfig) {
  const session = yield* openConnection(config, "leader election", ANSWER_TIMEOUT_MILLIS)
  yield* session.query(SERVER_DROPS_DEAD_PEERS)
  const attempt = Effect.map(
    session.query<{ won: boolean }>("SELECT pg_try_advisory_lock($1) AS won", [LEADER_LOCK]),
    ([row]) => row?.won === true
  )
  while (!(yield* attempt)) yield* Effect.raceFirst(session.lost, Effect.sleep(ATTEMPT_EVERY))
  yield* Effect.raceFirst(session.lost, Effect.sleep(SUCCESSION))
  return session
})

/** From candidacy to the loss of the leadership, or to a failure to be a candidate. */
const term = <E, R>(config: StoreConfig, effect: Effect.Effect<void, E, R>): Effect.Effect<void, E, R> =>
  Effect.scopedWith((scope) =>
    Effect.gen(function*() {
      const elected = yield* Effect.result(Scope.provide(campaign(config), scope))
      if (Result.isFailure(elected)) {
        yield* Effect.logWarning("no leader can be elected: trying again").pipe(
          Effect.annotateLogs({ reason: elected.failure.message })
        )
        return yield* Effect.sleep(ATTEMPT_EVERY)
      }
      const session = elected.success
      yield* Effect.logInfo("this replica leads")
      const heartbeat = Effect.forever(Effect.andThen(Effect.sleep(HEARTBEAT), session.query("SELECT 1")))
      const lost = Effect.flip(Effect.raceFirst(session.lost, heartbeat))
      const { message } = yield* Effect.raceFirst(Effect.andThen(effect, Effect.never), lost)
      yield* Effect.logWarning("this replica leads no more").pipe(Effect.annotateLogs({ reason: message }))
    })
  )

const runWhileLeader = <E, R>(config: StoreConfig, effect: Effect.Effect<void, E, R>): Effect.Effect<never, E, R> =>
  Effect.forever(term(config, effect))
