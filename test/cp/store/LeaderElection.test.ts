import { assert, describe, it } from "@effect/vitest"
import { type Duration, Effect, Fiber, Queue } from "effect"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { LeaderElection } from "../../../src/cp/store/LeaderElection.ts"
import { silencableProxy } from "./silencableProxy.ts"
import { useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()

const KILL_LEADER = `
  SELECT pg_terminate_backend(pid) FROM pg_locks
  WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

const CANDIDATES = `
  SELECT 1 FROM pg_stat_activity
  WHERE application_name = 'ecs-mesh leader election' AND datname = current_database()
    AND state = 'idle' AND query LIKE '%pg_try_advisory_lock%'`

/** Sessions whose last question was for the lock: the leader's is one until its first heartbeat. */
const candidates = (config: StoreConfig, wanted: number) =>
  Effect.gen(function*() {
    while ((yield* Effect.promise(() => databases.query(config, CANDIDATES))).length !== wanted) {
      yield* Effect.sleep("10 millis")
    }
  }).pipe(Effect.timeout("5 seconds"))

/** A replica whose work tells when it begins and when it has ended. */
const replica = (config: StoreConfig, name: string, told: Queue.Queue<string>, windsUp: Duration.Input = "50 millis") =>
  Effect.gen(function*() {
    const { runWhileLeader } = yield* LeaderElection
    return yield* runWhileLeader(
      Effect.acquireUseRelease(
        Queue.offer(told, `${name} begins`),
        () => Effect.never,
        // Work that is slow to end must still have ended before anything else begins here.
        () => Effect.andThen(Effect.sleep(windsUp), Queue.offer(told, `${name} ended`))
      )
    )
  }).pipe(Effect.provide(LeaderElection.layer(config)), Effect.forkChild({ startImmediately: true }))

const within = <A, E>(told: Effect.Effect<A, E>) => Effect.timeout(told, "5 seconds")

// All at once, as they wait most of the time, each on a database of its own.
describe.concurrent("of two replicas", () => {
  it.live("one leads, and the other takes over when it stops", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const told = yield* Queue.unbounded<string>()
      const a = yield* replica(config, "a", told)
      assert.strictEqual(yield* within(Queue.take(told)), "a begins")
      yield* replica(config, "b", told)
      const early = yield* Effect.timeoutOption(Queue.take(told), "1500 millis")
      assert.strictEqual(early._tag, "None")
      yield* Fiber.interrupt(a)
      assert.strictEqual(yield* within(Queue.take(told)), "a ended")
      assert.strictEqual(yield* within(Queue.take(told)), "b begins")
    }), 30_000)

  it.live("the leader ends its work at once when its connection is killed, and one of them leads again", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const told = yield* Queue.unbounded<string>()
      yield* replica(config, "a", told)
      yield* within(Queue.take(told))
      yield* candidates(config, 0)
      yield* replica(config, "b", told)
      yield* candidates(config, 1)
      const killed = Date.now()
      yield* Effect.promise(() => databases.query(config, KILL_LEADER))
      assert.strictEqual(yield* within(Queue.take(told)), "a ended")
      assert.isBelow(Date.now() - killed, 1_000)
      assert.match(yield* within(Queue.take(told)), /^[ab] begins$/)
      assert.isBelow(Date.now() - killed, 5_000)
    }), 30_000)

  it.live("the leader ends its work when its connection falls silent, before the server frees the lock", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const network = yield* silencableProxy(config)
      const told = yield* Queue.unbounded<string>()
      yield* replica({ ...config, port: network.port }, "a", told)
      yield* within(Queue.take(told))
      const silenced = Date.now()
      network.silence()
      assert.strictEqual(yield* within(Queue.take(told)), "a ended")
      assert.isBelow(Date.now() - silenced, 4_000)
    }).pipe(Effect.scoped), 30_000)

  it.live("one that comes while a cut leader still winds up waits for it", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const told = yield* Queue.unbounded<string>()
      yield* replica(config, "a", told, "700 millis")
      yield* within(Queue.take(told))
      yield* Effect.promise(() => databases.query(config, KILL_LEADER))
      yield* replica(config, "b", told)
      assert.strictEqual(yield* within(Queue.take(told)), "a ended")
      assert.match(yield* within(Queue.take(told)), /^[ab] begins$/)
    }), 30_000)

  it.live("both wait while the database refuses connections", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const told = yield* Queue.unbounded<string>()
      yield* Effect.promise(() =>
        databases.query({ ...config, dbName: "postgres" }, `ALTER DATABASE ${config.dbName} ALLOW_CONNECTIONS false`)
      )
      yield* replica(config, "a", told)
      const early = yield* Effect.timeoutOption(Queue.take(told), "1500 millis")
      assert.strictEqual(early._tag, "None")
      yield* Effect.promise(() =>
        databases.query({ ...config, dbName: "postgres" }, `ALTER DATABASE ${config.dbName} ALLOW_CONNECTIONS true`)
      )
      assert.strictEqual(yield* within(Queue.take(told)), "a begins")
    }), 30_000)
})

describe.concurrent("the leader's work", () => {
  it.live("may end, and the leadership stays", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const told = yield* Queue.unbounded<string>()
      const { runWhileLeader } = yield* Effect.provide(LeaderElection, LeaderElection.layer(config))
      yield* Effect.forkChild(runWhileLeader(Queue.offer(told, "done")))
      yield* within(Queue.take(told))
      yield* replica(config, "b", told)
      const early = yield* Effect.timeoutOption(Queue.take(told), "1500 millis")
      assert.strictEqual(early._tag, "None")
    }), 30_000)

  it.live("may fail: the leadership is given up and the failure handed on", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const told = yield* Queue.unbounded<string>()
      const { runWhileLeader } = yield* Effect.provide(LeaderElection, LeaderElection.layer(config))
      assert.strictEqual(yield* within(Effect.flip(runWhileLeader(Effect.fail("broken")))), "broken")
      yield* replica(config, "b", told)
      assert.strictEqual(yield* within(Queue.take(told)), "b begins")
    }), 30_000)
})
