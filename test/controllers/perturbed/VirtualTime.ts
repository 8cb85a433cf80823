/**
 * Time that passes only when nothing is left to do: a clock and a scheduler for Effect in one. Fibers run in the order
 * in which they got ready, promises settle before time moves on, and timers fire one by one; so the same scenario
 * runs the same way each time, and minutes pass in milliseconds.
 */
import { type Clock, Duration, Effect, type Scheduler } from "effect"

interface Timer {
  readonly at: number
  readonly run: () => void
  cancelled: boolean
}

/** So much done at one instant is a loop that never waits. */
const MOST_AT_ONCE = 100_000

export class VirtualTime {
  /** Unix milliseconds. */
  now = Date.UTC(2026, 0, 1)
  readonly start = this.now
  private ready: Array<() => void> = []
  private readonly timers: Array<Timer> = []
  private settled = false

  readonly clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => this.now,
    currentTimeMillis: Effect.sync(() => this.now),
    currentTimeNanosUnsafe: () => BigInt(this.now) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(this.now) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(this.now) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(this.now) * 1_000_000n),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const cancel = this.after(Math.ceil(Duration.toMillis(duration)), () => resume(Effect.void))
        return Effect.sync(cancel)
      })
  }

  readonly scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield,
    makeDispatcher: () => ({
      scheduleTask: (task) => void this.ready.push(task),
      flush: () => this.drain()
    })
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.now - this.start
  }

  /** Runs `run` in so many milliseconds; answers what cancels it. */
  after(millis: number, run: () => void): () => void {
    const timer: Timer = { at: this.now + millis, run, cancelled: false }
    let low = 0
    let high = this.timers.length
    // Latest first, and of one instant the youngest first: the next to fire is the last.
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.timers[middle]?.at ?? 0) > timer.at) low = middle + 1
      else high = middle
    }
    this.timers.splice(low, 0, timer)
    return () => void (timer.cancelled = true)
  }

  /** To be told where a promise was settled: what waits for it runs before time moves on. */
  promiseSettled(): void {
    this.settled = true
  }

  /** Lets time pass up to and with `at`. */
  async runUntil(at: number): Promise<void> {
    for (;;) {
      this.drain()
      if (this.settled) {
        this.settled = false
        await new Promise((resolve) => setImmediate(resolve))
        continue
      }
      const next = this.timers.at(-1)
      if (next === undefined || next.at > at) break
      this.timers.pop()
      if (next.cancelled) continue
      this.now = next.at
      next.run()
    }
    this.now = at
  }

  private drain(): void {
    let done = 0
    while (this.ready.length > 0) {
      const tasks = this.ready
      this.ready = []
      done += tasks.length
      if (done > MOST_AT_ONCE) throw new Error("something runs on and on without ever waiting")
      for (const task of tasks) task()
    }
  }
}
