/**
 * Tells of events that were put aside: each was delivered several times and never handled. What they spoke of was
 * repaired by the periodic lists, but somebody has to learn why. Counts, and touches no message.
 */
import { Effect, Metric } from "effect"
import { EventBus } from "../aws/EventBus.ts"

export const deadLetters = Metric.gauge("ecs_mesh_dead_letters", {
  description: "Events in the dead-letter queue: delivered several times, never handled"
})

/** Counts every `seconds`; says so where the count changes, once. Never ends. */
export const watchDeadLetters = Effect.fn("watchDeadLetters")(function*(queueUrl: string, seconds: number) {
  const bus = yield* EventBus
  let told = 0
  let failed: string | null = null
  const count = Effect.gen(function*() {
    const found = yield* bus.deadLetters(queueUrl)
    failed = null
    if (found === null) return
    const { messages, queue } = found
    yield* Metric.update(deadLetters, messages)
    if (messages === told) return
    if (messages > 0) {
      yield* Effect.logWarning(
        "Events could not be handled and are in the dead-letter queue. Nothing is lost by it: the periodic lists " +
          "show what they spoke of. The warnings before say why. Once that is gone, move them back " +
          "(aws sqs start-message-move-task --source-arn ARN) or purge the queue"
      ).pipe(Effect.annotateLogs({ messages, arn: queue }))
    } else {
      yield* Effect.logInfo("The dead-letter queue is empty again").pipe(Effect.annotateLogs({ arn: queue }))
    }
    told = messages
  })
  return yield* count.pipe(
    Effect.catchTag("AwsCallFailed", (failure) => {
      // By its code: AWS's texts name each request.
      if (failed === failure.code) return Effect.void
      failed = failure.code
      return Effect.logWarning("The dead-letter queue can't be counted").pipe(
        Effect.annotateLogs({ call: `${failure.service}:${failure.operation}`, reason: failure.message })
      )
    }),
    Effect.andThen(Effect.sleep(`${seconds} seconds`)),
    Effect.forever
  )
})
