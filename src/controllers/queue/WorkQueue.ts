/**
 * Keys that want to be looked after. A key waits once however often it is added, is never handled twice at a time,
 * and is handled again where it was added meanwhile. Different keys run side by side, up to a bound; urgent ones go
 * before bulk ones. What fails comes again after a backoff that grows with each failure of that key; being added cuts
 * the wait short.
 */
import { Cause, Clock, Context, Effect, Exit, type Fiber, Latch, type Scope } from "effect"
import { CallLane, type Lane } from "../aws/CallLane.ts"
import { makeAlarms } from "./Alarms.ts"
import { NoBreakOff } from "./NoBreakOff.ts"
import { type Outcome, retry } from "./Outcome.ts"

/** `atOnce`: urgent, and more so than any look that waits for something. */
export type Urgency = Lane | "atOnce"

export const laneOf = (urgency: Urgency): Lane => (urgency === "bulk" ? "bulk" : "urgent")

export interface WorkQueueOptions {
  /** Keys handled side by side. */
  readonly parallel: number
  /** Of these, so many places that bulk keys leave to urgent ones. */
  readonly keptForUrgent: number
  /** First wait after a failure; doubled with each further one. */
  readonly backoffMillis: number
  readonly backoffCapMillis: number
}

export interface WorkQueue {
  /**
   * Asks for a look at the key. `onHandled` runs once a look that began after this call ended in anything but a
   * Retry; it is not called where the queue ends before. `urgency`: urgent where absent.
   */
  readonly add: (key: string, onHandled?: () => void, urgency?: Urgency) => void
  /** Keys that wait, run or have a wake-up set. */
  readonly size: () => number
}

interface Entry {
  /** Ready in its lane, under way, or neither. */
  state: "ready" | "running" | "waiting"
  lane: Lane
  /** Added while running: a look that began earlier may not have seen what was meant. */
  again: Lane | null
  /** Ends the look under way; null where there is none, or where it may not be broken off. */
  breakOff: (() => void) | null
  failures: number
  /** To be called after the next look that begins. */
  listeners: Array<() => void>
}

const DEFAULTS: WorkQueueOptions = { parallel: 16, keptForUrgent: 0, backoffMillis: 200, backoffCapMillis: 60_000 }

/** Milliseconds to wait after the nth failure in a row, from 1. */
export const backoff = (
  failures: number,
  { backoffMillis, backoffCapMillis }: Pick<WorkQueueOptions, "backoffMillis" | "backoffCapMillis">
): number => Math.min(backoffMillis * 2 ** Math.min(failures - 1, 30), backoffCapMillis)

/**
 * Runs `handle` for keys until the scope closes, in the lane of each (`CallLane`). A defect in `handle` is logged and
 * counts as a failure of its key. A look may wait for long: until it says `NoBreakOff` it is broken off and begun anew
 * where its key is asked for at once, and a bulk one where it is asked for urgently.
 */
export const makeWorkQueue = <R>(
  handle: (key: string) => Effect.Effect<Outcome, never, R>,
  options: Partial<WorkQueueOptions> = {}
): Effect.Effect<WorkQueue, never, R | Scope.Scope> =>
  Effect.gen(function*() {
    const settings = { ...DEFAULTS, ...options }
    const underWay = new Map<Fiber.Fiber<unknown, unknown>, Entry>()
    const mayNotBreakOff = (look: Fiber.Fiber<unknown, unknown>): void => {
      const entry = underWay.get(look)
      if (entry !== undefined) entry.breakOff = null
    }
    const scope = yield* Effect.scope
    const context = Context.add(yield* Effect.context<R>(), NoBreakOff, mayNotBreakOff)
    /** The same for all looks of a lane: whoever provides more to them may do so once. */
    const contexts: Record<Lane, Context.Context<R>> = {
      urgent: Context.add(context, CallLane, "urgent"),
      bulk: Context.add(context, CallLane, "bulk")
    }
    const entries = new Map<string, Entry>()
    /** In the order in which they came; a key stands in one of them at most. */
    const lines: Record<Lane, Set<string>> = { urgent: new Set(), bulk: new Set() }
    const running: Record<Lane, number> = { urgent: 0, bulk: 0 }
    /** Open while somebody may begin. */
    const ready = Latch.makeUnsafe(false)
    const alarms = yield* makeAlarms
    const clock = yield* Clock.Clock

    const makeReady = (key: string, entry: Entry, lane: Lane): void => {
      lines.bulk.delete(key)
      entry.state = "ready"
      entry.lane = lane
      lines[lane].add(key)
      ready.openUnsafe()
    }

    const add = (key: string, onHandled?: () => void, urgency: Urgency = "urgent"): void => {
      const lane = laneOf(urgency)
      const entry: Entry = entries.get(key) ??
        { state: "waiting", lane, again: null, breakOff: null, failures: 0, listeners: [] }
      entries.set(key, entry)
      if (onHandled !== undefined) entry.listeners.push(onHandled)
      if (entry.state === "running") {
        if (entry.again !== "urgent") entry.again = lane
        if (urgency === "atOnce" || (urgency === "urgent" && entry.lane === "bulk")) entry.breakOff?.()
      } else if (entry.state === "waiting" || (entry.lane === "bulk" && lane === "urgent")) {
        makeReady(key, entry, lane)
      }
    }

    const wakeAt = (key: string, entry: Entry, at: number, lane: Lane): void =>
      alarms.set(key, at, () => {
        if (entry.state === "waiting") makeReady(key, entry, lane)
      })

    const settle = (key: string, entry: Entry, listeners: Array<() => void>, outcome: Outcome): void => {
      if (outcome._tag === "Retry") {
        entry.failures += 1
        entry.listeners = [...listeners, ...entry.listeners]
      } else {
        entry.failures = 0
        listeners.forEach((listener) => listener())
      }
      if (entry.again !== null) return makeReady(key, entry, entry.again)
      entry.state = "waiting"
      switch (outcome._tag) {
        case "Retry":
          return wakeAt(key, entry, clock.currentTimeMillisUnsafe() + backoff(entry.failures, settings), entry.lane)
        case "WakeAt":
          return wakeAt(key, entry, outcome.at, outcome.lane)
        case "LookAgain":
          return wakeAt(key, entry, outcome.at, "bulk")
        default:
          entries.delete(key)
      }
    }

    const look = (key: string): Effect.Effect<Outcome, never, R> =>
      handle(key).pipe(
        Effect.catchDefect((defect) =>
          Effect.logError("A key could not be handled").pipe(
            Effect.annotateLogs({ key, cause: Cause.pretty(Cause.die(defect)) }),
            Effect.as<Outcome>({ _tag: "Retry", reason: "defect" })
          )
        )
      )

    const work = (key: string, entry: Entry, lane: Lane, listeners: Array<() => void>) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function*() {
          let broken = false
          const fiber: Fiber.Fiber<unknown, unknown> = yield* Effect.fiber
          underWay.set(fiber, entry)
          entry.breakOff = () => {
            broken = true
            fiber.interruptUnsafe()
          }
          const exit = yield* look(key).pipe(
            Effect.updateContext((_: Context.Context<never>) => contexts[lane]),
            restore,
            Effect.exit
          )
          entry.breakOff = null
          underWay.delete(fiber)
          running[lane] -= 1
          ready.openUnsafe()
          if (!broken || Exit.isSuccess(exit)) {
            const outcome = Exit.isSuccess(exit) ? exit.value : retry("it was interrupted")
            return settle(key, entry, listeners, outcome)
          }
          entry.listeners = [...listeners, ...entry.listeners]
          makeReady(key, entry, "urgent")
        })
      )

    const nextLane = (): Lane | null => {
      const free = settings.parallel - running.urgent - running.bulk
      if (free > 0 && lines.urgent.size > 0) return "urgent"
      const freeForBulk = Math.min(free, settings.parallel - settings.keptForUrgent - running.bulk)
      return freeForBulk > 0 && lines.bulk.size > 0 ? "bulk" : null
    }

    const begin = Effect.gen(function*() {
      yield* ready.await
      for (let lane = nextLane(); lane !== null; lane = nextLane()) {
        const [key = ""] = lines[lane]
        lines[lane].delete(key)
        const entry = entries.get(key)
        if (entry === undefined) continue
        entry.state = "running"
        entry.again = null
        const { listeners } = entry
        entry.listeners = []
        running[lane] += 1
        alarms.cancel(key)
        yield* Effect.forkIn(work(key, entry, lane, listeners), scope, { startImmediately: true })
      }
      ready.closeUnsafe()
    })
    yield* Effect.forkScoped(Effect.forever(begin))

    return { add, size: () => entries.size }
  })
