import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { goOn } from "../../src/controllers/goOn.ts"

describe("work that must not end", () => {
  it.effect("goes on a second after a defect, and ends when it is interrupted", () =>
    Effect.gen(function*() {
      let rounds = 0
      const round = Effect.suspend(() => {
        rounds += 1
        return rounds === 1 ? Effect.die(new Error("broken")) : Effect.never
      })
      const fiber = yield* Effect.forkChild(round.pipe(goOn("A test")))
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(rounds, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(rounds, 2)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(rounds, 2)
    }))
})
