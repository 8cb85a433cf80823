/**
 * Whether a journal's entries are all there, by their numbers: a journal counts on without a hole, over restarts and
 * from file to file. Of a filtered export, which says so at its head, only the order is looked at. Pure.
 */
import type { RecordedEntry } from "./readLines.ts"

export class Numbering {
  #last: RecordedEntry | null = null
  #partial = false

  /** Entries are left out on purpose. */
  get partial(): boolean {
    return this.#partial
  }

  /** An entry was met before. */
  get begun(): boolean {
    return this.#last !== null
  }

  /** What is wrong about this entry coming now, or null. */
  problemOf(entry: RecordedEntry): string | null {
    if (entry.kind === "part") {
      this.#partial = true
      return null
    }
    const last = this.#last
    this.#last = entry
    if (last === null) return null
    const { seq } = entry
    if (seq === last.seq) return `entry ${seq} is here twice`
    if (seq > last.seq + 1 && !this.#partial) return missing(last.seq + 1, seq - 1)
    if (seq < last.seq && !startsAnew(entry, last)) {
      return `entry ${seq} stands behind entry ${last.seq}: lines were moved, or an older file stands behind a newer one`
    }
    return null
  }
}

const missing = (from: number, to: number): string =>
  `${from === to ? `entry ${from} isn't` : `entries ${from} to ${to} aren't`} here: lines or a file were taken out ` +
  "(a part of a journal can be replayed as GET /journal?key=KEY&since=TIME gives it, or with --key of the whole one)"

/** An operator that finds no number to go on from counts from one. */
const startsAnew = (entry: RecordedEntry, last: RecordedEntry): boolean =>
  entry.seq === 1 && entry.kind === "replica" && Date.parse(entry.time) >= Date.parse(last.time)
