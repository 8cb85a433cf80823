/**
 * A journal's text -> its entries, in order, and what is wrong with its lines. A line that a crash tore is passed over;
 * one that was altered or damaged is named. A crash tears the last line of a file, or the one before a restart. Pure, and never more than a line ahead.
 */
import { Option, Schema } from "effect"
import { readSeal } from "../lifecycle/sealLine.ts"

export interface RecordedEntry {
  readonly seq: number
  /** ISO 8601, UTC. */
  readonly time: string
  readonly kind: string
  readonly key: string
  /** All of the line, these too. */
  readonly fields: Readonly<Record<string, unknown>>
}

export type ReadLine =
  | { readonly _tag: "Entry"; readonly place: string; readonly entry: RecordedEntry }
  | { readonly _tag: "Torn"; readonly place: string }
  /** `seq` and `key` as far as the line still tells them. */
  | {
      readonly _tag: "Damaged"
      readonly place: string
      readonly seq: number | null
      readonly kind: string | null
      readonly key: string | null
      readonly why: string
    }

const Line = Schema.fromJsonString(Schema.Struct({
  seq: Schema.Int,
  time: Schema.String,
  kind: Schema.String,
  key: Schema.String
}))
const Fields = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))

const decodeLine = Schema.decodeUnknownOption(Line)
const decodeFields = Schema.decodeUnknownOption(Fields)

/** A line of a journal, whatever became of its checksum. */
export const readEntry = (text: string): RecordedEntry | null => {
  const head = Option.getOrNull(decodeLine(text))
  const fields = Option.getOrNull(decodeFields(text))
  return head === null || fields === null ? null : { ...head, fields }
}

const textOf = (line: string, field: string): string | null =>
  new RegExp(`"${field}":"((?:[^"\\\\]|\\\\.)*)"`).exec(line)?.[1] ?? null

const damaged = (place: string, text: string, why: string): ReadLine => {
  const seq = /"seq":(\d+)/.exec(text)?.[1]
  return {
    _tag: "Damaged",
    place,
    seq: seq === undefined ? null : Number(seq),
    kind: textOf(text, "kind"),
    key: textOf(text, "key"),
    why
  }
}

const ALTERED = "its checksum doesn't fit: it was altered or damaged after it was written"
const UNSEALED =
  "damaged line: it has no checksum at its end: it was altered or cut off after it was written, or isn't of this journal"

export interface PlacedLine {
  /** For people: `journal.jsonl:12`. */
  readonly place: string
  /** Without its newline; the last line may be one that isn't finished. */
  readonly text: string
  /** Nothing follows in its file. */
  readonly last?: boolean
}

export function* readLines(lines: Iterable<PlacedLine>): Generator<ReadLine> {
  let last = 0
  /** A line without its end: torn where a restart goes on with its number, as whole lines are counted. */
  let cut: PlacedLine | null = null
  for (const { last: ends = false, place, text: raw } of lines) {
    // An editor, or a copy by way of Windows, ends lines so. No line that was written ends with it.
    const text = raw.endsWith("\r") ? raw.slice(0, -1) : raw
    if (text === "") continue
    const seal = readSeal(text)
    const entry = seal === "whole" ? readEntry(text) : null
    if (cut !== null) {
      const restarts = entry !== null && entry.kind === "replica" && (entry.seq === last + 1 || last === 0)
      yield restarts && isBeginning(cut.text) ? { _tag: "Torn", place: cut.place } : damagedAt(cut)
      cut = null
    }
    if (entry !== null) {
      last = entry.seq
      yield { _tag: "Entry", place, entry }
    } else if (seal !== "unsealed") {
      yield damaged(place, text, seal === "altered" ? ALTERED : "damaged line: it isn't an entry of a journal")
    } else if (ends) yield isBeginning(text) ? { _tag: "Torn", place } : damaged(place, text, UNSEALED)
    else cut = { place, text }
  }
  if (cut !== null) yield isBeginning(cut.text) ? { _tag: "Torn", place: cut.place } : damagedAt(cut)
}

const damagedAt = ({ place, text }: PlacedLine): ReadLine => damaged(place, text, UNSEALED)

const BEGINNING = "{\"seq\":"

/** Of a line that was being written; a file system may have made room for its rest and filled it with zeros. */
const isBeginning = (text: string): boolean => {
  const written = text.replace(/\0+$/, "")
  return !parses(written) && (written.startsWith(BEGINNING) || BEGINNING.startsWith(written))
}

/** What is whole JSON wasn't torn: its checksum was taken away. */
const parses = (text: string): boolean => Option.isSome(decodeFields(text))
