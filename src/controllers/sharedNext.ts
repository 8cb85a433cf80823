/** One read for all that wait for it. */
import { Effect, Semaphore } from "effect"

/**
 * Reads again for nobody who came before the last read began: what each is given was read since it asked. So a storm of
 * questions costs two reads, and then one for as many as come while one lasts.
 */
export const sharedNext = <A, E, R>(read: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const one = Semaphore.makeUnsafe(1)
  let asked = 0
  let waiting = 0
  let last: { readonly of: number; readonly answer: A } | null = null
  return Effect.suspend(() => {
    asked += 1
    waiting += 1
    const mine = asked
    const answer = Effect.suspend(() => {
      if (last !== null && last.of >= mine) return Effect.succeed(last.answer)
      const of = asked
      return Effect.tap(read, (answer) => Effect.sync(() => void (last = { of, answer })))
    })
    return Effect.ensuring(
      one.withPermits(1)(answer),
      Effect.sync(() => {
        waiting -= 1
        // Nobody holds what nobody waits for.
        if (waiting === 0) last = null
      })
    )
  })
}
