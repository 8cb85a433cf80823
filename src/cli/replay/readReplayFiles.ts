/** Tells by its content what a file holds: an operator's journal, or raw EventBridge events. Pure. */
import { type RawEvent, readEvents } from "../../controllers/replay/readEvents.ts"
import { type PlacedLine, readEntry, type ReadLine, readLines } from "../../controllers/replay/readLines.ts"

export interface NamedText {
  readonly name: string
  readonly text: string
}

export type Replayable =
  | { readonly _tag: "Journal"; readonly lines: () => Iterable<ReadLine> }
  | { readonly _tag: "Events"; readonly events: ReadonlyArray<RawEvent> }
  /** `problem` says what to give instead. */
  | { readonly _tag: "Neither"; readonly problem: string }

/** One line after the other: the text may be large, and is kept once. */
export function* linesOf({ name, text }: NamedText): Generator<PlacedLine> {
  for (let start = 0, line = 1; start < text.length; line += 1) {
    const newline = text.indexOf("\n", start)
    const end = newline < 0 ? text.length : newline
    yield { place: `${name}:${line}`, text: text.slice(start, end), last: end + 1 >= text.length }
    start = end + 1
  }
}

/** Its first entries may be torn or altered. */
const LINES_TO_TELL = 100

/** The number of its first entry, or null where it is no journal. What says that it's a part has no number. */
const firstSeq = (file: NamedText): number | null => {
  let looked = 0
  let first: number | null = null
  for (const { text } of linesOf(file)) {
    const entry = readEntry(text)
    if (entry !== null && entry.kind !== "part") return entry.seq
    first = entry?.seq ?? first
    looked += 1
    if (looked === LINES_TO_TELL) return first
  }
  return first
}

/** The names of two that can't follow each other. */
const twice = (firsts: ReadonlyArray<{ readonly file: NamedText; readonly seq: number | null }>) => {
  const again = firsts.find(({ seq }, index) => firsts.findIndex((other) => other.seq === seq) < index)
  return again === undefined ? [] : [firsts.find(({ seq }) => seq === again.seq)?.file.name, again.file.name]
}

/** Of several files the older comes first, in whatever order they are given. */
export const readReplayFiles = (files: ReadonlyArray<NamedText>): Replayable => {
  const firsts = files.map((file) => ({ file, seq: firstSeq(file) }))
  if (firsts.every(({ seq }) => seq !== null)) {
    const sorted = firsts.toSorted((a, b) => (a.seq ?? 0) - (b.seq ?? 0)).map(({ file }) => file)
    const [one, again] = twice(firsts)
    if (one !== undefined && again !== undefined) {
      const problem = `${one} and ${again} begin with the same entry: give each file once, and of several replicas or ` +
        "exports one after the other"
      return { _tag: "Neither", problem }
    }
    return {
      _tag: "Journal",
      lines: () => readLines((function*() {
        for (const file of sorted) yield* linesOf(file)
      })())
    }
  }
  const other = firsts.find(({ seq }) => seq === null)?.file.name
  if (firsts.some(({ seq }) => seq !== null)) {
    return { _tag: "Neither", problem: `${other} isn't a journal, as the others are: replay them one by one` }
  }
  const events = files.map(({ name, text }) => ({ name, found: readEvents(name, text) }))
  const unread = events.find(({ found }) => found === null)
  if (unread === undefined) return { _tag: "Events", events: events.flatMap(({ found }) => found ?? []) }
  return {
    _tag: "Neither",
    problem: `${unread.name} is neither an operator's journal (journal.jsonl of its work dir, or GET /journal) nor ` +
      "EventBridge events (JSON, or a line each; messages of a queue as `aws sqs receive-message` gives them)"
  }
}
