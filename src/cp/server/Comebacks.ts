/**
 * Whether proxies are just coming back in numbers: after a network's or a control plane's fault all have left at once,
 * and those at the end of the queue need longer than one that comes back alone. Times are unix milliseconds.
 */
export class Comebacks {
  readonly #millis: number
  readonly #many: number
  /** When the latest came back, oldest first; never more than `many`. */
  #latest: ReadonlyArray<number> = []

  /** Where `many` came back within `millis`, others may well be about to. */
  constructor(millis: number, many: number) {
    this.#millis = millis
    this.#many = many
  }

  add(now: number): void {
    this.#latest = [...this.#latest, now].slice(-this.#many)
  }

  areMany(now: number): boolean {
    const [oldest] = this.#latest
    return this.#latest.length === this.#many && oldest !== undefined && now - oldest <= this.#millis
  }
}
