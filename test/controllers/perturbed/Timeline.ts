/** A value and all that it was before: what an answer that comes late may still show. */
export class Timeline<A> {
  private readonly entries: Array<{ readonly from: number; readonly value: A }> = []

  constructor(from: number, value: A) {
    this.entries.push({ from, value })
  }

  get now(): A {
    return this.at(Number.POSITIVE_INFINITY) as A
  }

  set(from: number, value: A): void {
    this.entries.push({ from, value })
  }

  /** Undefined before the first. */
  at(time: number): A | undefined {
    return this.entries.findLast(({ from }) => from <= time)?.value
  }

  /** All that it was from `time` on, and at it. */
  since(time: number): ReadonlyArray<A> {
    const last = this.entries.findLastIndex(({ from }) => from <= time)
    return this.entries.slice(Math.max(0, last)).map(({ value }) => value)
  }
}
