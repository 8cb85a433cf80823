/** Chance that a seed repeats (mulberry32), and what is picked by it. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  pick<A>(from: ReadonlyArray<A>): A {
    const picked = from[this.below(from.length)]
    if (picked === undefined) throw new Error("there is nothing to pick from")
    return picked
  }

  text(length: number, characters: string): string {
    return Array.from({ length }, () => characters[this.below(characters.length)] ?? "").join("")
  }

  word(): string {
    return this.text(1 + this.below(12), "abcdefghijklmnopqrstuvwxyz")
  }
}
