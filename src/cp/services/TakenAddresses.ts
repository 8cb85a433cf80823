/** The addresses that somebody has, of all ranges, counted by range: a full one is known without walking over it. */
import { type AddressRange, mayBeGiven, type Taken } from "./AddressRange.ts"

interface Counted {
  readonly range: AddressRange
  count: number
}

export class TakenAddresses implements Taken {
  readonly #all = new Set<string>()
  /** By network; of those that were asked about. */
  readonly #counted = new Map<string, Counted>()

  has(address: string): boolean {
    return this.#all.has(address)
  }

  add(address: string): void {
    if (this.#all.has(address)) return
    this.#all.add(address)
    this.#count(address, 1)
  }

  delete(address: string): void {
    if (this.#all.delete(address)) this.#count(address, -1)
  }

  countIn(range: AddressRange): number {
    const known = this.#counted.get(range.cidr)
    if (known !== undefined) return known.count
    const count = [...this.#all].filter((address) => mayBeGiven(range, address)).length
    this.#counted.set(range.cidr, { range, count })
    return count
  }

  #count(address: string, by: 1 | -1): void {
    for (const counted of this.#counted.values()) if (mayBeGiven(counted.range, address)) counted.count += by
  }
}
