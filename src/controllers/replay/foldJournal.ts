/**
 * Folds a recorded journal through the operator's own pure code and tells each step: events are decoded again, what was
 * observed is decided upon again. The fold ends with the first thing that today's code sees or decides otherwise, or
 * that was altered since it was recorded. It reads nothing but what it is given.
 */
import { Predicate } from "effect"
import { lastPart } from "../arn.ts"
import { decode } from "../event/decode.ts"
import { asJson, differences } from "./differences.ts"
import { Numbering } from "./Numbering.ts"
import type { ReadLine, RecordedEntry } from "./readLines.ts"
import { repeatDecision } from "./repeatDecision.ts"
import type { Step } from "./Step.ts"

export interface FoldOptions {
  /** A key, or the beginning of what stands behind its last slash. */
  readonly key?: string
  /** Ends before what is later: a number of the journal, or Unix milliseconds. */
  readonly until?: { readonly seq: number } | { readonly time: number }
  /** What the journal's strings went through before they were written. */
  readonly guard?: (text: string) => string
}

type Fields = Readonly<Record<string, unknown>>

/** What a journal's line has beside its entry. */
const FRAME = ["seq", "time", "kind", "key", "sum", "dropped"]

const contentOf = ({ fields }: RecordedEntry): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !FRAME.includes(name)))

export const isAbout = (key: string, wanted: string | undefined): boolean =>
  wanted === undefined || key === wanted || lastPart(key).startsWith(lastPart(wanted))

export const isBeyond = ({ seq, time }: RecordedEntry, until: FoldOptions["until"]): boolean =>
  until !== undefined && ("seq" in until ? seq > until.seq : Date.parse(time) > until.time)

const guarded = (value: unknown, guard: (text: string) => string): unknown => {
  const text = JSON.stringify(value, (_, member: unknown) => typeof member === "string" ? guard(member) : member)
  return text === undefined ? undefined : JSON.parse(text)
}

/** What an event and a look say of the same version of a task. */
interface Said {
  readonly seq: number
  readonly version: unknown
  readonly lastStatus: unknown
  readonly desiredStatus: unknown
}

const saidBy = (seq: number, value: unknown): Said | null => {
  if (!Predicate.isObject(value) || !("version" in value)) return null
  const { desiredStatus, lastStatus, version }: Fields = { ...value }
  return { seq, version, lastStatus, desiredStatus }
}

class Fold {
  readonly #guard: (text: string) => string
  /** The observation before, until its decision comes: the two are written together. */
  #open: { readonly place: string; readonly entry: RecordedEntry } | null = null
  readonly #events = new Map<string, Said>()
  readonly #looks = new Map<string, Said>()

  constructor(guard: (text: string) => string) {
    this.#guard = guard
  }

  /** `complete`: nothing is missing before the entry. */
  *entry(place: string, entry: RecordedEntry, complete: boolean): Generator<Step> {
    if (this.#open !== null && !(entry.kind === "decision" && entry.key === this.#open.entry.key)) {
      // A crash may have come between the two: who starts then says so first.
      yield* this.#undecided(complete && entry.kind !== "replica")
    }
    switch (entry.kind) {
      case "event":
        return yield* this.#event(place, entry)
      case "observation":
        return yield* this.#observation(place, entry)
      case "decision":
        return yield* this.#decision(place, entry, complete)
    }
  }

  /** What follows is lost: the journal ends here, or a line was torn. */
  *lost(): Generator<Step> {
    yield* this.#undecided(false)
  }

  /** `removed`: nothing was lost in between, so the decision was taken away. */
  *#undecided(removed: boolean): Generator<Step> {
    if (this.#open === null) return
    const { entry, place } = this.#open
    this.#open = null
    if (removed) yield differs(place, entry, "decision", undefined, "an entry right behind it")
    else yield note(place, `what was decided of ${entry.key} on observation ${entry.seq} isn't here`)
  }

  *#event(place: string, entry: RecordedEntry): Generator<Step> {
    const { detailType, event, source, ...more } = contentOf(entry)
    if (event === undefined) {
      yield { _tag: "Event", place, ...at(entry), what: `ignored: ${String(more["reason"])}` }
      return
    }
    const decoded = decode(JSON.stringify(event))
    if (decoded._tag === "Ignored") return yield differs(place, entry, "event", "an event that wakes", decoded.reason)
    const { "detail-type": type, source: from } = decoded.event
    const again = { key: decoded.key, source: from, detailType: type, event: decoded.event }
    const [first] = differences({ key: entry.key, source, detailType, event, ...more }, guarded(again, this.#guard))
    if (first !== undefined) return yield differs(place, entry, first.field, first.before, first.after)
    const said = decoded._tag === "TaskChanged" ? saidBy(entry.seq, decoded.event.detail) : null
    if (said !== null) {
      this.#events.set(entry.key, said)
      const against = this.#contradiction(said, this.#looks.get(entry.key))
      if (against !== null) {
        return yield differs(place, entry, `event.detail.${against.field}`, against.event, against.look)
      }
    }
    yield { _tag: "Event", place, ...at(entry), what: said === null ? `${detailType}` : tellStatus(said) }
  }

  *#observation(place: string, entry: RecordedEntry): Generator<Step> {
    this.#open = { place, entry }
    const { observation } = contentOf(entry)
    const look = Predicate.hasProperty(observation, "look") ? observation.look : null
    const said = saidBy(entry.seq, Predicate.hasProperty(look, "task") ? look.task : null)
    if (said === null) return
    this.#looks.set(entry.key, said)
    const event = this.#events.get(entry.key)
    const against = this.#contradiction(event, said)
    if (event === undefined || against === null) return
    yield {
      _tag: "Difference", place, ...at(entry), seq: event.seq, kind: "event", field: `event.detail.${against.field}`,
      recorded: against.event, replayed: `${String(against.look)} (observation ${entry.seq} of the same version)`
    }
  }

  *#decision(place: string, entry: RecordedEntry, complete: boolean): Generator<Step> {
    const open = this.#open
    this.#open = null
    if (open === null) {
      if (complete) yield differs(place, entry, "observation", undefined, "an observation right before it")
      else yield note(place, `the observation that decision ${entry.seq} of ${entry.key} was taken on isn't here`)
      return
    }
    const repeated = repeatDecision(open.entry.fields)
    if ("problem" in repeated) {
      return yield differs(open.place, open.entry, "observation", "as this version reads it", repeated.problem)
    }
    const { repeatable } = repeated
    const recorded = contentOf(entry)
    const now = recorded["now"]
    const replayed = guarded(repeatable.decide(typeof now === "number" ? now : 0), this.#guard)
    const [first] = differences(recorded, replayed)
    if (first !== undefined) return yield differs(place, entry, first.field, first.before, first.after)
    const text = (field: string): string | null => Predicate.isString(recorded[field]) ? recorded[field] : null
    yield {
      _tag: "Decision",
      place,
      ...at(entry),
      from: text("from"),
      to: text("to") ?? "",
      why: text("why") ?? "",
      changes: differences(resourceOf(repeatable.stored), resourceOf(recorded["desired"]))
    }
  }

  #contradiction(event: Said | undefined, look: Said | undefined) {
    if (event === undefined || look === undefined || event.version !== look.version) return null
    for (const field of ["lastStatus", "desiredStatus"] as const) {
      if (event[field] !== look[field]) return { field, event: event[field], look: look[field] }
    }
    return null
  }
}

const tellStatus = ({ desiredStatus, lastStatus, version }: Said): string =>
  `ECS says ${String(lastStatus)}, desired ${String(desiredStatus)} (version ${String(version)})`

/** A resource without what only the store adds, or null. */
export const resourceOf = (resource: unknown): unknown => {
  if (!Predicate.isObject(resource)) return undefined
  const { version: _version, creationTime: _creation, modificationTime: _modification, ...rest } = {
    version: 0, creationTime: "", modificationTime: "", ...resource
  }
  return asJson(rest)
}

const at = ({ key, seq, time }: RecordedEntry) => ({ seq, time, key })

const note = (place: string, text: string): Step => ({ _tag: "Note", place, text })

const differs = (place: string, entry: RecordedEntry, field: string, recorded: unknown, replayed: unknown): Step =>
  ({ _tag: "Difference", place, ...at(entry), kind: entry.kind, field, recorded, replayed })

/** The last step is a difference where there is one: nothing behind it is looked at. */
export function* foldJournal(lines: Iterable<ReadLine>, options: FoldOptions = {}): Generator<Step> {
  const fold = new Fold(options.guard ?? ((text) => text))
  const numbering = new Numbering()
  for (const read of lines) {
    if (read._tag === "Torn") {
      yield* fold.lost()
      yield note(read.place, "a crash tore this line: what it said is lost, the next lines are whole")
      continue
    }
    if (read._tag === "Damaged") {
      const { key, kind, place, seq, why } = read
      yield {
        _tag: "Difference", place, seq, time: null, key: key ?? "", kind: kind ?? "line", field: "sum",
        recorded: undefined, replayed: why
      }
      return
    }
    const { entry, place } = read
    if (isBeyond(entry, options.until)) return
    const complete = numbering.begun && !numbering.partial
    const problem = numbering.problemOf(entry)
    if (problem !== null) return yield differs(place, entry, "seq", undefined, problem)
    if (!isAbout(entry.key, options.key) && entry.kind !== "replica") continue
    for (const step of fold.entry(place, entry, complete)) {
      yield step
      if (step._tag === "Difference") return
    }
  }
  yield* fold.lost()
}
