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

  const begin = (at: number): Moment => {
    const moment: Moment = new Map()
    moments.set(at, moment)
    const wait = Effect.sleep(Math.max(0, at - clock.currentTimeMillisUnsafe()))
    run(at, Effect.andThen(wait, Effect.sync(() => ring(at))))
    return moment
  }

  const cancel = (key: string): void => {
    momentOf.get(key)?.delete(key)
    momentOf.delete(key)
  }

  return {
    set: (key, at, wake) => {
      cancel(key)
      const moment = moments.get(at) ?? begin(at)
      moment.set(key, wake)
      momentOf.set(key, moment)
    },
    cancel
  }
})
