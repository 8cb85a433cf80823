import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeCallTurns } from "../../../src/controllers/aws/callTurns.ts"

/** A call under way, until `end`. */
const underWay = Effect.fnUntraced(function*({ take }: ReturnType<typeof makeCallTurns>) {
  const gate = yield* Deferred.make<void>()
  const call = yield* Effect.forkChild(take(Deferred.await(gate)), { startImmediately: true })
  return { end: Effect.andThen(Deferred.succeed(gate, undefined), Fiber.join(call)), call }
})

const turnOfTheLoop = Effect.promise(() => new Promise<void>((resume) => setImmediate(() => setImmediate(resume))))

const waiting = Effect.fnUntraced(function*({ wait }: ReturnType<typeof makeCallTurns>) {
  const waiter = yield* Effect.forkChild(wait, { startImmediately: true })
  yield* turnOfTheLoop
  return { isWaiting: Effect.as(turnOfTheLoop, undefined).pipe(Effect.map(() => waiter.pollUnsafe() === undefined)) }
})

describe("a call that gathers requests", () => {
  it.effect("goes at once where none is under way", () =>
    Effect.gen(function*() {
      const { isWaiting } = yield* waiting(makeCallTurns())
      assert.isFalse(yield* isWaiting)
    }))

  it.effect("goes once that has ended which is under way, however it ends", () =>
    Effect.gen(function*() {
      const turns = makeCallTurns()
      for (const ends of ["answered", "interrupted"]) {
        const { call, end } = yield* underWay(turns)
        const { isWaiting } = yield* waiting(turns)
        assert.isTrue(yield* isWaiting)
        yield* ends === "answered" ? end : Fiber.interrupt(call)
        assert.isFalse(yield* isWaiting)
      }
    }))

  it.effect("isn't held up for long by one that isn't answered", () =>
    Effect.gen(function*() {
      const turns = makeCallTurns()
      yield* underWay(turns)
      const { isWaiting } = yield* waiting(turns)
      yield* TestClock.adjust(99)
      assert.isTrue(yield* isWaiting)
      yield* TestClock.adjust(1)
      assert.isFalse(yield* isWaiting)
    }))
})
