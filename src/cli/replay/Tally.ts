/** What a replay met on its way, so that its end is told truly: what there was, and what was asked for. Pure. */
import { type FoldOptions, isAbout, isBeyond } from "../../controllers/replay/foldJournal.ts"
import type { ReadLine } from "../../controllers/replay/readLines.ts"

/** Keys that are told of where the wanted one isn't there. */
const SOME = 5

export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`

export class Tally {
  events = 0
  decisions = 0
  /** Entries of a journal up to where the replay shall end, and those of the wanted key. */
  #entries = 0
  #wanted = 0
  /** Null where nobody says it. */
  #led: boolean | null = null
  readonly #keys = new Set<string>()

  /** Where there was no difference. */
  end(): string {
    const events = counted(this.events, "event")
    if (this.decisions > 0) return `${events}, ${counted(this.decisions, "decision")}: today's code decides as was recorded`
    return `${events} and no decision${this.#led === false ? ": a replica that doesn't lead decides nothing" : ""}`
  }

  /** The same lines. */
  *watch(lines: Iterable<ReadLine>, { key, until }: FoldOptions): Generator<ReadLine> {
    for (const line of lines) {
      if (line._tag === "Entry" && !isBeyond(line.entry, until)) {
        const { entry } = line
        this.#entries += 1
        if (isAbout(entry.key, key)) this.#wanted += 1
        if (entry.kind === "replica") this.#led = this.#led === true || entry.fields["leads"] === true
        else if (this.#keys.size < SOME && entry.key !== "ignored") this.#keys.add(entry.key)
      }
      yield line
    }
  }

  /** Why nothing was replayed of a journal, or null where something was, or where nothing had to be. */
  nothing({ key, until }: FoldOptions): string | null {
    if (this.events + this.decisions > 0) return null
    if (until !== undefined && this.#entries === 0) return "nothing to replay: the first entry is later than --until"
    if (key !== undefined && this.#wanted === 0) {
      return `nothing to replay: no entry has the key ${key}; keys are e.g. ${[...this.#keys].join(", ")}`
    }
    return this.#led === false && key === undefined
      ? null
      : "nothing to replay: there are entries, but neither events nor decisions among them"
  }
}
