/**
 * Whether an authority may be asked, by how it answered before. Closed: a few at a time. Open, once it failed for
 * several who asked: nobody, for a time that grows. Then half-open: one, whose answer closes it or opens it again. So
 * what a failing authority is asked grows with time, not with the number of those who wait for it. Holds no timer.
 */

/** At the same time: more would only wait for each other, in the thread pool or at the authority. */
export const AT_ONCE = 8
/** So many different ones have to fail, with no success between: what fails for one only mustn't stop the others. */
const FAILING = 3
const MOST_MILLIS = 10_000

/** How long to wait after so many failures, from 1 on. Jittered, so that not all who failed together ask together. */
export const backoffMillis = (failures: number): number =>
  Math.ceil(Math.min(MOST_MILLIS, 125 * 2 ** failures) * (0.8 + 0.4 * Math.random()))

export class Breaker<Asker> {
  /** Those for whom it failed since the last success. */
  readonly failing = new Set<Asker>()
  /** Times that it opened since the last success. */
  #opened = 0
  #probeAt = 0

  get isOpen(): boolean {
    return this.#opened > 0
  }

  /** When one may be asked again, where it is open; Unix milliseconds. */
  get probeAt(): number {
    return this.#probeAt
  }

  /** How many may be asking at the same time. */
  allowed(now: number): number {
    if (!this.isOpen) return AT_ONCE
    return now < this.#probeAt ? 0 : 1
  }

  /** Answers whether it was open. */
  succeeded(): boolean {
    const wasOpen = this.isOpen
    this.failing.clear()
    this.#opened = 0
    return wasOpen
  }

  failed(asker: Asker, now: number): void {
    this.failing.add(asker)
    if (this.isOpen || this.failing.size >= FAILING) this.trip(now)
  }

  /** It failed for all. */
  trip(now: number): void {
    // Those that were still asking when it opened say nothing new.
    if (this.isOpen && now < this.#probeAt) return
    this.#opened += 1
    this.#probeAt = now + backoffMillis(this.#opened)
  }

  /** It may be another by now: one may ask at once. */
  retry(): void {
    this.#probeAt = 0
  }
}
