import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { SqsReader } from "../../../src/controllers/aws/SqsReader.ts"
import { receiveAll } from "../../../src/controllers/event/receiveAll.ts"

/** A queue that never empties. `open`: what ends each message that was taken and isn't done with. */
const world = Effect.fnUntraced(function*(bound: { most: number }) {
  const seen = { received: 0, open: new Array<() => void>() }
  const sqs = Layer.mock(SqsReader, {
    receive: () =>
      Effect.sync(() =>
        Array.from({ length: 10 }, () => ({ receipt: String(seen.received += 1), body: "" }))
      ).pipe(Effect.delay("10 millis"))
  })
  const take = (_: unknown, done: () => void) => Effect.sync(() => void seen.open.push(done))
  yield* receiveAll({ queueUrl: "queue", mostOpen: () => bound.most, take }).pipe(Effect.provide(sqs), Effect.forkScoped)
  return seen
})

describe("messages that are under way", () => {
  it.effect("are as many as may be, and more come as they are done with", () =>
    Effect.gen(function*() {
      const seen = yield* world({ most: 100 })
      yield* TestClock.adjust(10_000)
      // Receivers that had begun bring what they got.
      assert.isAtMost(seen.received, 100 + 24 * 10)
      const before = seen.received
      for (const done of seen.open.splice(0)) done()
      yield* TestClock.adjust(100)
      assert.isAbove(seen.received, before)
    }).pipe(Effect.scoped))

  it.effect("may be more once AWS throttles no longer, though none is done with meanwhile", () =>
    Effect.gen(function*() {
      const bound = { most: 1 }
      const seen = yield* world(bound)
      yield* TestClock.adjust(10_000)
      assert.strictEqual(seen.received, 10)
      bound.most = 100
      yield* TestClock.adjust(2_000)
      assert.isAtLeast(seen.received, 100)
    }).pipe(Effect.scoped))

  it.effect("hold nobody up for longer than the queue waits for them: then it delivers them again", () =>
    Effect.gen(function*() {
      const seen = yield* world({ most: 15 })
      yield* TestClock.adjust(59_000)
      const { received: first } = seen
      yield* TestClock.adjust(3_000)
      const { received: second } = seen
      assert.isAbove(second, first)
      // Late, and of no account any more.
      for (const done of seen.open.splice(0, first)) done()
      yield* TestClock.adjust(3_000)
      assert.strictEqual(seen.received, second)
    }).pipe(Effect.scoped))
})
