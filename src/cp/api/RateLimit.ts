/** How often a caller may come: so many times a second, and at first ten times as many at once. */
import { RecentlyUsed } from "../RecentlyUsed.ts"

/** Callers that are remembered; who is forgotten begins anew. */
const CALLERS = 10_000

const SECONDS_AT_ONCE = 10

interface Allowance {
  readonly left: number
  /** Unix milliseconds. */
  readonly at: number
}

export class RateLimit {
  readonly #perSecond: number
  readonly #callers = new RecentlyUsed<Allowance>(CALLERS)

  /** 0: without a limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** How many are remembered. */
  get callers(): number {
    return this.#callers.size
  }

  #left(caller: string, now: number): number {
    const most = this.#perSecond * SECONDS_AT_ONCE
    const allowance = this.#callers.get(caller)
    if (allowance === undefined) return most
    return Math.min(most, allowance.left + Math.max(0, now - allowance.at) / 1_000 * this.#perSecond)
  }

  /** One that was taken and isn't to count. */
  giveBack(caller: string, now: number): void {
    this.#callers.set(caller, { left: this.#left(caller, now) + 1, at: now })
  }

  /** Counts one, and says whether it was allowed. `now`: unix milliseconds. */
  take(caller: string, now: number): boolean {
    if (this.#perSecond === 0) return true
    const left = this.#left(caller, now)
    if (left < 1) return false
    this.#callers.set(caller, { left: left - 1, at: now })
    return true
  }
}
