/** Wakes keys when their time comes. Those that wait for the same moment, as most do, share one timer. */
import { Clock, Effect, FiberMap, type Scope } from "effect"

export interface Alarms {
  /** `at`: Unix milliseconds. A key waits for one moment at most: the last that was set. */
  readonly set: (key: string, at: number, wake: () => void) => void
  readonly cancel: (key: string) => void
}

type Moment = Map<string, () => void>

/** Until the scope closes. */
export const makeAlarms: Effect.Effect<Alarms, never, Scope.Scope> = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const run = yield* FiberMap.makeRuntime<never, number>()
  const moments = new Map<number, Moment>()
  const momentOf = new Map<string, Moment>()

  const ring = (at: number): void => {
    const due = moments.get(at) ?? new Map<string, () => void>()
    moments.delete(at)
    for (const [key, wake] of due) {
      momentOf.delete(key)
      wake()
    }
  }

  const startTimer = (at: number): void => {
    const wait = Effect.sleep(Math.max(0, at - clock.currentTimeMillisUnsafe()))
    run(at, Effect.andThen(wait, Effect.sync(() => ring(at))))
  }

  const cancel = (key: string): void => {
    momentOf.get(key)?.delete(key)
    momentOf.delete(key)
  }

  return {
    set: (key, at, wake) => {
      cancel(key)
      const others = moments.get(at)
      const moment: Moment = others ?? new Map()
      moment.set(key, wake)
      momentOf.set(key, moment)
      if (others !== undefined) return
      moments.set(at, moment)
      // Last: a moment that is over rings at once.
      startTimer(at)
    },
    cancel
  }
})
