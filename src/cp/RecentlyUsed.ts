interface Kept<V> {
  readonly value: V
  readonly weight: number
}

/** Values by name that together weigh so much at most: those that were used longest ago go first. */
export class RecentlyUsed<V> {
  readonly #most: number
  readonly #kept = new Map<string, Kept<V>>()
  #weight = 0

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#kept.size
  }

  get(name: string): V | undefined {
    const kept = this.#kept.get(name)
    if (kept === undefined) return undefined
    // A map keeps the order in which names were put into it.
    this.#kept.delete(name)
    this.#kept.set(name, kept)
    return kept.value
  }

  /** One that weighs more than all may together isn't kept. */
  set(name: string, value: V, weight = 1): void {
    this.forget(name)
    this.#kept.set(name, { value, weight })
    this.#weight += weight
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.#most) return
      this.forget(oldest)
    }
  }

  forget(name: string): void {
    const kept = this.#kept.get(name)
    if (kept === undefined) return
    this.#kept.delete(name)
    this.#weight -= kept.weight
  }
}
