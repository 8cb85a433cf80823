/**
 * Prints lines of several sources in the order of their times. Each source's file is looked at by itself, so a line is
 * held for a moment, in which an earlier one may still come.
 */
const HOLD_MILLIS = 150

interface Held {
  /** ISO 8601 in UTC: the order of the texts is that of the times. */
  readonly time: string
  readonly text: string
  readonly until: number
}

export class InOrder {
  #held: Array<Held> = []
  #timer: NodeJS.Timeout | undefined
  readonly #print: (text: string) => void

  constructor(print: (text: string) => void) {
    this.#print = print
  }

  add(time: string, text: string): void {
    const at = this.#held.findLastIndex((held) => held.time <= time) + 1
    this.#held.splice(at, 0, { time, text, until: performance.now() + HOLD_MILLIS })
    this.#timer ??= setTimeout(() => this.#look(), HOLD_MILLIS)
  }

  /** Prints all that is held. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#printFirst(this.#held.length)
  }

  /** Whose time is over takes along what is earlier. */
  #look(): void {
    const now = performance.now()
    this.#printFirst(this.#held.findLastIndex(({ until }) => until <= now) + 1)
    const next = Math.min(...this.#held.map(({ until }) => until))
    this.#timer = this.#held.length === 0 ? undefined : setTimeout(() => this.#look(), Math.max(1, next - now))
  }

  #printFirst(count: number): void {
    for (const { text } of this.#held.splice(0, count)) this.#print(text)
  }
}
