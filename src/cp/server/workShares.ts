/** Gives each proxy its share of the event loop's time, whichever of its streams spends it; tells who is over it. */
import type { Metadata } from "@grpc/grpc-js"
import { Effect, FiberSet } from "effect"
import { count, proxiesSlowed } from "../diagnostics/metrics.ts"
import { News } from "../diagnostics/News.ts"
import { type Pace, paceOf } from "./Pace.ts"
import { Allowances, STREAM_WORK, WorkOfEach } from "./work.ts"

export const workShares = Effect.gen(function*() {
  const allowances = new Allowances(yield* WorkOfEach)
  const context = yield* Effect.context<never>()
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const news = new News()
  /** Of proxies that owe something: how the newcomer that waits gives way to another. */
  const waiting = new Map<string, () => void>()

  const slowed = (key: string): void => {
    const now = Date.now()
    count(proxiesSlowed, 1, context)
    if (!news.isNews(key, now)) return
    run(Effect.logWarning("A proxy asks for more than its share, and its requests are read later").pipe(
      Effect.annotateLogs({ proxy: key })
    ))
  }

  return {
    /** Has what the call costs be spent by this proxy. */
    follow: (call: { readonly metadata: Metadata }, key: string): Pace => {
      const pace = paceOf(call)
      pace.follow(allowances.of(key, Date.now()), () => slowed(key))
      return pace
    },
    /**
     * A newcomer costs more than a request: it comes in once its proxy owes nothing. False where a newer one of the
     * proxy waits in its place: whoever opens streams all the time would have all of their requests be kept.
     */
    comeIn: (key: string): Effect.Effect<boolean> =>
      Effect.suspend(() => {
        waiting.get(key)?.()
        const now = Date.now()
        const allowance = allowances.of(key, now)
        const wait = allowance.wait(now)
        allowance.spend(STREAM_WORK, now)
        if (wait === 0) return Effect.succeed(true)
        slowed(key)
        return Effect.callback<boolean>((resume) => {
          const end = (comesIn: boolean): void => {
            clearTimeout(timer)
            waiting.delete(key)
            resume(Effect.succeed(comesIn))
          }
          const timer = setTimeout(() => end(true), wait)
          waiting.set(key, () => end(false))
          return Effect.sync(() => clearTimeout(timer))
        })
      })
  }
})
