import { Effect } from "effect"

/** Looks again and again until it holds; answers what was seen. Fails after 30 seconds of the clock. */
export const untilEffect = <A>(what: string, look: Effect.Effect<A>, condition: (value: A) => boolean) =>
  Effect.gen(function*() {
    for (;;) {
      const value = yield* look
      if (condition(value)) return value
      yield* Effect.sleep(10)
    }
  }).pipe(Effect.timeout("30 seconds"), Effect.mapError(() => new Error(`${what} did not come`)))
