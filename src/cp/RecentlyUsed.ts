/** So many values by name, of which the one that was used longest ago goes first. */
export class RecentlyUsed<V> {
  readonly #most: number
  readonly #values = new Map<string, V>()

  constructor(most: number) {
    this.#most = most
  }

  get(name: string): V | undefined {
    const value = this.#values.get(name)
    if (value !== undefined) this.set(name, value)
    return value
  }

  set(name: string, value: V): void {
    // A map keeps the order in which names were put into it.
    this.#values.delete(name)
    this.#values.set(name, value)
    const [oldest] = this.#values.size > this.#most ? this.#values.keys() : []
    if (oldest !== undefined) this.#values.delete(oldest)
  }
}
