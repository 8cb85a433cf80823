/**
 * Whose turn it is on the thread that serves the proxies, too. What takes long is done one after the other, in slices
 * between which everybody else has a turn, and after each answer the thread is left to the others for as long as it took.
 */
import { Effect, Semaphore } from "effect"
import type { ApiResponse } from "./ApiRequest.ts"
import { jsonText } from "./jsonText.ts"
import { type Refusal, tooMany } from "./Refusal.ts"

/** Between two turns of others. */
const SLICE_MILLIS = 10

/** Answers that wait for their turn; a client that is told so comes again. */
const MAX_WAITING = 100

/** Others' turn: what is due on other connections is done first. */
export const othersTurn: Effect.Effect<void> = Effect.callback((resume) => {
  const later = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(later))
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

export class Turns {
  readonly #one = Semaphore.makeUnsafe(1)
  #waiting = 0
  /** When the next may begin, by `performance.now`. */
  #freeAt = 0

  /** Does the work when it is its turn. */
  take<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | Refusal, R> {
    return Effect.suspend((): Effect.Effect<A, E | Refusal, R> => {
      if (this.#waiting >= MAX_WAITING) return Effect.fail(tooMany("long answers"))
      this.#waiting += 1
      return this.#one.withPermits(1)(this.#after(work)).pipe(
        Effect.ensuring(Effect.sync(() => void (this.#waiting -= 1)))
      )
    })
  }

  #after<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      const wait = this.#freeAt - performance.now()
      return wait > 0 ? pause(wait) : othersTurn
    }).pipe(
      Effect.andThen(Effect.suspend(() => {
        const begun = performance.now()
        return Effect.ensuring(work, Effect.sync(() => {
          const now = performance.now()
          this.#freeAt = now + (now - begun)
        }))
      }))
    )
  }
}

/** Of one process, which has one thread. What waits for the store keeps nobody waiting who needs none. */
const ofMemory = new Turns()
const ofStore = new Turns()

/** An answer as the text that is sent, both made when it is its turn. */
const textInTurn = (turns: Turns) => <E, R>(
  answer: Effect.Effect<ApiResponse, E, R>
): Effect.Effect<ApiResponse, E | Refusal, R> =>
  turns.take(
    Effect.gen(function*() {
      const response = yield* answer
      if (!("body" in response) || response.headers !== undefined) return response
      yield* othersTurn
      return { status: response.status, text: jsonText(response.body), contentType: "application/json" }
    })
  )

/** For what is computed. */
export const inTurn = textInTurn(ofMemory)

/** For what is read. */
export const inReadersTurn = textInTurn(ofStore)
