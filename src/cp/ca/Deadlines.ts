/** What is due when, the next first: a binary heap that also lets go of what was called off. */

export interface Deadline {
  /** Unix milliseconds. */
  at: number
  /** Its place in the heap, or -1: it isn't in one. The heap's own. */
  place: number
}

export class Deadlines<D extends Deadline> {
  readonly #heap: Array<D> = []

  get next(): D | undefined {
    return this.#heap[0]
  }

  get size(): number {
    return this.#heap.length
  }

  /** Puts it in, or puts it off or forward. */
  set(deadline: D, at: number): void {
    deadline.at = at
    if (deadline.place < 0) {
      deadline.place = this.#heap.length
      this.#heap.push(deadline)
    }
    this.#settle(deadline)
  }

  remove(deadline: D): void {
    const { place } = deadline
    if (place < 0) return
    deadline.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === deadline) return
    this.#put(last, place)
    this.#settle(last)
  }

  /** Takes out the next one, where it is due by then. */
  take(now: number): D | undefined {
    const next = this.#heap[0]
    if (next === undefined || next.at > now) return undefined
    this.remove(next)
    return next
  }

  #put(deadline: D, place: number): void {
    this.#heap[place] = deadline
    deadline.place = place
  }

  #settle(deadline: D): void {
    for (;;) {
      const above = this.#heap[(deadline.place - 1) >> 1]
      if (deadline.place === 0 || above === undefined || above.at <= deadline.at) break
      this.#swap(deadline, above)
    }
    for (;;) {
      const [left, right] = [this.#heap[2 * deadline.place + 1], this.#heap[2 * deadline.place + 2]]
      const below = right !== undefined && left !== undefined && right.at < left.at ? right : left
      if (below === undefined || below.at >= deadline.at) return
      this.#swap(deadline, below)
    }
  }

  #swap(one: D, other: D): void {
    const { place } = one
    this.#put(one, other.place)
    this.#put(other, place)
  }
}
