/**
 * The values that were asked for of late, by key; at most twice `capacity`. In two generations: when the young one is
 * full it becomes the old one, and what isn't asked for until the next is full goes.
 */
export class Recent<K, V> {
  readonly #capacity: number
  #young = new Map<K, V>()
  #old: ReadonlyMap<K, V> = new Map()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** The value of that key, made now where it isn't there. */
  get(key: K, make: () => V): V {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const value = this.#old.get(key) ?? make()
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    return value
  }
}
