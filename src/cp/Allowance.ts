/**
 * What one may use: so much at once, and so much a second from then on. What is over it is owed, and is to be waited
 * for: whoever may begin may end, whatever it comes to.
 */
export interface AllowanceOptions {
  readonly atOnce: number
  readonly perSecond: number
}

export class Allowance {
  readonly #options: AllowanceOptions
  /** Below 0: owed. */
  #left: number
  /** Unix milliseconds. */
  #at: number

  constructor(options: AllowanceOptions, now: number) {
    this.#options = options
    this.#left = options.atOnce
    this.#at = now
  }

  spend(units: number, now: number): void {
    const { atOnce, perSecond } = this.#options
    const regained = Math.max(0, now - this.#at) / 1_000 * perSecond
    this.#left = Math.min(atOnce, this.#left + regained) - units
    this.#at = now
  }

  /** Milliseconds until nothing is owed any more; 0 where nothing is. */
  wait(now: number): number {
    this.spend(0, now)
    return this.#left >= 0 ? 0 : Math.ceil(-this.#left / this.#options.perSecond * 1_000)
  }
}
