/**
 * How much of the journal is one proxy's. It is bounded, and a proxy that asks, refuses or comes back all the time
 * costs an entry each time: it may push out its own past and not what is told of others. What is beyond its share waits
 * until it has one again: of each kind and type the newest alone, with when that was (`happened`) and how many it stands
 * for (`times`).
 */
import type { JournalEntry } from "../../model/Journal.ts"
import { Allowance } from "../Allowance.ts"
import { RecentlyUsed } from "../RecentlyUsed.ts"

/**
 * Bytes of one proxy. At once: what one of thousands of clusters is told as it comes, some times over. Then seven or so
 * usual entries a second: one proxy alone takes 18 hours to fill the journal.
 */
export const JOURNAL_SHARE = { atOnce: 1024 * 1024, perSecond: 2 * 1024 }

/** Proxies that are remembered; who is forgotten begins anew. */
const REMEMBERED = 10_000

/** What a line has besides its longer texts. */
const LINE_BYTES = 250

interface Held {
  readonly entry: JournalEntry
  readonly times: number
  /** Unix milliseconds. */
  readonly at: number
}

interface Share {
  readonly allowance: Allowance
  /** By kind and type, the one that came last is last. */
  readonly held: Map<string, Held>
}

const bytesOf = (value: unknown): number => {
  if (typeof value === "string") return value.length
  return Array.isArray(value) ? value.reduce((sum: number, one) => sum + bytesOf(one) + 3, 0) : 0
}

const sizeOf = (entry: JournalEntry): number =>
  Object.values(entry).reduce((sum: number, value) => sum + bytesOf(value), LINE_BYTES)

/** Calls back after so many milliseconds, with Unix milliseconds. */
type Later = (run: (now: number) => void, millis: number) => void

const byTimer: Later = (run, millis) => void setTimeout(() => run(Date.now()), millis).unref()

export class JournalShares {
  readonly #append: (entry: JournalEntry) => void
  readonly #later: Later
  readonly #shares = new RecentlyUsed<Share>(REMEMBERED)
  /** Those of which something is held. */
  readonly #waiting = new Map<string, Share>()

  constructor(append: (entry: JournalEntry) => void, later: Later = byTimer) {
    this.#append = append
    this.#later = later
  }

  /** Answers whether it was written at once. `now`: Unix milliseconds. */
  append(entry: JournalEntry, now: number): boolean {
    const { key, kind, typeUrl } = entry
    const share = this.#shareOf(key, now)
    const wait = share.allowance.wait(now)
    if (wait === 0 && share.held.size === 0) {
      this.#write(share, entry, now)
      return true
    }
    const name = `${kind} ${String(typeUrl)}`
    const times = (share.held.get(name)?.times ?? 0) + 1
    share.held.delete(name)
    share.held.set(name, { entry, times, at: now })
    if (!this.#waiting.has(key)) this.#release(key, share, wait)
    return false
  }

  /** Writes all that is held. */
  settle(now: number): void {
    for (const share of this.#waiting.values()) this.#writeHeld(share, now)
    this.#waiting.clear()
  }

  #shareOf(key: string, now: number): Share {
    const known = this.#waiting.get(key) ?? this.#shares.get(key)
    if (known !== undefined) return known
    const share: Share = { allowance: new Allowance(JOURNAL_SHARE, now), held: new Map() }
    this.#shares.set(key, share)
    return share
  }

  #release(key: string, share: Share, millis: number): void {
    this.#waiting.set(key, share)
    this.#later((now) => {
      if (this.#waiting.get(key) !== share) return
      const wait = share.allowance.wait(now)
      if (wait > 0) return this.#release(key, share, wait)
      this.#waiting.delete(key)
      this.#writeHeld(share, now)
    }, millis)
  }

  #writeHeld(share: Share, now: number): void {
    for (const { at, entry, times } of share.held.values()) {
      const happened = new Date(at).toISOString()
      this.#write(share, { ...entry, happened, ...(times === 1 ? {} : { times }) }, now)
    }
    share.held.clear()
  }

  #write({ allowance }: Share, entry: JournalEntry, now: number): void {
    allowance.spend(sizeOf(entry), now)
    this.#append(entry)
  }
}
