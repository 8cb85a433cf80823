/**
 * Keys that want to be looked after. A key waits once however often it is added, is never handled twice at a time,
 * and is handled again where it was added meanwhile. Different keys run side by side, up to a bound. What fails
 * comes again after a backoff that grows with each failure of that key; being added cuts the wait short.
 */
import { Cause, Clock, Effect, FiberMap, Queue, type Scope } from "effect"
import type { Outcome } from "./Outcome.ts"

export interface WorkQueueOptions {
  /** Keys handled side by side. */
  readonly parallel: number
  /** First wait after a failure; doubled with each further one. */
  readonly backoffMillis: number
  readonly backoffCapMillis: number
}

export interface WorkQueue {
  /**
   * Asks for a look at the key. `onHandled` runs once a look that began after this call ended in anything but a
   * Retry; it is not called where the queue ends before.
   */
  readonly add: (key: string, onHandled?: () => void) => void
  /** Keys that wait, run or have a wake-up set. */
  readonly size: () => number
}

interface Entry {
  /** Ready because somebody asked or because its time has come, under way, or neither. */
  state: "asked" | "due" | "running" | "waiting"
  /** Added while running: a look that began earlier may not have seen what was meant. */
  again: boolean
  failures: number
  /** To be called after the next look that begins. */
  listeners: Array<() => void>
}

const DEFAULTS: WorkQueueOptions = { parallel: 16, backoffMillis: 200, backoffCapMillis: 60_000 }

/** Milliseconds to wait after the nth failure in a row, from 1. */
export const backoff = (failures: number, { backoffMillis, backoffCapMillis }: WorkQueueOptions): number =>
  Math.min(backoffMillis * 2 ** Math.min(failures - 1, 30), backoffCapMillis)

/** Runs `handle` for keys until the scope closes. A defect in `handle` is logged and counts as a failure of its key. */
export const makeWorkQueue = <R>(
  handle: (key: string) => Effect.Effect<Outcome, never, R>,
  options: Partial<WorkQueueOptions> = {}
): Effect.Effect<WorkQueue, never, R | Scope.Scope> =>
  Effect.gen(function*() {
    const settings = { ...DEFAULTS, ...options }
    const entries = new Map<string, Entry>()
    const ready = yield* Queue.unbounded<void>()
    /** What somebody asked for goes before what only its time has come for: of that, much may come in one moment. */
    const lines = { asked: new Array<string>(), due: new Array<string>() }
    const timers = yield* FiberMap.make<string>()

    const makeReady = (key: string, entry: Entry, line: keyof typeof lines): void => {
      entry.state = line
      lines[line].push(key)
      Queue.offerUnsafe(ready, undefined)
    }

    const add = (key: string, onHandled?: () => void): void => {
      const entry = entries.get(key) ?? { state: "waiting" as const, again: false, failures: 0, listeners: [] }
      entries.set(key, entry)
      if (onHandled !== undefined) entry.listeners.push(onHandled)
      // One that stands in the other line as well is found handled there.
      if (entry.state === "waiting" || entry.state === "due") makeReady(key, entry, "asked")
      else if (entry.state === "running") entry.again = true
    }

    /** A timer that comes late, when the key was woken meanwhile, does nothing. */
    const wakeAfter = (key: string, entry: Entry, millis: number) =>
      FiberMap.run(
        timers,
        key,
        Effect.sleep(millis).pipe(
          Effect.andThen(Effect.sync(() => {
            if (entry.state === "waiting") makeReady(key, entry, "due")
          }))
        )
      )

    const settle = Effect.fnUntraced(function*(
      key: string,
      entry: Entry,
      listeners: Array<() => void>,
      outcome: Outcome
    ) {
      if (outcome._tag === "Retry") {
        entry.failures += 1
        entry.listeners = [...listeners, ...entry.listeners]
      } else {
        entry.failures = 0
        listeners.forEach((listener) => listener())
      }
      if (entry.again) return makeReady(key, entry, "asked")
      entry.state = "waiting"
      switch (outcome._tag) {
        case "Retry":
          yield* wakeAfter(key, entry, backoff(entry.failures, settings))
          return
        case "WakeAt":
          yield* wakeAfter(key, entry, Math.max(0, outcome.at - (yield* Clock.currentTimeMillis)))
          return
        default:
          entries.delete(key)
      }
    })

    const work = Effect.gen(function*() {
      yield* Queue.take(ready)
      const key = lines.asked.shift() ?? lines.due.shift()
      const entry = key === undefined ? undefined : entries.get(key)
      if (key === undefined || (entry?.state !== "asked" && entry?.state !== "due")) return
      entry.state = "running"
      entry.again = false
      const listeners = entry.listeners
      entry.listeners = []
      yield* FiberMap.remove(timers, key)
      const outcome = yield* handle(key).pipe(
        Effect.catchCause((cause) =>
          Effect.logError("A key could not be handled").pipe(
            Effect.annotateLogs({ key, cause: Cause.pretty(cause) }),
            Effect.as<Outcome>({ _tag: "Retry", reason: "defect" })
          )
        )
      )
      yield* settle(key, entry, listeners, outcome)
    })

    for (let worker = 0; worker < settings.parallel; worker++) yield* Effect.forkScoped(Effect.forever(work))

    return { add, size: () => entries.size }
  })
