/**
 * A share of an AWS quota, as AWS counts it: a token a call, refilled at a rate, kept up to a burst. Others of the
 * account draw on the same quota unseen. Where AWS says that it is exhausted the share is halved, and it grows back bit
 * by bit while AWS says nothing: so all who yield alike end with a like share. Receives the time, waits for nothing.
 */
import type { Lane } from "./CallLane.ts"

export interface Quota {
  /** Calls a second for as long as one likes. */
  readonly rate: number
  /** Calls at once after a rest. */
  readonly burst: number
}

/** What bulk calls leave in the bucket, as a part of it: an event that comes amid a full look finds its token there. */
const KEPT_FOR_URGENT = 0.2
const SMALLEST_PART = 1 / 32
/** A second of the whole, that is: from a half back to all within less than a minute. */
const GROWTH_A_SECOND = 0.01
/** Calls that were under way together are refused together, for one and the same reason. */
const ONE_REFUSAL_MILLIS = 1_000

/** All times are Unix milliseconds. */
export class TokenBucket {
  readonly quota: Quota
  private tokens: number
  private grown = 1
  private at: number
  private refusedAt = Number.NEGATIVE_INFINITY

  constructor(quota: Quota, now: number) {
    this.quota = quota
    this.at = now
    this.tokens = quota.burst
  }

  /** How much of the quota is used at most now: 1 where AWS never objected. */
  part(now: number): number {
    this.refill(now)
    return this.grown
  }

  take(lane: Lane, now: number): boolean {
    this.refill(now)
    if (this.tokens < this.neededBy(lane)) return false
    this.tokens -= 1
    return true
  }

  /** One that was taken and isn't needed. */
  giveBack(): void {
    this.tokens += 1
  }

  /** Milliseconds until `take` may succeed. */
  waitFor(lane: Lane, now: number): number {
    this.refill(now)
    const missing = this.neededBy(lane) - this.tokens
    return missing <= 0 ? 0 : Math.max(1, Math.ceil(missing / (this.quota.rate * this.grown) * 1_000))
  }

  /** AWS refused a call, as there were too many. */
  refused(now: number): void {
    this.refill(now)
    this.tokens = Math.min(this.tokens, 0)
    const since = now - this.refusedAt
    if (since >= 0 && since < ONE_REFUSAL_MILLIS) return
    this.refusedAt = now
    this.grown = Math.max(SMALLEST_PART, this.grown / 2)
  }

  private get capacity(): number {
    return Math.max(2, this.quota.burst * this.grown)
  }

  private neededBy(lane: Lane): number {
    return lane === "urgent" ? 1 : 1 + Math.min(this.capacity * KEPT_FOR_URGENT, this.capacity - 1)
  }

  private refill(now: number): void {
    const seconds = (now - this.at) / 1_000
    // Also where the clock was set back: otherwise nothing would come in until it is as late again.
    this.at = now
    if (seconds <= 0) return
    this.tokens = Math.min(this.capacity, this.tokens + seconds * this.quota.rate * this.grown)
    this.grown = Math.min(1, this.grown + seconds * GROWTH_A_SECOND)
  }
}
