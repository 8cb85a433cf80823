/**
 * A journal's text -> its entries, in order, and what is wrong with its lines. A line that a crash tore is passed over;
 * one that was altered or damaged is named. Pure, and never more than a line ahead.
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
  "it has no checksum at its end: it was altered or cut off after it was written, or isn't of this journal"

export interface PlacedLine {
  /** For people: `journal.jsonl:12`. */
  readonly place: string
  /** Without its newline; the last line may be one that isn't finished. */
  readonly text: string
}

export function* readLines(lines: Iterable<PlacedLine>): Generator<ReadLine> {
  let last = 0
  /** A line without its end: torn where numbers go on as if it weren't there, as they are counted on whole lines. */
  let cut: PlacedLine | null = null
  for (const { place, text } of lines) {
    if (text === "") continue
    const seal = readSeal(text)
    const entry = seal === "whole" ? readEntry(text) : null
    if (cut !== null) {
      const goesOn = entry !== null && (entry.seq === last + 1 || last === 0) && !parses(cut.text)
      yield goesOn ? { _tag: "Torn", place: cut.place } : damaged(cut.place, cut.text, UNSEALED)
      cut = null
    }
    if (entry !== null) {
      last = entry.seq
      yield { _tag: "Entry", place, entry }
    } else if (seal === "unsealed") cut = { place, text }
    else yield damaged(place, text, seal === "altered" ? ALTERED : "it isn't an entry of a journal")
  }
  if (cut !== null) yield parses(cut.text) ? damaged(cut.place, cut.text, UNSEALED) : { _tag: "Torn", place: cut.place }
}

/** What is whole JSON wasn't torn: its checksum was taken away. */
const parses = (text: string): boolean => Option.isSome(decodeFields(text))
