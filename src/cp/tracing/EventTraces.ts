/**
 * Joins what one event led to into one trace: the look at its task, what was stored, when the control plane noticed,
 * what was pushed to whom, and the last answer to it. It is told facts as they happen, those of the journal among them,
 * and makes spans of them once nothing more comes; the code that does the work knows nothing of it. Bounded.
 */
import type { JournalEntry } from "../../model/Journal.ts"
import { PROXY_RESOURCE } from "../../model/proxyResource.ts"
import { formatKey } from "../../model/Resource.ts"
import type { ResourceChange } from "../snapshot/ResourceCache.ts"

/** Something that took from one moment to another, in Unix milliseconds. */
export interface TracedSpan {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly isFailure: boolean
  /** What led to it, by its place among the spans before it; null: the event. */
  readonly parent: number | null
}

/** Its own span is that of the event. */
export interface FinishedTrace {
  readonly root: TracedSpan
  readonly spans: ReadonlyArray<TracedSpan>
}

export interface EventTracesOptions {
  /** Of a number from 0 to 1, drawn for each event: whether it is traced. */
  readonly samples: () => boolean
  readonly finished: (trace: FinishedTrace) => void
}

interface OpenTrace {
  readonly key: string
  readonly startedAt: number
  readonly attributes: Record<string, string | number | boolean>
  readonly spans: Array<TracedSpan>
  /** When the look began whose decision is still to come. */
  lookedAt: number | null
  decidedAt: number
  /** The span of the last decision: what is stored and noticed from then on follows from it. */
  decision: number | null
  /** When the control plane noticed something of it, and the span of that. */
  readonly noticed: Array<{ readonly at: number; readonly span: number | null }>
  /** Sent and not answered yet, by proxy, type and version. */
  readonly pushed: Map<string, Pick<TracedSpan, "attributes" | "parent" | "start">>
  lastAt: number
  dropped: number
}

/** Nothing more comes of what has been quiet for so long. */
const QUIET_MILLIS = 5_000
/** Whatever still comes. */
const LONGEST_MILLIS = 60_000
const MOST_OPEN = 200
const MOST_SPANS = 2_000
/** Of one trace, of different moments. */
const MOST_NOTICED = 100
/** A push says how long ago its cause was, in whole milliseconds of another moment. */
const CLOCK_MILLIS = 5

/** What of a task proxies are told of. */
const PROXY_TYPES: ReadonlySet<string> = new Set(Object.values(PROXY_RESOURCE))

const taskIdOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1)

const text = (value: unknown): string => (typeof value === "string" ? value : "")
const shortType = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf(".") + 1)

export class EventTraces {
  readonly #options: EventTracesOptions
  readonly #open = new Map<string, OpenTrace>()
  readonly #byTask = new Map<string, OpenTrace>()

  constructor(options: EventTracesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#open.size
  }

  /** An entry of the journal. */
  note(entry: JournalEntry, at: number): void {
    if (entry.kind === "event") return this.#begin(entry, at)
    if (this.#open.size === 0) return
    const trace = this.#open.get(entry.key)
    switch (entry.kind) {
      case "observation":
        if (trace !== undefined) trace.lookedAt ??= Math.max(trace.decidedAt, trace.startedAt)
        return
      case "decision":
        if (trace !== undefined) this.#decided(trace, entry, at)
        return
      case "stored":
        if (trace !== undefined) this.#stored(trace, entry, at)
        return
      case "acked":
      case "nacked":
        return this.#answered(entry, at)
      default:
        return
    }
  }

  /**
   * The control plane takes in what was stored, mostly before whoever stored it has heard that it was. `at`: as pushes
   * tell the moment of their cause. A task's resources bear its id.
   */
  changed(changes: ReadonlyArray<ResourceChange>, at: number): void {
    if (this.#open.size === 0) return
    for (const { key } of changes) {
      const trace = PROXY_TYPES.has(key.type) ? this.#byTask.get(key.name) : undefined
      if (trace === undefined) continue
      const span = this.#add(trace, {
        name: "notice", start: trace.decidedAt, end: at, attributes: { resource: formatKey(key) }, parent: trace.decision
      })
      if (trace.noticed.length < MOST_NOTICED) trace.noticed.push({ at, span })
    }
  }

  /** A response went out; `latencyMillis`: since the change that led to it. */
  pushed(push: { readonly proxy: string; readonly typeUrl: string; readonly version: string }, latencyMillis: number, at: number): void {
    const { proxy, typeUrl, version } = push
    const from = at - latencyMillis - CLOCK_MILLIS
    for (const trace of this.#open.values()) {
      const noticed = trace.noticed.find((one) => one.at >= from && one.at <= at)
      if (noticed === undefined) continue
      if (trace.spans.length + trace.pushed.size >= MOST_SPANS) {
        trace.dropped += 1
        continue
      }
      trace.lastAt = at
      trace.pushed.set(pushKey(proxy, typeUrl, version), {
        start: noticed.at,
        parent: noticed.span,
        attributes: { proxy, type: shortType(typeUrl), version, sentAfterMillis: at - noticed.at }
      })
    }
  }

  /** Ends what is over; to be called now and then while there is any. */
  sweep(now: number): void {
    for (const trace of this.#open.values()) {
      const isQuiet = now - trace.lastAt >= QUIET_MILLIS && trace.pushed.size === 0
      if (isQuiet || now - trace.startedAt >= LONGEST_MILLIS) this.#finish(trace)
    }
  }

  /** All of them, whatever is still to come. */
  finish(): void {
    for (const trace of this.#open.values()) this.#finish(trace)
  }

  #begin({ detailType, key, source }: JournalEntry, at: number): void {
    const open = this.#open.get(key)
    if (open !== undefined) {
      open.attributes["events"] = Number(open.attributes["events"] ?? 1) + 1
      open.lastAt = at
      return
    }
    if (!key.startsWith("task/") || this.#open.size >= MOST_OPEN || !this.#options.samples()) return
    const trace: OpenTrace = {
      key,
      startedAt: at,
      attributes: { task: key, source: text(source), detailType: text(detailType) },
      spans: [],
      lookedAt: null,
      decidedAt: at,
      decision: null,
      noticed: [],
      pushed: new Map(),
      lastAt: at,
      dropped: 0
    }
    this.#open.set(key, trace)
    this.#byTask.set(taskIdOf(key), trace)
  }

  #decided(trace: OpenTrace, { from, to, why }: JournalEntry, at: number): void {
    trace.decision = this.#add(trace, {
      name: "look",
      start: trace.lookedAt ?? trace.decidedAt,
      end: at,
      attributes: { from: text(from), to: text(to), why: text(why) },
      parent: null
    })
    trace.lookedAt = null
    trace.decidedAt = at
  }

  #stored(trace: OpenTrace, { op, resource }: JournalEntry, at: number): void {
    const attributes = { op: text(op), resource: text(resource) }
    this.#add(trace, { name: "store", start: trace.decidedAt, end: at, attributes, parent: trace.decision })
  }

  #answered({ key, kind, typeUrl, version }: JournalEntry, at: number): void {
    const name = pushKey(key, text(typeUrl), text(version))
    for (const trace of this.#open.values()) {
      const pushed = trace.pushed.get(name)
      if (pushed === undefined) continue
      trace.pushed.delete(name)
      this.#add(trace, { name: "push", ...pushed, end: at }, kind === "nacked")
    }
  }

  /** Its place, or null where it is one too many. */
  #add(trace: OpenTrace, span: Omit<TracedSpan, "isFailure">, isFailure = false): number | null {
    trace.lastAt = Math.max(trace.lastAt, span.end)
    if (trace.spans.length >= MOST_SPANS) {
      trace.dropped += 1
      return null
    }
    return trace.spans.push({ ...span, start: Math.min(span.start, span.end), isFailure }) - 1
  }

  #finish(trace: OpenTrace): void {
    this.#open.delete(trace.key)
    this.#byTask.delete(taskIdOf(trace.key))
    const { attributes, dropped, key, lastAt, pushed, spans, startedAt } = trace
    const unanswered = [...pushed.values()].map(({ attributes: of, ...push }): TracedSpan =>
      ({ name: "push", ...push, end: lastAt, attributes: { ...of, unanswered: true }, isFailure: true }))
    this.#options.finished({
      root: {
        name: "event",
        start: startedAt,
        end: lastAt,
        attributes: { ...attributes, task: key, ...(dropped === 0 ? {} : { spansLeftOut: dropped }) },
        isFailure: false,
        parent: null
      },
      spans: [...spans, ...unanswered]
    })
  }
}

const pushKey = (proxy: string, typeUrl: string, version: string): string => `${proxy} ${typeUrl} ${version}`
