/** Tells what is new from what was said a moment ago: a refused proxy asks again and again, and a log is for people. */

const AGAIN_AFTER_MILLIS = 60_000
/** So many are remembered; beyond that everything is news again. */
const REMEMBERED = 10_000

export class News {
  readonly #said = new Map<string, number>()

  /** Whether it should be said now; it then counts as said. `now`: Unix milliseconds. */
  isNews(what: string, now: number): boolean {
    const last = this.#said.get(what)
    if (last !== undefined && now - last < AGAIN_AFTER_MILLIS) return false
    if (this.#said.size >= REMEMBERED) this.#said.clear()
    this.#said.set(what, now)
    return true
  }
}
