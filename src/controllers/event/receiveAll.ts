/**
 * Takes messages from the queue as fast as they come. One receiver always waits for them (a long poll that costs three
 * calls a minute while nothing happens); where an answer is full, more of them pull beside it, until answers show that
 * the rest is little. What is taken and not done with yet is bounded: it must be done with before the queue delivers it
 * again.
 */
import { Effect, Latch, Metric, Schedule } from "effect"
import { type QueuedMessage, RECEIVE_AT_ONCE, SqsReader } from "../aws/SqsReader.ts"
import { goOn } from "../goOn.ts"

export interface ReceiveOptions {
  readonly queueUrl: string
  /** So many messages may be under way now. */
  readonly mostOpen: () => number
  /** `done`: to be called once the message is done with, whatever comes of it. Fails nothing. */
  readonly take: (message: QueuedMessage, done: () => void) => Effect.Effect<void>
}

/** At a tenth of a second a call that is far beyond 1,000 events a second. */
const MOST_RECEIVERS = 24

/** Fewer than so many in an answer: the others find nothing to do. */
const LITTLE = RECEIVE_AT_ONCE / 2

const openEvents = Metric.gauge("ecs_mesh_events_open", {
  description: "Events that were taken from the queue and aren't done with yet"
})

const patience = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("30 seconds")]).pipe(
  Schedule.jittered
)

/** Never ends. */
export const receiveAll = Effect.fn("receiveAll")(function*({ mostOpen, queueUrl, take }: ReceiveOptions) {
  const sqs = yield* SqsReader
  const context = yield* Effect.context()
  const scope = yield* Effect.scope
  const room = Latch.makeUnsafe(true)
  let open = 0
  let receivers = 0

  const count = (change: number): void => {
    open += change
    openEvents.updateUnsafe(open, context)
    if (open < mostOpen()) room.openUnsafe()
    else room.closeUnsafe()
  }

  const receive = Effect.fnUntraced(function*(wait: "long" | "short") {
    yield* room.await
    const messages = yield* sqs.receive(queueUrl, wait).pipe(
      Effect.tapError((failure) =>
        Effect.logWarning("Events can't be read now").pipe(Effect.annotateLogs({ reason: failure.message }))
      ),
      Effect.retry(patience),
      Effect.orDie
    )
    count(messages.length)
    if (messages.length === RECEIVE_AT_ONCE && receivers < MOST_RECEIVERS) {
      receivers += 1
      yield* Effect.forkIn(Effect.ensuring(pull, Effect.sync(() => void (receivers -= 1))), scope)
    }
    for (const message of messages) {
      let isOpen = true
      yield* take(message, () => {
        if (isOpen) count(-1)
        isOpen = false
      })
    }
    return messages.length
  })

  const pull: Effect.Effect<unknown> = Effect.suspend(() => receive("short")).pipe(
    Effect.repeat({ while: (received) => received >= LITTLE }),
    Effect.catchDefect((defect) => Effect.logError("Reading events failed; it goes on", defect))
  )

  return yield* receive("long").pipe(goOn("Reading events"))
}, Effect.scoped)
