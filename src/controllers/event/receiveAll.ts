/**
 * Takes messages from the queue as fast as they come. One receiver always waits for them (a long poll that costs three
 * calls a minute while nothing happens); where an answer is full, more of them pull beside it, until answers show that
 * the rest is little. What is taken and not done with yet is bounded: it must be done with before the queue delivers it
 * again. What isn't by then counts no more: it may wait for long (for a role that nobody may read), and others must not.
 */
import { Clock, Effect, Latch, Metric, Schedule } from "effect"
import { type QueuedMessage, RECEIVE_AT_ONCE, SqsReader, VISIBILITY_SECONDS } from "../aws/SqsReader.ts"
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

/** The bound changes with time as well, of which nobody tells. */
const LOOK_FOR_ROOM = "1 second"

/** What one answer brought. */
interface Batch {
  /** When the queue delivers it again (Unix milliseconds). */
  readonly until: number
  open: number
}

/** Fewer than so many in an answer: the others find nothing to do. */
const LITTLE = RECEIVE_AT_ONCE * 0.8

/**
 * So long after an answer with some room left, but more than one event, the next is asked for: a call costs as much for
 * one event as for ten.
 */
const REST_MILLIS = 10

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
  const clock = yield* Clock.Clock
  const room = Latch.makeUnsafe(false)
  /** Those that were taken first stand first. */
  const batches: Array<Batch> = []
  let open = 0
  let receivers = 0

  const count = (batch: Batch, change: number): void => {
    batch.open += change
    open += change
    openEvents.updateUnsafe(open, context)
    if (open < mostOpen()) room.openUnsafe()
  }

  const hasRoom = (): boolean => {
    const now = clock.currentTimeMillisUnsafe()
    for (let [first] = batches; first !== undefined && first.until <= now; [first] = batches) {
      count(first, -first.open)
      batches.shift()
    }
    return open < mostOpen()
  }

  const awaitRoom = Effect.gen(function*() {
    while (!hasRoom()) {
      room.closeUnsafe()
      yield* Effect.raceFirst(room.await, Effect.sleep(LOOK_FOR_ROOM))
    }
  })

  const receive = Effect.fnUntraced(function*(wait: "long" | "short") {
    yield* awaitRoom
    const messages = yield* sqs.receive(queueUrl, wait).pipe(
      Effect.tapError((failure) =>
        Effect.logWarning("Events can't be read now").pipe(Effect.annotateLogs({ reason: failure.message }))
      ),
      Effect.retry(patience),
      Effect.orDie
    )
    const batch = { until: clock.currentTimeMillisUnsafe() + VISIBILITY_SECONDS * 1_000, open: 0 }
    batches.push(batch)
    count(batch, messages.length)
    if (messages.length === RECEIVE_AT_ONCE && receivers < MOST_RECEIVERS) {
      receivers += 1
      yield* Effect.forkIn(Effect.ensuring(pull, Effect.sync(() => void (receivers -= 1))), scope)
    }
    for (const message of messages) {
      let isOpen = true
      yield* take(message, () => {
        if (isOpen && batch.open > 0) count(batch, -1)
        isOpen = false
      })
    }
    if (messages.length > 1 && messages.length < RECEIVE_AT_ONCE) yield* Effect.sleep(REST_MILLIS)
    return messages.length
  })

  const pull: Effect.Effect<unknown> = Effect.suspend(() => receive("short")).pipe(
    Effect.repeat({ while: (received) => received >= LITTLE }),
    Effect.catchDefect((defect) => Effect.logError("Reading events failed; it goes on", defect))
  )

  return yield* receive("long").pipe(goOn("Reading events"))
}, Effect.scoped)
