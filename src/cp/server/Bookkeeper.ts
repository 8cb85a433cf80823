/**
 * Tells journal, insights, metrics and log what happened on streams: after the bytes of all that a change sends went
 * out, in order, all of a turn of the event loop together. Nobody who waits for a push waits for its being noted.
 */
import { type Context, Effect } from "effect"
import type { Journal, JournalEntry } from "../../model/Journal.ts"
import { JournalShares } from "../diagnostics/JournalShares.ts"
import { acknowledgements, count, pushes, pushLatency, rejections } from "../diagnostics/metrics.ts"
import { News } from "../diagnostics/News.ts"
import type { SessionRecorder } from "../insight/Insights.ts"
import type { EventTraces } from "../tracing/EventTraces.ts"
import type { StreamEvent } from "./AdsStream.ts"

/** Whose stream it is. */
export interface BookedStream {
  /** `Dataplane/<mesh>/<name>` */
  readonly key: string
  readonly recorder: SessionRecorder
}

export interface BookkeeperOptions {
  readonly journal: Journal["Service"]
  readonly context: Context.Context<never>
  readonly log: (effect: Effect.Effect<void>) => void
  /** Null where nothing is traced. */
  readonly traces?: EventTraces | null
}

interface Note {
  readonly stream: BookedStream
  readonly event: StreamEvent
  /** Unix milliseconds. */
  readonly at: number
}

export class Bookkeeper {
  readonly #options: BookkeeperOptions
  readonly #shares: JournalShares
  readonly #news = new News()
  #notes: Array<Note> = []
  #turn: NodeJS.Immediate | null = null

  constructor(options: BookkeeperOptions) {
    this.#options = options
    this.#shares = new JournalShares((entry) => options.journal.append(entry))
  }

  note(stream: BookedStream, event: StreamEvent): void {
    this.#notes.push({ stream, event, at: Date.now() })
    // Node hands HTTP/2's frames to the socket right before these callbacks.
    this.#turn ??= setImmediate(() => this.settle())
  }

  /** Tells what isn't told yet: before anything else is said of a stream, and before the control plane stops. */
  settle(): void {
    if (this.#turn === null) return
    clearImmediate(this.#turn)
    this.#turn = null
    const notes = this.#notes
    this.#notes = []
    const sums = new Sums()
    for (const note of notes) {
      // What is wrong with one must not keep the others from being told.
      try {
        this.#tell(note, sums)
      } catch (fault) {
        this.#options.log(Effect.logError("What happened on a stream can't be noted", fault))
      }
    }
    sums.tell(this.#options.context)
  }

  /** Notes what happened to a stream as a whole, behind all that happened on it. */
  noteStream(entry: JournalEntry): void {
    this.settle()
    this.#append(entry, Date.now())
  }

  /** Nothing more comes. */
  end(): void {
    this.settle()
    this.#shares.settle(Date.now())
  }

  /** Answers whether the journal has it already. */
  #append(entry: JournalEntry, at: number): boolean {
    const isWritten = this.#shares.append(entry, at)
    // Otherwise traces hear of it from the journal.
    if (!isWritten) this.#options.traces?.note(entry, at)
    return isWritten
  }

  #tell({ at, event, stream: { key, recorder } }: Note, sums: Sums): void {
    const { context, traces = null } = this.#options
    if (event._tag === "Pushed") {
      const { outgoing: { removed, resources, typeUrl, version }, latencyMillis } = event
      sums.add(pushes, typeUrl)
      if (latencyMillis !== null) {
        count(pushLatency, latencyMillis / 1_000, context)
        traces?.pushed({ proxy: key, typeUrl, version }, latencyMillis, at)
      }
      recorder.record({ _tag: "Pushed", typeUrl, at })
      const names = resources.map(({ name }) => name)
      this.#append({ kind: "pushed", key, typeUrl, version, names, ...noted(removed) }, at)
      return
    }
    const { answered, typeUrl } = event
    if (answered._tag === "Stale") return
    if (answered._tag === "Acked") {
      for (const { version } of [...answered.earlier, answered.sent]) {
        sums.add(acknowledgements, typeUrl)
        recorder.record({ _tag: "Acked", typeUrl, at })
        this.#append({ kind: "acked", key, typeUrl, version }, at)
      }
      return
    }
    const { message, sent: { resources, version } } = answered
    sums.add(rejections, typeUrl)
    recorder.record({ _tag: "Nacked", typeUrl, message, at })
    const isNews = this.#news.isNews(`${key} ${typeUrl}`, at)
    // Whoever refuses all the time fills the log no more than the journal. But that one refuses is said, however much
    // it made be noted before.
    if (!this.#append({ kind: "nacked", key, typeUrl, version, message }, at) && !isNews) return
    this.#options.log(
      Effect.logWarning("A proxy refused its configuration and keeps what it had").pipe(
        Effect.annotateLogs({ proxy: key, typeUrl, names: resources.map(({ name }) => name).join(", "), message })
      )
    )
  }
}

const MAX_NOTED = 100
const MAX_NOTED_LENGTH = 8_192

/**
 * Of names that aren't there, the first ones and how many they are: a proxy makes up as many as it likes, and what it
 * is told is kept beside what all others are.
 */
const noted = (removed: ReadonlyArray<string>) => {
  if (removed.length === 0) return {}
  let room = MAX_NOTED_LENGTH
  const first = removed.slice(0, MAX_NOTED).filter(({ length }) => (room -= length) >= 0)
  return { removed: first, ...(first.length === removed.length ? {} : { removedCount: removed.length }) }
}

type Counter = typeof pushes

/** Counts of one turn by type: a series is looked up once for all of them. */
class Sums {
  readonly #byCounter = new Map<Counter, Map<string, number>>()

  add(counter: Counter, typeUrl: string): void {
    const byType = this.#byCounter.get(counter) ?? new Map<string, number>()
    this.#byCounter.set(counter, byType)
    byType.set(typeUrl, (byType.get(typeUrl) ?? 0) + 1)
  }

  tell(context: Context.Context<never>): void {
    for (const [counter, byType] of this.#byCounter) {
      for (const [typeUrl, sum] of byType) count(counter, sum, context, { type: shortName(typeUrl) })
    }
  }
}

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster` is `Cluster`. */
const shortName = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf(".") + 1)
