/**
 * So many a minute and no more. Refusals cost whoever causes them nothing, and the journal is bounded: without this,
 * anybody who reaches a door could push out of it all that it tells of others.
 */

const MINUTE = 60_000

export class Ration {
  readonly #aMinute: number
  #since = Number.NEGATIVE_INFINITY
  #given = 0

  constructor(aMinute: number) {
    this.#aMinute = aMinute
  }

  /** Whether this one is within it; it then counts. `now`: Unix milliseconds. */
  takes(now: number): boolean {
    if (Math.abs(now - this.#since) >= MINUTE) {
      this.#since = now
      this.#given = 0
    }
    this.#given += 1
    return this.#given <= this.#aMinute
  }
}

/** Journal entries of one door: more than a fleet that waits needs, and hours of it fit into the journal. */
export const REFUSALS_A_MINUTE = 1_000
