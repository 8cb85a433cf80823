/**
 * Whose turn it is on the thread that serves the proxies, too. What takes long is made one after the other, in slices
 * between which everybody else has a turn, and after each answer the thread is left to the others for as long as it was
 * taken. Waiting for the store takes no thread: a few read at once, and what they read is made when it is its turn.
 */
import { Context, Effect } from "effect"
import type { ApiResponse } from "./ApiRequest.ts"
import { FairPlaces } from "./FairPlaces.ts"
import { jsonText } from "./jsonText.ts"
import type { Refusal } from "./Refusal.ts"

/** Between two turns of others. */
const SLICE_MILLIS = 10

/** Long answers whose resources are read, or held, at once. */
const READ_AT_ONCE = 3

/** Answers that wait for their turn; a client that is told so comes again. */
const MAX_WAITING = { what: "long answers", mostOfOne: 100, most: 400 }

/** How long the others had the thread while an answer was made. */
interface Away {
  readonly now: () => number
  millis: number
}

/** Null where nobody counts. */
const Away = Context.Reference<Away | null>("ecs-mesh/cp/api/Turns/Away", { defaultValue: () => null })

const nextTurn: Effect.Effect<void> = Effect.callback((resume) => {
  const later = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(later))
})

/** Others' turn: what is due on other connections is done first. */
export const othersTurn: Effect.Effect<void> = Effect.flatMap(Away, (away) => {
  if (away === null) return nextTurn
  const left = away.now()
  return Effect.ensuring(nextTurn, Effect.sync(() => void (away.millis += away.now() - left)))
})

const pause = (millis: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const later = setTimeout(() => resume(Effect.void), millis)
    return Effect.sync(() => clearTimeout(later))
  })

/** As `Array.prototype.map`, a slice at a time. */
export const mapInSlices = Effect.fnUntraced(function*<A, B>(all: ReadonlyArray<A>, map: (one: A) => B) {
  const mapped: Array<B> = []
  let begun = performance.now()
  for (const one of all) {
    if (performance.now() - begun >= SLICE_MILLIS) {
      yield* othersTurn
      begun = performance.now()
    }
    mapped.push(map(one))
  }
  return mapped
})

/** What Turns goes by. */
export interface ThreadClock {
  readonly now: () => number
  readonly pause: (millis: number) => Effect.Effect<void>
}

const CLOCK: ThreadClock = { now: () => performance.now(), pause }

export class Turns {
  readonly #clock: ThreadClock
  readonly #thread = new FairPlaces({ ...MAX_WAITING, atOnce: 1 })
  readonly #readers = new FairPlaces({ ...MAX_WAITING, atOnce: READ_AT_ONCE })
  /** When the next may begin. */
  #freeAt = 0

  constructor(clock = CLOCK) {
    this.#clock = clock
  }

  /** Does what takes the thread when it is its turn. It may be interrupted whenever others have theirs. */
  take<A, E, R>(caller: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E | Refusal, R> {
    return this.#thread.use(caller, Effect.andThen(this.#rest, this.#measured(Effect.interruptible(work))))
  }

  /** Reads while others make theirs, and makes something of it when it is its turn. */
  readThenTake<A, B, E, E2, R, R2>(
    caller: string,
    read: Effect.Effect<A, E, R>,
    make: (read: A) => Effect.Effect<B, E2, R2>
  ): Effect.Effect<B, E | E2 | Refusal, R | R2> {
    return this.#readers.use(caller, Effect.flatMap(read, (found) => this.take(caller, make(found))))
  }

  readonly #rest = Effect.interruptible(Effect.suspend(() => {
    const wait = this.#freeAt - this.#clock.now()
    return wait > 0 ? this.#clock.pause(wait) : nextTurn
  }))

  #measured<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      const { now } = this.#clock
      const begun = now()
      const away: Away = { now, millis: 0 }
      return Effect.ensuring(
        Effect.provideService(work, Away, away),
        Effect.sync(() => {
          const ended = now()
          this.#freeAt = ended + (ended - begun - away.millis)
        })
      )
    })
  }
}

/** Of one process, which has one thread. */
const turns = new Turns()

/** An answer as the text that is sent. */
const asText = <E, R>(answer: Effect.Effect<ApiResponse, E, R>): Effect.Effect<ApiResponse, E, R> =>
  Effect.gen(function*() {
    const response = yield* answer
    if (!("body" in response) || response.headers !== undefined) return response
    yield* othersTurn
    return { status: response.status, text: jsonText(response.body), contentType: "application/json" }
  })

/** For what is computed. */
export const inTurn = <E, R>(
  caller: string,
  answer: Effect.Effect<ApiResponse, E, R>
): Effect.Effect<ApiResponse, E | Refusal, R> => turns.take(caller, asText(answer))

/** For what is made of what is read. */
export const inReadersTurn = <A, E, E2, R, R2>(
  caller: string,
  read: Effect.Effect<A, E, R>,
  make: (read: A) => Effect.Effect<ApiResponse, E2, R2>
): Effect.Effect<ApiResponse, E | E2 | Refusal, R | R2> =>
  turns.readThenTake(caller, read, (found) => asText(make(found)))
