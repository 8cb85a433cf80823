/**
 * Values that are made once for everybody who asks with the same input, and that live as long as one of them holds
 * them. Two share a value only where everything that goes into it is the same: its key is the whole of the maker's
 * input, and a maker reads nothing else.
 */
import { hash } from "node:crypto"
import type { Plain } from "./Plain.ts"
import { WeakValues } from "./WeakValues.ts"

/** Characters; a longer key is kept as its SHA-256. */
const MAX_KEY = 600

const keyOf = (input: unknown): string => {
  const json = JSON.stringify(input)
  return json.length <= MAX_KEY ? json : hash("sha256", json)
}

export class Shared<V extends object> {
  readonly #byMaker = new Map<unknown, WeakValues<V>>()
  #made = 0

  /** How many were made so far: those that nobody had when they were asked for. */
  get made(): number {
    return this.#made
  }

  /** How many are remembered. */
  get size(): number {
    return [...this.#byMaker.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** What `make` makes of that input. */
  of<I>(make: (input: I) => V, input: I & Plain<I>): V {
    const known = this.#byMaker.get(make) ?? new WeakValues<V>()
    this.#byMaker.set(make, known)
    const key = keyOf(input)
    const before = known.get(key)
    if (before !== undefined) return before
    const after = make(input)
    this.#made += 1
    known.set(key, after)
    return after
  }
}
