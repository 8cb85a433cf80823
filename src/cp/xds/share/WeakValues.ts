/**
 * Values by key for as long as anybody else holds them: what no proxy has any more is forgotten, however long the
 * control plane lives. Whether a value is still there is chance (garbage collection), so it may only hold what can be
 * made again and is equal then.
 */
const FIRST_SWEEP = 256

export class WeakValues<V extends object> {
  readonly #values = new Map<string, WeakRef<V>>()
  #sweepAt = FIRST_SWEEP

  /** Keys that are kept, a few of them of values that are gone: at most twice as many as there were values. */
  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)?.deref()
  }

  set(key: string, value: V): void {
    this.#values.set(key, new WeakRef(value))
    if (this.#values.size >= this.#sweepAt) this.#sweep()
  }

  /** Each sweep walks over everything, and so comes only when there could be twice as much as after the last. */
  #sweep(): void {
    for (const [key, value] of this.#values) if (value.deref() === undefined) this.#values.delete(key)
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#values.size)
  }
}
