/**
 * When a call that gathers requests may go: at once where none is under way, else once that has ended. So a request
 * that comes alone waits for nobody, and those that come while a call is under way share the next one.
 */
import { Effect, Latch } from "effect"

/** A call that isn't answered holds nobody up for longer. */
const AT_MOST = "100 millis"

export interface CallTurns {
  /** What belongs to this turn of the event loop comes along. */
  readonly wait: Effect.Effect<void>
  readonly take: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const makeCallTurns = (): CallTurns => {
  const free = Latch.makeUnsafe(true)
  let underWay = 0
  const begin = Effect.sync(() => {
    underWay += 1
    free.closeUnsafe()
  })
  const end = Effect.sync(() => {
    underWay -= 1
    if (underWay === 0) free.openUnsafe()
  })
  return {
    wait: Effect.andThen(Effect.yieldNow, Effect.raceFirst(free.await, Effect.sleep(AT_MOST))),
    take: (call) => Effect.acquireUseRelease(begin, () => call, () => end)
  }
}
