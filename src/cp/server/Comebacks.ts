/**
 * Whether proxies are just coming back in numbers: after a network's or a control plane's fault all have left at once,
 * and those at the end of the queue need longer than one that comes back alone. Times are unix milliseconds.
 */
export class Comebacks {
  readonly #millis: number
  readonly #many: number
  /** By proxy, when the latest came back, oldest first; never more than `many`. One that flaps counts once. */
  readonly #latest = new Map<string, number>()

  /** Where `many` came back within `millis`, others may well be about to. */
  constructor(millis: number, many: number) {
    this.#millis = millis
    this.#many = many
  }

  add(proxy: string, now: number): void {
    this.#latest.delete(proxy)
    this.#latest.set(proxy, now)
    const [oldest] = this.#latest.keys()
    if (this.#latest.size > this.#many && oldest !== undefined) this.#latest.delete(oldest)
  }

  areMany(now: number): boolean {
    const [oldest] = this.#latest.values()
    return this.#latest.size === this.#many && oldest !== undefined && now - oldest <= this.#millis
  }
}
