/** For work that must not end: a defect is told and ends one round, not the rounds that follow. */
import { Effect } from "effect"

/** Repeats `round` for ever; after a defect it waits a second, so that one that lasts doesn't spin. */
export const goOn = (what: string) => <A, R>(round: Effect.Effect<A, never, R>): Effect.Effect<never, never, R> =>
  round.pipe(
    Effect.catchDefect((defect) =>
      Effect.logError(`${what} failed; it goes on`, defect).pipe(Effect.andThen(Effect.sleep("1 second")))
    ),
    Effect.forever
  )
