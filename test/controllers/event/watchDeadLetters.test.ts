import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Metric } from "effect"
import { TestClock } from "effect/testing"
import { AwsCallFailed } from "../../../src/controllers/aws/AwsCallFailed.ts"
import { EventBus } from "../../../src/controllers/aws/EventBus.ts"
import { deadLetters, watchDeadLetters } from "../../../src/controllers/event/watchDeadLetters.ts"

const denied = new AwsCallFailed({
  service: "SQS",
  operation: "GetQueueAttributes",
  kind: "denied",
  code: "AccessDenied",
  message: "not allowed"
})

/** What is said where each count, a minute after the other, answers the next of these. */
const said = Effect.fnUntraced(function*(answers: ReadonlyArray<number | AwsCallFailed>) {
  const lines: Array<string> = []
  let asked = 0
  const count = Effect.suspend(() => {
    const answer = answers[asked++] ?? 0
    return typeof answer === "number" ? Effect.succeed({ queue: "arn:dlq", messages: answer }) : Effect.fail(answer)
  })
  const logger = Logger.make<unknown, void>(({ logLevel, message }) => void lines.push(`${logLevel}: ${String(message)}`))
  yield* watchDeadLetters("https://queue", 60).pipe(
    Effect.provide(Layer.succeed(EventBus, { ensure: () => Effect.succeed(null), deadLetters: () => count })),
    Effect.provide(Logger.layer([logger])),
    Effect.forkScoped
  )
  for (const _ of answers.slice(1)) yield* TestClock.adjust("60 seconds")
  // Nothing is asked in between.
  yield* TestClock.adjust("59 seconds")
  assert.strictEqual(asked, answers.length)
  return lines
})

describe("the dead-letter queue", () => {
  it.effect("is told of when events lie in it, once for each count, and when it is empty again", () =>
    Effect.gen(function*() {
      const lines = yield* said([0, 3, 3, 4, 0, 0])
      assert.deepStrictEqual(lines.map((line) => line.slice(0, 32)), [
        "Warn: Events could not be handle",
        "Warn: Events could not be handle",
        "Info: The dead-letter queue is e"
      ])
      assert.strictEqual((yield* Metric.value(deadLetters)).value, 0)
    }).pipe(Effect.scoped))

  it.effect("is counted by a metric", () =>
    Effect.gen(function*() {
      yield* said([2, 7])
      assert.strictEqual((yield* Metric.value(deadLetters)).value, 7)
    }).pipe(Effect.scoped))

  it.effect("that can't be counted is told of once, and counted as soon as it can be", () =>
    Effect.gen(function*() {
      const lines = yield* said([denied, denied, 1])
      assert.deepStrictEqual(lines.map((line) => line.slice(0, 30)), [
        "Warn: The dead-letter queue ca",
        "Warn: Events could not be hand"
      ])
    }).pipe(Effect.scoped))

  it.effect("is told of no otherwise after it couldn't be counted than before", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* said([0, denied, 0])).length, 1)
      assert.strictEqual((yield* said([2, denied, 2, denied])).length, 3)
    }).pipe(Effect.scoped))
})
