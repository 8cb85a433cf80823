/** What many tasks cost, counted: calls to an AWS that keeps its quotas, and statements to a real Postgres. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { FakeAccount } from "../../bench/controllers/FakeAccount.ts"
import { serveFakeAws } from "../../bench/controllers/serveFakeAws.ts"
import { operate } from "../../src/controllers/Operator.ts"
import { Journal } from "../../src/model/Journal.ts"
import { Store } from "../../src/model/Store.ts"
import { countStatements } from "../cp/store/countStatements.ts"
import { emptyMesh, openStore, useTestDatabases } from "../cp/store/testDatabases.ts"
import { testAwsConfig } from "./aws/testAwsConfig.ts"

const databases = useTestDatabases()

const TASKS = 1_000
const SERVICES = 10

/** An operator before an account of that many tasks. */
const world = Effect.fnUntraced(function*(apiShare = 1) {
  process.env["AWS_ACCESS_KEY_ID"] = "test"
  process.env["AWS_SECRET_ACCESS_KEY"] = "test"
  const account = new FakeAccount(TASKS, SERVICES, false)
  const { endpoint } = yield* Effect.acquireRelease(
    Effect.promise(() => serveFakeAws(account, 5)),
    (aws) => Effect.sync(aws.close)
  )
  const store = yield* openStore(yield* Effect.promise(databases.create))
  yield* store.put(emptyMesh())
  const statements = yield* Effect.acquireRelease(Effect.sync(countStatements), ({ stop }) => Effect.sync(stop))
  const aws = testAwsConfig(endpoint, { clusters: ["many"], apiShare })
  yield* operate({ zone: "zone-1", aws }).pipe(
    Effect.provide(Layer.merge(Layer.succeed(Store, store), Journal.none)),
    Effect.forkScoped
  )
  const versions = Effect.map(store.list("EcsTask"), (tasks) =>
    new Map(tasks.filter(({ spec }) => spec.phase === "registered").map(({ name, spec }) => [name, spec.taskVersion])))
  const until = (met: Effect.Effect<boolean>) =>
    met.pipe(
      Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("100 millis") }),
      Effect.timeout("60 seconds")
    )
  yield* until(Effect.map(Effect.orDie(versions), ({ size }) => size === TASKS))
  return { account, statements, until, versions }
})

const calls = ({ counts }: FakeAccount, operation: string): number => counts.calls[operation] ?? 0

describe("many tasks", () => {
  it.live("are registered with the fewest calls that pages of 100 allow, and few statements", () =>
    Effect.gen(function*() {
      const { account, statements } = yield* world()
      assert.strictEqual(calls(account, "ListTasks"), TASKS / 100)
      // Ten, and some that went before they were full.
      assert.isAtMost(calls(account, "DescribeTasks"), TASKS / 100 + 5)
      assert.strictEqual(calls(account, "DescribeTaskDefinition"), SERVICES)
      assert.strictEqual(calls(account, "GetRole"), SERVICES)
      assert.strictEqual(account.counts.throttled, 0)
      assert.isAtMost(statements.texts().length, TASKS / 2)
    }).pipe(Effect.scoped), 120_000)

  it.live("lose nothing where AWS throttles: the share was set higher than what there is", () =>
    Effect.gen(function*() {
      const { account, versions } = yield* world(10)
      assert.strictEqual((yield* versions).size, TASKS)
      // So many at once that AWS refuses some of them.
      for (let call = 0; call < 200; call++) account.admits("DescribeTasks")
      for (const id of account.tasks.keys()) account.change(id)
      yield* Effect.sync(() => account.counts.deleted).pipe(
        Effect.repeat({ until: (deleted) => deleted === TASKS, schedule: Schedule.spaced("100 millis") }),
        Effect.timeout("90 seconds")
      )
      assert.isAbove(account.counts.throttled, 0)
      const stored = yield* versions
      for (const { id, version } of account.tasks.values()) assert.strictEqual(stored.get(id), version)
    }).pipe(Effect.scoped), 180_000)

  it.live("share looks, receivers and deletions in a storm of events", () =>
    Effect.gen(function*() {
      const { account, until, versions } = yield* world()
      const ids = [...account.tasks.keys()].slice(0, 200)
      account.resetCounts()
      const events = 2_000
      for (let event = 0; event < events; event++) account.change(ids[event % ids.length] ?? "")
      yield* until(Effect.sync(() => account.counts.deleted === events))
      const stored = yield* versions
      for (const id of ids) assert.strictEqual(stored.get(id), account.tasks.get(id)?.version)
      // Events that come together share a look.
      assert.isAtMost(account.counts.described, events)
      assert.isAtMost(calls(account, "DescribeTasks"), events / 10)
      // Receivers that find little end.
      assert.isAtMost(calls(account, "ReceiveMessage"), events / 10 + 60)
      assert.isAtMost(calls(account, "DeleteMessageBatch"), events / 10 + 30)
      assert.strictEqual(calls(account, "GetRole"), 0)
      assert.strictEqual(account.counts.throttled, 0)
    }).pipe(Effect.scoped), 120_000)
})
