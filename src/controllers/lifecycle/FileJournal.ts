/**
 * The journal as a file: one JSON object a line, each with `seq` (counting on over restarts), `time` (ISO, UTC) and a
 * checksum. Appending only keeps the entry; it becomes a line soon after, off the path of whoever appended, and only
 * whole lines are written, so a crash leaves at most the last one torn. When the file is full it becomes `<file>.1` in
 * place of an older one, and a new one begins.
 */
import { Clock, Context, Effect, Layer, Queue } from "effect"
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeSync
} from "node:fs"
import { dirname } from "node:path"
import { Journal, type JournalEntry, JournalExport } from "../../model/Journal.ts"
import { guardedJson } from "./guardedJson.ts"
import { lastSeq, lastSeqAt } from "./lastSeq.ts"
import { readJournalFile } from "./readJournalFile.ts"
import { sealLine } from "./sealLine.ts"

export interface FileJournalOptions {
  readonly path: string
  /** A file beyond this is put aside; so the journal takes up to twice as much. 64 MiB where absent. */
  readonly maxBytes?: number
  /** Entries that may wait for the disk; further ones are dropped and counted. 10,000 where absent. */
  readonly maxWaiting?: number
  /** Milliseconds that an entry may wait. 100 where absent. */
  readonly flushMillis?: number
  /** The last guard: every string goes through it before it is written, names of fields too. Takes out secrets. */
  readonly guard?: (text: string) => string
  /** Whether the guard could change anything in this JSON. Where absent each string is looked at. */
  readonly suspects?: (json: string) => boolean
}

const NEWLINE = 0x0a

/** Writes all of it: one call may write less. */
const writeAll = (file: number, bytes: Buffer): void => {
  for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset)
}

/** Whether a file of so many bytes ends within a line. */
const isTorn = (file: number, size: number): boolean => {
  const end = Buffer.alloc(1)
  return size > 0 && readSync(file, end, 0, 1, size - 1) === 1 && end[0] !== NEWLINE
}

/** Makes room at `path`. A file that somebody took away needs no more. */
const putAside = (path: string): void => {
  try {
    renameSync(path, `${path}.1`)
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause
  }
}

/** What a line gets beside its entry: the braces, `seq` and the checksum. */
const FRAME_BYTES = 48

/** Entries that are written at a time: many that wait mustn't hold up what else is due. */
const WRITTEN_AT_ONCE = 256

/** An entry until it is a line. */
interface Waiting {
  readonly entry: JournalEntry
  readonly at: number
  /** How many were lost right before it. */
  readonly dropped: number
}

/** What an export filters by stands first in a line. */
const isInOrder = (entry: JournalEntry): boolean => {
  const [first, second] = Object.keys(entry)
  return first === "kind" && second === "key"
}

const inOrder = ({ key, kind, ...more }: JournalEntry, lost: object): object => ({ kind, key, ...more, ...lost })

/** The open file and what of it must be remembered. */
class Writer {
  readonly options: Required<FileJournalOptions>
  seq: number
  private file: number
  private size: number
  /** Beyond this the file is put aside. */
  private limit: number
  /** The file ends within a line, torn by a crash say: that one stays alone on its line. */
  private torn: boolean
  private waiting: Array<Waiting> = []
  private dropped = 0
  private readonly toJson: (value: object) => string
  /** Who writes: told again at the head of each file. */
  private replica: string | null = null
  private time = { at: 0, iso: new Date(0).toISOString() }
  /** The file was begun in place of a full one, and isn't written to yet. */
  private headless = false

  constructor(options: Required<FileJournalOptions>) {
    this.options = options
    this.limit = options.maxBytes
    this.toJson = guardedJson(options.guard, options.suspects)
    mkdirSync(dirname(options.path), { recursive: true })
    this.file = openSync(options.path, "a+", 0o600)
    this.size = fstatSync(this.file).size
    // A crash may have left a new file empty; the one that was put aside then tells.
    this.seq = lastSeq(this.file, this.size) ?? lastSeqAt(`${options.path}.1`) ?? 0
    this.torn = isTorn(this.file, this.size)
  }

  get isWaiting(): boolean {
    return this.waiting.length > 0
  }

  append(entry: JournalEntry, now: number): void {
    if (this.waiting.length >= this.options.maxWaiting) {
      this.dropped += 1
      return
    }
    this.waiting.push({ entry, at: now, dropped: this.dropped })
    this.dropped = 0
  }

  /** Writes the oldest that wait, and answers whether more do. Throws what the disk says. */
  flush(): boolean {
    if (this.waiting.length === 0) return false
    const some = this.waiting.slice(0, WRITTEN_AT_ONCE)
    const lines = some.map((waiting) => this.render(waiting))
    const bytes = lines.reduce((sum, text) => sum + Buffer.byteLength(text) + FRAME_BYTES, 0)
    const cause = this.size > 0 && this.size + bytes > this.limit ? this.rotate() : null
    // Where it fails, all of it comes again, as long as there is room for what waits. Too long a journal is better than
    // none.
    this.write(this.headless && this.replica !== null ? [this.replica, ...lines] : lines)
    this.waiting = this.waiting.slice(some.length)
    if (cause !== null) throw new Error(`it is full, can't be put aside and grows on: ${String(cause)}`)
    return this.waiting.length > 0
  }

  close(): void {
    closeSync(this.file)
  }

  /** An entry as JSON without its first brace: it is numbered when it is written. */
  private render({ at, dropped, entry }: Waiting): string {
    const { key, kind } = entry
    const lost = dropped > 0 ? { dropped } : {}
    const line = isInOrder(entry) && dropped === 0 ? entry : inOrder(entry, lost)
    const text = `"time":"${this.isoOf(at)}",${this.jsonOf(line, { kind, key, ...lost }).slice(1)}`
    if (kind === "replica") this.replica = text
    return text
  }

  /** Many are of the same millisecond. */
  private isoOf(at: number): string {
    if (at !== this.time.at) this.time = { at, iso: new Date(at).toISOString() }
    return this.time.iso
  }

  /** What is no JSON must not keep all that comes after it from being written. */
  private jsonOf(line: object, otherwise: object): string {
    try {
      return this.toJson(line)
    } catch (cause) {
      return this.toJson({ ...otherwise, unwritable: String(cause) })
    }
  }

  private write(lines: ReadonlyArray<string>): void {
    let { seq } = this
    const text = lines.map((line) => `${sealLine(`{"seq":${seq += 1},${line}`)}\n`).join("")
    const bytes = Buffer.from(this.torn ? `\n${text}` : text)
    try {
      writeAll(this.file, bytes)
    } catch (failure) {
      this.takeBack()
      throw failure
    }
    this.seq = seq
    this.size += bytes.length
    this.torn = false
    this.headless = false
  }

  /** Of a write that failed half way, so that the next line isn't glued to half a one. */
  private takeBack(): void {
    try {
      ftruncateSync(this.file, this.size)
    } catch {
      this.torn = true
    }
  }

  /** Answers why the full file can't be put aside, or null. It is then still the one that is written to. */
  private rotate(): unknown {
    const full = this.file
    try {
      putAside(this.options.path)
      this.file = openSync(this.options.path, "a+", 0o600)
    } catch (cause) {
      // Once more when as much again was written, not at each flush.
      this.limit = this.size + this.options.maxBytes
      return cause
    }
    this.limit = this.options.maxBytes
    this.size = 0
    this.headless = true
    closeSync(full)
    return null
  }
}

export const FileJournal = {
  /**
   * A file that can't be opened is a defect: the work dir isn't usable. While it can't be written entries wait, and are
   * lost once too many do.
   */
  layer: (
    {
      flushMillis = 100,
      guard = (text) => text,
      maxBytes = 64 * 1024 * 1024,
      maxWaiting = 10_000,
      path,
      suspects = () => true
    }: FileJournalOptions
  ): Layer.Layer<Journal | JournalExport> =>
    Layer.effectContext(
      Effect.gen(function*() {
        const clock = yield* Clock.Clock
        /** Said once, not at each try. */
        let trouble: string | null = null
        /** Answers whether more can be written. */
        const flushSome = (open: Writer): Effect.Effect<boolean> =>
          Effect.suspend(() => {
            const before = trouble
            try {
              const more = open.flush()
              trouble = null
              return Effect.succeed(more)
            } catch (cause) {
              trouble = String(cause)
            }
            return trouble === before ? Effect.succeed(false) : Effect.as(
              Effect.logError("The journal can't be written as it should").pipe(
                Effect.annotateLogs({ path, cause: trouble })
              ),
              false
            )
          })
        const flush = (open: Writer): Effect.Effect<void> =>
          Effect.flatMap(flushSome(open), (more) => more ? Effect.suspend(() => flush(open)) : Effect.void)
        /** Lets whatever else is due come in between. */
        const flushByAndBy = (open: Writer): Effect.Effect<void> =>
          Effect.flatMap(flushSome(open), (more) =>
            more ? Effect.andThen(Effect.yieldNow, Effect.suspend(() => flushByAndBy(open))) : Effect.void)
        const writer = yield* Effect.acquireRelease(
          Effect.sync(() => new Writer({ path, maxBytes, maxWaiting, flushMillis, guard, suspects })),
          (open) => Effect.andThen(flush(open), Effect.sync(() => open.close()))
        )
        /** Something waits: where nothing does, nobody wakes up to look. */
        const waits = yield* Queue.sliding<void>(1)
        const keepWriting = Queue.take(waits).pipe(
          Effect.andThen(Effect.sleep(flushMillis)),
          Effect.andThen(flushByAndBy(writer)),
          // What can't be written is tried again.
          Effect.andThen(Effect.sync(() => {
            if (writer.isWaiting) Queue.offerUnsafe(waits, undefined)
          }))
        )
        yield* Effect.forkScoped(Effect.forever(keepWriting))
        const append = (entry: JournalEntry): void => {
          if (!writer.isWaiting) Queue.offerUnsafe(waits, undefined)
          writer.append(entry, clock.currentTimeMillisUnsafe())
        }
        return Context.make(Journal, { append }).pipe(
          Context.add(JournalExport, { read: (filter) => Effect.as(flush(writer), readJournalFile(path, filter)) })
        )
      })
    )
}
