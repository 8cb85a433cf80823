/** So many of something for each address: who takes all that it may have leaves room for others. */
import { placeOf } from "./placeOf.ts"

export class PlacesOfEach {
  readonly #most: number
  readonly #taken = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** Addresses that have one. */
  get size(): number {
    return this.#taken.size
  }

  /** Gives the place back when it is called, once; null where this address has all that it may have. */
  take(address: string): (() => void) | null {
    const place = placeOf(address)
    const taken = this.#taken.get(place) ?? 0
    if (taken >= this.#most) return null
    this.#taken.set(place, taken + 1)
    let given = false
    return () => {
      if (!given) this.#giveBack(place)
      given = true
    }
  }

  #giveBack(place: string): void {
    const left = (this.#taken.get(place) ?? 0) - 1
    if (left > 0) this.#taken.set(place, left)
    else this.#taken.delete(place)
  }
}
