import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeCallBudget } from "../../../src/controllers/aws/CallBudget.ts"
import { callAws } from "../../../src/controllers/aws/callAws.ts"
import { CallLane, type Lane } from "../../../src/controllers/aws/CallLane.ts"

/** Ten calls at once, then one each 100 ms. */
const quota = { rate: 10, burst: 10 }

/** A budget without a token left; whoever gets one is noted. */
const spent = Effect.gen(function*() {
  const budget = yield* makeCallBudget("test", quota)
  for (let call = 0; call < 10; call++) yield* budget.take("urgent")
  const went: Array<string> = []
  const ask = (lane: Lane, name: string) =>
    budget.take(lane, name).pipe(
      Effect.andThen(Effect.sync(() => void went.push(name))),
      Effect.forkScoped({ startImmediately: true })
    )
  return { budget, went, ask }
})

describe("calls that wait for their token", () => {
  it.effect("go urgent ones first, and within a lane in the order in which they came", () =>
    Effect.gen(function*() {
      const { ask, went } = yield* spent
      for (const name of ["b1", "b2"]) yield* ask("bulk", name)
      for (const name of ["u1", "u2"]) yield* ask("urgent", name)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(went, ["u1"])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(went, ["u1", "u2"])
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(went, ["u1", "u2", "b1", "b2"])
    }).pipe(Effect.scoped))

  it.effect("go before others once they are hurried", () =>
    Effect.gen(function*() {
      const { ask, budget, went } = yield* spent
      for (const name of ["b1", "b2"]) yield* ask("bulk", name)
      budget.hurry("b2")
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(went, ["b2"])
    }).pipe(Effect.scoped))

  it.effect("go before others with their next attempt, where they are hurried while the first is under way", () =>
    Effect.gen(function*() {
      const { ask, budget, went } = yield* spent
      yield* ask("bulk", "b1")
      const isThrottled = yield* Deferred.make<void>()
      const again = Effect.andThen(Deferred.await(isThrottled), Effect.flatMap(ask("bulk", "b2"), Fiber.join))
      yield* Effect.forkScoped(budget.during("b2")(again), { startImmediately: true })
      budget.hurry("b2")
      yield* Deferred.succeed(isThrottled, undefined)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(went, ["b2"])
      // It is over: one that comes later is in no hurry.
      yield* TestClock.adjust(10_000)
      for (let call = 0; call < 10; call++) yield* budget.take("urgent")
      for (const name of ["b3", "b2"]) yield* ask("bulk", name)
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(went, ["b2", "b1", "b3", "b2"])
    }).pipe(Effect.scoped))

  it.effect("are overtaken by nobody who comes when a token has come back", () =>
    Effect.gen(function*() {
      const { ask, budget, went } = yield* spent
      yield* ask("urgent", "u1")
      budget.giveBack()
      yield* ask("urgent", "u2")
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(went, ["u1", "u2"])
    }).pipe(Effect.scoped))

  it.effect("go one in ten where they are bulk, though urgent ones never end: the full look is among them", () =>
    Effect.gen(function*() {
      const { ask, went } = yield* spent
      for (const name of ["b1", "b2"]) yield* ask("bulk", name)
      // As many as there are tokens, so that none is ever left.
      for (let call = 1; call <= 25; call++) {
        yield* ask("urgent", `u${call}`)
        yield* TestClock.adjust(100)
      }
      assert.deepStrictEqual([went.indexOf("b1"), went.indexOf("b2")], [9, 19])
    }).pipe(Effect.scoped))

  it.effect("all get theirs, however many wait, and never more than the quota allows", () =>
    Effect.gen(function*() {
      const { ask, budget, went } = yield* spent
      for (let call = 0; call < 100; call++) yield* ask(call % 3 === 0 ? "urgent" : "bulk", String(call))
      for (let second = 1; second <= 5; second++) {
        yield* TestClock.adjust(1_000)
        assert.isAtMost(went.length, second * quota.rate)
      }
      budget.refused()
      yield* TestClock.adjust(1_000)
      assert.isAtMost(went.length, 5 * quota.rate + quota.rate / 2)
      yield* TestClock.adjust(60_000)
      assert.strictEqual(new Set(went).size, 100)
    }).pipe(Effect.scoped))
})

describe("a call that AWS throttles", () => {
  it.effect("takes a token for each attempt, makes all calls rarer, and succeeds in the end", () =>
    Effect.gen(function*() {
      const budget = yield* makeCallBudget("test", quota)
      let attempts = 0
      const call = callAws({
        service: "ECS",
        operation: "DescribeTasks",
        budget,
        run: async () => {
          attempts += 1
          if (attempts < 4) throw Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" })
          return attempts
        }
      }).pipe(Effect.provideService(CallLane, "bulk"))
      const fiber = yield* Effect.forkScoped(call)
      for (let step = 0; step < 40; step++) {
        yield* TestClock.adjust(500)
        yield* Effect.promise(() => new Promise<void>((resume) => setImmediate(resume)))
      }
      assert.deepStrictEqual(fiber.pollUnsafe()?._tag, "Success")
      assert.strictEqual(attempts, 4)
      assert.isBelow(budget.rate(), quota.rate * 0.8)
    }).pipe(Effect.scoped))
})
