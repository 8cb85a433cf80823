/**
 * Calls to AWS wait here for their token. Urgent ones go before all others, but for one in ten where these wait as well;
 * within a lane the first comes first. One that waits may turn urgent. Nothing is dropped: a call waits for as long as
 * it takes.
 */
import { Clock, Effect, Latch, Metric, type Scope } from "effect"
import type { Lane } from "./CallLane.ts"
import { type Quota, TokenBucket } from "./TokenBucket.ts"

export interface CallBudget {
  /** Waits for a token. `name`: what `hurry` calls it by. */
  readonly take: (lane: Lane, name?: string) => Effect.Effect<void>
  /** Whoever waits under this name is urgent from now on, and so is the next attempt of a call that is under way. */
  readonly hurry: (name: string) => void
  /** A call with all its attempts and what lies between them, which may be hurried by this name. */
  readonly during: (name: string) => <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** A token that was taken and isn't needed. */
  readonly giveBack: () => void
  /** AWS refused a call for there being too many. */
  readonly refused: () => void
  /** Calls a second that may be made for long, as far as is known now. */
  readonly rate: () => number
}

/**
 * After so many urgent calls one goes that waited behind them: the full look, which repairs what no event said, must get
 * on also where events never end.
 */
const URGENT_IN_A_ROW = 9

interface Waiter {
  readonly name: string | undefined
  readonly go: () => void
}

const waitingCalls = Metric.gauge("ecs_mesh_aws_calls_waiting", {
  description: "Calls to AWS that wait for their turn within the operator's share of the account's quota"
})

const sharePart = Metric.gauge("ecs_mesh_aws_share_ratio", {
  description: "How much of its share of the account's quota the operator uses at most; below 1 after throttling"
})

const refusals = Metric.counter("ecs_mesh_aws_throttled_total", {
  description: "Calls that AWS refused, as the account made too many",
  incremental: true
})

export const makeCallBudget = (quotaName: string, quota: Quota): Effect.Effect<CallBudget, never, Scope.Scope> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const context = yield* Effect.context()
    const attributes = { quota: quotaName }
    const measured = {
      waiting: Metric.withAttributes(waitingCalls, attributes),
      part: Metric.withAttributes(sharePart, attributes),
      refusals: Metric.withAttributes(refusals, attributes)
    }
    const now = () => clock.currentTimeMillisUnsafe()
    const bucket = new TokenBucket(quota, now())
    const lines: Record<Lane, Array<Waiter>> = { urgent: [], bulk: [] }
    /** Open while somebody waits. */
    const waiting = Latch.makeUnsafe(false)
    /** Opened to begin anew with what is waited for: somebody more urgent came. */
    const changed = Latch.makeUnsafe(false)

    const tell = (): void => {
      measured.waiting.updateUnsafe(lines.urgent.length + lines.bulk.length, context)
      measured.part.updateUnsafe(bucket.part(now()), context)
    }

    /** Urgent calls that went before a bulk one that waits. */
    let overtaken = 0

    const isBulksTurn = (): boolean => lines.bulk.length > 0 && overtaken >= URGENT_IN_A_ROW

    const firstLane = (): Lane | null =>
      lines.urgent.length > 0 && !isBulksTurn() ? "urgent" : lines.bulk.length > 0 ? "bulk" : null

    /** Whose turn it is needs no more than an urgent one. */
    const rankOf = (lane: Lane): Lane => isBulksTurn() ? "urgent" : lane

    const takeToken = (lane: Lane): boolean => {
      if (!bucket.take(rankOf(lane), now())) return false
      overtaken = lane === "urgent" && lines.bulk.length > 0 ? overtaken + 1 : 0
      return true
    }

    /** Calls under way; true: somebody is in a hurry for it. */
    const underWay = new Map<string, boolean>()

    const enter = (lane: Lane, waiter: Waiter): void => {
      lines[lane].push(waiter)
      waiting.openUnsafe()
      changed.openUnsafe()
      tell()
    }

    const leave = (waiter: Waiter): void => {
      for (const line of [lines.urgent, lines.bulk]) {
        const at = line.indexOf(waiter)
        if (at >= 0) line.splice(at, 1)
      }
      tell()
    }

    const serve = Effect.gen(function*() {
      yield* waiting.await
      changed.closeUnsafe()
      for (let lane = firstLane(); lane !== null && takeToken(lane); lane = firstLane()) {
        lines[lane].shift()?.go()
      }
      tell()
      const lane = firstLane()
      if (lane === null) return waiting.closeUnsafe()
      yield* Effect.raceFirst(Effect.sleep(bucket.waitFor(rankOf(lane), now())), changed.await)
    })
    yield* Effect.forkScoped(Effect.forever(serve))

    return {
      take: (asked, name) =>
        Effect.callback<void>((resume) => {
          const lane = name !== undefined && underWay.get(name) === true ? "urgent" : asked
          // Nobody is overtaken: who waits in this lane, or in a more urgent one, was here before.
          const free = lines.urgent.length === 0 && (lane === "urgent" ? !isBulksTurn() : lines.bulk.length === 0)
          if (free && takeToken(lane)) return resume(Effect.void)
          const waiter: Waiter = { name, go: () => resume(Effect.void) }
          enter(lane, waiter)
          return Effect.sync(() => leave(waiter))
        }),
      during: (name) => (call) =>
        Effect.acquireUseRelease(
          Effect.sync(() => void underWay.set(name, false)),
          () => call,
          () => Effect.sync(() => void underWay.delete(name))
        ),
      hurry: (name) => {
        if (underWay.has(name)) underWay.set(name, true)
        const found = lines.bulk.find((waiter) => waiter.name === name)
        if (found === undefined) return
        lines.bulk.splice(lines.bulk.indexOf(found), 1)
        enter("urgent", found)
      },
      giveBack: () => {
        bucket.giveBack()
        changed.openUnsafe()
      },
      refused: () => {
        bucket.refused(now())
        measured.refusals.updateUnsafe(1, context)
        tell()
      },
      rate: () => quota.rate * bucket.part(now())
    }
  })
