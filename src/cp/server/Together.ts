/**
 * Lets one pass at once, and those who come within so long after it together, and so on while somebody comes: whoever
 * comes alone waits for nobody, and a thousand at a time are a few lots. What they do when they pass, they do in one
 * turn of the event loop. By the machine's own clock: it is a matter of what things cost, not of what they mean.
 */
import { Effect, type Scope } from "effect"

export interface Together {
  /** Until the caller may pass. */
  readonly pass: Effect.Effect<void>
}

/** Who waits when the scope ends passes. */
export const makeTogether = (millis: number): Effect.Effect<Together, never, Scope.Scope> =>
  Effect.gen(function*() {
    const waiting = new Set<() => void>()
    let timer: NodeJS.Timeout | null = null

    const letPass = (): void => {
      const lot = [...waiting]
      waiting.clear()
      for (const one of lot) one()
    }
    const onTime = (): void => {
      timer = waiting.size === 0 ? null : setTimeout(onTime, millis)
      letPass()
    }
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        if (timer !== null) clearTimeout(timer)
        timer = null
        letPass()
      })
    )

    return {
      pass: Effect.callback<void>((resume) => {
        if (timer === null) {
          timer = setTimeout(onTime, millis)
          return resume(Effect.void)
        }
        const one = () => resume(Effect.void)
        waiting.add(one)
        return Effect.sync(() => waiting.delete(one))
      })
    }
  })
