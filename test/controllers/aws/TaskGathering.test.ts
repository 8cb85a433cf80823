import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import { makeCallBudget } from "../../../src/controllers/aws/CallBudget.ts"
import { CallLane, type Lane } from "../../../src/controllers/aws/CallLane.ts"
import { makeTaskGathering } from "../../../src/controllers/aws/TaskGathering.ts"

/** Answers each call after 10 ms. `calls`: who went with each. */
const gathering = Effect.fnUntraced(function*(quota: { readonly rate: number; readonly burst: number }) {
  const calls: Array<ReadonlyArray<string>> = []
  const answered: Array<string> = []
  const budget = yield* makeCallBudget("test", quota)
  const lookAt = yield* makeTaskGathering((_, ids) =>
    Effect.sync(() => void calls.push(ids)).pipe(
      Effect.andThen(Effect.sleep("10 millis")),
      Effect.as(() => Exit.succeed(null))
    ), budget)
  const ask = (taskId: string, lane: Lane, cluster = "demo") =>
    lookAt({ cluster, taskId }).pipe(
      Effect.andThen(Effect.sync(() => void answered.push(taskId))),
      Effect.provideService(CallLane, lane),
      Effect.forkScoped({ startImmediately: true })
    )
  const askMany = (count: number, lane: Lane, name = "t") =>
    Effect.forEach(Array.from({ length: count }, (_, at) => `${name}${at}`), (id) => ask(id, lane), { discard: true })
  return { calls, answered, ask, askMany, budget }
})

const settle = Effect.repeat(TestClock.adjust(0), { times: 20 })
const rich = { rate: 1_000, burst: 1_000 }

describe("looks at tasks", () => {
  it.effect("of a full look take the fewest calls there can be", () =>
    Effect.gen(function*() {
      const { answered, askMany, calls } = yield* gathering(rich)
      yield* askMany(5_000, "bulk")
      yield* Effect.repeat(TestClock.adjust(30), { times: 80 })
      assert.strictEqual(calls.length, 50)
      assert.strictEqual(answered.length, 5_000)
    }).pipe(Effect.scoped))

  it.effect("go at once where one alone is urgent, and those that come meanwhile share the next", () =>
    Effect.gen(function*() {
      const { ask, calls } = yield* gathering(rich)
      yield* ask("a", "urgent")
      yield* settle
      assert.deepStrictEqual(calls, [["a"]])
      for (const id of ["b", "c", "a"]) yield* ask(id, "urgent")
      yield* settle
      assert.strictEqual(calls.length, 1)
      yield* TestClock.adjust(10)
      yield* settle
      assert.deepStrictEqual(calls, [["a"], ["b", "c", "a"]])
    }).pipe(Effect.scoped))

  it.effect("go with the next call where they are urgent, which takes others along as far as it has room", () =>
    Effect.gen(function*() {
      const { ask, askMany, budget, calls } = yield* gathering({ rate: 1, burst: 2 })
      for (let call = 0; call < 2; call++) yield* budget.take("urgent")
      yield* askMany(300, "bulk")
      yield* settle
      yield* ask("stop", "urgent")
      yield* ask("t299", "urgent")
      yield* settle
      assert.strictEqual(calls.length, 0)
      yield* TestClock.adjust(1_000)
      yield* settle
      assert.strictEqual(calls.length, 1)
      assert.deepStrictEqual(calls[0]?.slice(0, 2), ["stop", "t299"])
      assert.strictEqual(calls[0]?.length, 100)
    }).pipe(Effect.scoped))

  it.effect("of a storm fill the calls that the quota leaves, and each is answered", () =>
    Effect.gen(function*() {
      const { answered, askMany, calls } = yield* gathering({ rate: 10, burst: 10 })
      // A thousand a second, for ten seconds.
      for (let tick = 0; tick < 100; tick++) {
        yield* askMany(100, "urgent", `e${tick}-`)
        yield* TestClock.adjust(100)
      }
      yield* Effect.repeat(TestClock.adjust(100), { times: 30 })
      assert.strictEqual(answered.length, 10_000)
      assert.isAtMost(calls.length, 10 + 10 * 13)
    }).pipe(Effect.scoped))

  it.effect("that nobody waits for any more aren't made", () =>
    Effect.gen(function*() {
      const { ask, calls } = yield* gathering(rich)
      const fiber = yield* ask("a", "bulk")
      yield* Effect.sync(() => fiber.interruptUnsafe())
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(calls, [])
    }).pipe(Effect.scoped))

  it.effect("of two clusters take turns", () =>
    Effect.gen(function*() {
      const { ask, calls } = yield* gathering({ rate: 1, burst: 2 })
      for (const cluster of ["one", "two"]) for (const id of ["a", "b"]) yield* ask(`${cluster} ${id}`, "bulk", cluster)
      yield* Effect.repeat(TestClock.adjust(500), { times: 10 })
      assert.deepStrictEqual(calls, [["one a", "one b"], ["two a", "two b"]])
    }).pipe(Effect.scoped))
})
