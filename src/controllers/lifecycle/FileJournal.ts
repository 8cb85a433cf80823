/**
 * The journal as a file: one JSON object a line, each with `seq` (counting on over restarts) and `time` (ISO, UTC).
 * Appending only fills a buffer; whole lines are written soon after, so a crash leaves at most the last line torn. When
 * the file is full it becomes `<file>.1` in place of an older one, and a new one begins.
 */
import { Clock, Effect, Layer } from "effect"
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { Journal, type JournalEntry } from "../../model/Journal.ts"

export interface FileJournalOptions {
  readonly path: string
  /** A file beyond this is put aside; so the journal takes up to twice as much. 64 MiB where absent. */
  readonly maxBytes?: number
  /** Entries that may wait for the disk; further ones are dropped and counted. 10,000 where absent. */
  readonly maxWaiting?: number
  /** Milliseconds that an entry may wait. 100 where absent. */
  readonly flushMillis?: number
}

const NEWLINE = 0x0a
/** Enough to hold the last whole line in all but odd cases; otherwise `seq` begins anew. */
const TAIL_BYTES = 256 * 1024

/** Writes all of it: one call may write less. */
const writeAll = (file: number, bytes: Buffer): void => {
  for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset)
}

/** The `seq` of the last whole line, and whether what follows it is torn. */
const readTail = (file: number, size: number): { readonly seq: number; readonly torn: boolean } => {
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
  readSync(file, tail, 0, tail.length, size - tail.length)
  const torn = tail.length > 0 && tail.at(-1) !== NEWLINE
  const numbers = tail.toString("utf8").split("\n").flatMap((line) => /^\{"seq":(\d+),.*\}$/.exec(line)?.[1] ?? [])
  return { seq: Number(numbers.at(-1) ?? "0"), torn }
}

/** The open file and what of it must be remembered. */
class Writer {
  readonly options: Required<FileJournalOptions>
  seq: number
  private file: number
  private size: number
  private waiting: Array<string> = []
  private dropped = 0

  constructor(options: Required<FileJournalOptions>) {
    this.options = options
    mkdirSync(dirname(options.path), { recursive: true })
    this.file = openSync(options.path, "a+", 0o600)
    this.size = fstatSync(this.file).size
    const { seq, torn } = readTail(this.file, this.size)
    this.seq = seq
    // A line that a crash tore stays alone on its line.
    if (torn) this.write("\n")
  }

  append(entry: JournalEntry, now: number): void {
    if (this.waiting.length >= this.options.maxWaiting) {
      this.dropped += 1
      return
    }
    const lost = this.dropped > 0 ? { dropped: this.dropped } : {}
    this.dropped = 0
    this.seq += 1
    const line = { seq: this.seq, time: new Date(now).toISOString(), ...entry, ...lost }
    this.waiting.push(`${JSON.stringify(line)}\n`)
  }

  flush(): void {
    if (this.waiting.length === 0) return
    const text = this.waiting.join("")
    this.waiting = []
    if (this.size > 0 && this.size + Buffer.byteLength(text) > this.options.maxBytes) this.rotate()
    this.write(text)
  }

  close(): void {
    this.flush()
    closeSync(this.file)
  }

  private write(text: string): void {
    const bytes = Buffer.from(text)
    writeAll(this.file, bytes)
    this.size += bytes.length
  }

  private rotate(): void {
    closeSync(this.file)
    renameSync(this.options.path, `${this.options.path}.1`)
    this.file = openSync(this.options.path, "a+", 0o600)
    this.size = 0
  }
}

export const FileJournal = {
  /** A file that can't be opened is a defect: the work dir isn't usable. One that can't be written loses entries. */
  layer: (
    { flushMillis = 100, maxBytes = 64 * 1024 * 1024, maxWaiting = 10_000, path }: FileJournalOptions
  ): Layer.Layer<Journal> =>
    Layer.effect(
      Journal,
      Effect.gen(function*() {
        const clock = yield* Clock.Clock
        const writer = yield* Effect.acquireRelease(
          Effect.sync(() => new Writer({ path, maxBytes, maxWaiting, flushMillis })),
          (open) => Effect.sync(() => open.close())
        )
        const flush = Effect.try({
          try: () => writer.flush(),
          catch: (cause) => cause
        }).pipe(
          Effect.catch((cause) =>
            Effect.logError("The journal can't be written").pipe(Effect.annotateLogs({ path, cause: String(cause) }))
          )
        )
        yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(flushMillis), flush)))
        return { append: (entry) => writer.append(entry, clock.currentTimeMillisUnsafe()) }
      })
    )
}
