import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import { text } from "node:stream/consumers"
import { vi } from "vitest"
import { FileJournal, type FileJournalOptions } from "../../../src/controllers/lifecycle/FileJournal.ts"
import { readSeal } from "../../../src/controllers/lifecycle/sealLine.ts"
import { looksSecret, redact } from "../../../src/cp/auth/redact.ts"
import { Journal, JournalExport, type JournalFilter } from "../../../src/model/Journal.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "ecs-mesh-journal-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

interface Line {
  readonly kind: string
  readonly seq: number
  readonly time: string
  readonly key: string
  readonly dropped?: number
  readonly sum?: string
}

const lines = (path: string): ReadonlyArray<string> => readFileSync(path, "utf8").split("\n").slice(0, -1)
const entries = (path: string): ReadonlyArray<Line> => lines(path).map((line): Line => JSON.parse(line))
const seqOf = (line: string): number => {
  const { seq }: Line = JSON.parse(line)
  return seq
}

/** One run of the program: appends, and ends. */
const write = (options: FileJournalOptions, keys: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const journal = yield* Journal
    for (const key of keys) journal.append({ kind: "event", key })
  }).pipe(Effect.provide(FileJournal.layer(options), { local: true }))

describe("the journal on disk", () => {
  it.effect("numbers and dates its lines, and writes those that wait when it ends", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "sub", "journal.jsonl")
      yield* write({ path }, ["a", "b"])
      assert.deepStrictEqual(entries(path), [
        { seq: 1, time: "1970-01-01T00:00:00.000Z", kind: "event", key: "a", sum: "cd57efaa65fc" },
        { seq: 2, time: "1970-01-01T00:00:00.000Z", kind: "event", key: "b", sum: "01f8f1fd74bc" }
      ])
    }).pipe(Effect.scoped))

  it.effect("writes soon, and not with each entry", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        journal.append({ kind: "event", key: "a" })
        assert.strictEqual(statSync(path).size, 0)
        yield* TestClock.adjust(100)
        assert.strictEqual(lines(path).length, 1)
      }).pipe(Effect.provide(FileJournal.layer({ path }), { local: true }))
    }).pipe(Effect.scoped))

  it.effect("does nothing with an entry until it writes, and looks at its strings only where one may be secret", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      const looked: Array<string> = []
      const guard = (text: string): string => {
        looked.push(text)
        return redact(text)
      }
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        journal.append({ kind: "pushed", key: "a", names: ["b", "c"] })
        journal.append({ kind: "nacked", key: "d", message: "AKIAIOSFODNN7EXAMPLE" })
        assert.deepStrictEqual(looked, [])
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(entries(path).map(({ key }) => key), ["a", "d"])
      }).pipe(Effect.provide(FileJournal.layer({ path, guard, suspects: looksSecret }), { local: true }))
      assert.notInclude(looked, "b")
      assert.include(looked, "AKIAIOSFODNN7EXAMPLE")
      assert.notMatch(readFileSync(path, "utf8"), /AKIA/)
    }).pipe(Effect.scoped))

  it.effect("writes all that waits, in order, however much", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      const keys = Array.from({ length: 1_000 }, (_, index) => `task/${index}`)
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        for (const key of keys) journal.append({ kind: "event", key })
        yield* TestClock.adjust(100)
        yield* Effect.promise(() => vi.waitFor(() => assert.strictEqual(lines(path).length, 1_000), { timeout: 15_000 }))
        for (const key of keys) journal.append({ kind: "event", key })
      }).pipe(Effect.provide(FileJournal.layer({ path }), { local: true }))
      const told = entries(path).map(({ key, seq }) => `${seq} ${key}`)
      assert.deepStrictEqual(told, [...keys, ...keys].map((key, index) => `${index + 1} ${key}`))
    }).pipe(Effect.scoped))

  it.effect("goes on after an entry that is no JSON, and says so in its place", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        journal.append({ kind: "event", key: "a", count: 1n })
        journal.append({ kind: "event", key: "b" })
      }).pipe(Effect.provide(FileJournal.layer({ path }), { local: true }))
      assert.deepStrictEqual(entries(path).map(({ key, seq }) => `${seq} ${key}`), ["1 a", "2 b"])
      assert.match(lines(path)[0] ?? "", /"unwritable":"TypeError/)
    }).pipe(Effect.scoped))

  it.effect("counts on after a restart, and leaves a line that a crash tore alone on its line", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* write({ path }, ["a", "b"])
      appendFileSync(path, "{\"seq\":3,\"time\":\"19")
      yield* write({ path }, ["c"])
      const read = lines(path)
      assert.strictEqual(read.length, 4)
      assert.strictEqual(read[2], "{\"seq\":3,\"time\":\"19")
      const last: Line = JSON.parse(read[3] ?? "")
      assert.deepStrictEqual([last.seq, last.key], [3, "c"])
    }).pipe(Effect.scoped))

  it.effect("counts on where a crash left the new file empty or none, right after the full one was put aside", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* write({ path }, ["a", "b"])
      renameSync(path, `${path}.1`)
      yield* write({ path }, [])
      assert.strictEqual(statSync(path).size, 0)
      yield* write({ path }, ["c"])
      assert.deepStrictEqual(entries(path).map(({ seq }) => seq), [3])
      rmSync(path)
      yield* write({ path }, ["d"])
      assert.deepStrictEqual(entries(path).map(({ seq }) => seq), [3])
      // Nor does a line that was torn, the file's first, tell where to count on from.
      writeFileSync(path, "{\"seq\":3,\"time\":\"19")
      yield* write({ path }, ["e"])
      assert.deepStrictEqual(lines(path).slice(1).map(seqOf), [3])
    }).pipe(Effect.scoped))

  it.effect("counts on after a line of any length", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* write({ path }, ["a", "x".repeat(1_000_000)])
      yield* write({ path }, ["c"])
      appendFileSync(path, `{"seq":4,"time":"${"x".repeat(600_000)}`)
      yield* write({ path }, ["d"])
      const read = lines(path)
      assert.strictEqual(seqOf(read[2] ?? ""), 3)
      assert.strictEqual(seqOf(read.at(-1) ?? ""), 4)
    }).pipe(Effect.scoped))

  it.effect("puts a full file aside, keeps one older, and goes on counting", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      for (let round = 0; round < 20; round++) yield* write({ path, maxBytes: 300 }, ["0123456789"])
      assert.isTrue(existsSync(`${path}.1`))
      assert.isFalse(existsSync(`${path}.2`))
      assert.isTrue(statSync(path).size <= 300 && statSync(`${path}.1`).size <= 300)
      const seqs = [...entries(`${path}.1`), ...entries(path)].map(({ seq }) => seq)
      assert.strictEqual(seqs.at(-1), 20)
      assert.deepStrictEqual(seqs, seqs.map((_, index) => 20 - seqs.length + 1 + index))
    }).pipe(Effect.scoped))

  it.effect("goes on in a full file that can't be put aside, and puts it aside when that is possible again", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      mkdirSync(join(`${path}.1`, "in-the-way"), { recursive: true })
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        const append = (key: string) =>
          Effect.suspend(() => {
            journal.append({ kind: "event", key })
            return TestClock.adjust(100)
          })
        for (const key of ["a", "b", "c"]) yield* append(key)
        assert.deepStrictEqual(entries(path).map(({ key }) => key), ["a", "b", "c"])
        rmSync(`${path}.1`, { recursive: true })
        for (const key of ["d", "e", "f"]) yield* append(key)
      }).pipe(Effect.provide(FileJournal.layer({ path, maxBytes: 100 }), { local: true }))
      const all = [...entries(`${path}.1`), ...entries(path)].map(({ key }) => key)
      assert.deepStrictEqual(all.slice(-2), ["e", "f"])
      assert.isTrue(existsSync(path) && existsSync(`${path}.1`))
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([]))))

  it.effect("begins a new file where somebody took the full one away", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        for (const key of ["a", "b"]) {
          journal.append({ kind: "event", key })
          yield* TestClock.adjust(100)
          if (key === "a") rmSync(path)
        }
        assert.deepStrictEqual(entries(path).map(({ key }) => key), ["b"])
      }).pipe(Effect.provide(FileJournal.layer({ path, maxBytes: 10 }), { local: true }))
    }).pipe(Effect.scoped))

  it.effect("drops what it can't hold and says how many", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        for (const key of ["a", "b", "c", "d"]) journal.append({ kind: "event", key })
        yield* TestClock.adjust(100)
        journal.append({ kind: "event", key: "e" })
      }).pipe(Effect.provide(FileJournal.layer({ path, maxWaiting: 2 }), { local: true }))
      assert.deepStrictEqual(
        entries(path).map(({ key, dropped }) => [key, dropped]),
        [["a", undefined], ["b", undefined], ["e", 2]]
      )
    }).pipe(Effect.scoped))

  it.effect("ends each line with a checksum that only the line as it was written has", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* write({ path }, ["a\"b", "ü"])
      for (const line of lines(path)) {
        assert.strictEqual(readSeal(line), "whole")
        assert.strictEqual(readSeal(line.replace("event", "evenT")), "altered")
        assert.strictEqual(readSeal(line.slice(0, -1)), "unsealed")
      }
    }).pipe(Effect.scoped))

  it.effect("says at the head of each file who writes it", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        journal.append({ kind: "replica", key: "replica", leads: false })
        journal.append({ kind: "replica", key: "replica", leads: true })
        for (let index = 0; index < 20; index++) {
          journal.append({ kind: "event", key: `task/${index}` })
          yield* TestClock.adjust(100)
        }
      }).pipe(Effect.provide(FileJournal.layer({ path, maxBytes: 500 }), { local: true }))
      for (const file of [path, `${path}.1`]) {
        assert.deepInclude(JSON.parse(lines(file)[0] ?? ""), { kind: "replica", leads: true })
      }
      const seqs = [...entries(`${path}.1`), ...entries(path)].map(({ seq }) => seq)
      assert.deepStrictEqual(seqs, seqs.map((_, index) => (seqs[0] ?? 0) + index))
    }).pipe(Effect.scoped))

  it.effect("writes no string that its guard takes out, at any depth", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        journal.append({ kind: "nacked", key: "a", message: "AKIAIOSFODNN7EXAMPLE", more: [{ deep: "eyJhbGciOi.eyJ.x" }] })
      }).pipe(Effect.provide(FileJournal.layer({ path, guard: redact }), { local: true }))
      const [line = ""] = lines(path)
      assert.notMatch(line, /AKIA|eyJ/)
      assert.include(line, "<redacted JWT>")
      assert.strictEqual(readSeal(line), "whole")
    }).pipe(Effect.scoped))

  it.effect("writes no name of a field that its guard takes out, at any depth, first or again", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        const tags = { "eyJhbGciOi.eyJ.x": { AKIAIOSFODNN7EXAMPLE: 1 }, other: "kept" }
        for (const key of ["a", "b"]) journal.append({ kind: "observation", key, spec: { list: [{ tags }] } })
      }).pipe(Effect.provide(FileJournal.layer({ path, guard: redact }), { local: true }))
      for (const line of lines(path)) {
        assert.notMatch(line, /AKIA|eyJ/)
        const tags = { "<redacted JWT>": { "<redacted access key>": 1 }, other: "kept" }
        assert.deepInclude(JSON.parse(line), { kind: "observation", spec: { list: [{ tags }] } })
      }
    }).pipe(Effect.scoped))

  it.effect("is exported whole across its two files, also what waits, and by key", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* Effect.gen(function*() {
        const journal = yield* Journal
        const { read } = yield* JournalExport
        const exported = (filter: Partial<JournalFilter> = {}) =>
          Effect.flatMap(read({ keys: [], since: null, ...filter }), (pieces) =>
            Effect.promise(async () => (await text(Readable.from(pieces))).split("\n").slice(0, -1)))
        for (let index = 0; index < 10; index++) {
          journal.append({ kind: "event", key: `task/demo/id-${index}` })
          yield* TestClock.adjust(100)
        }
        journal.append({ kind: "event", key: "task/demo/last" })
        assert.deepStrictEqual(yield* exported(), [...lines(`${path}.1`), ...lines(path)])
        const [head = "", ...last] = yield* exported({ keys: ["last"] })
        assert.deepStrictEqual([readSeal(head), last.length], ["whole", 1])
        assert.deepInclude(JSON.parse(head), { seq: 0, kind: "part", key: "part", keys: ["last"], since: null })
        assert.deepStrictEqual((yield* exported({ keys: ["las", "task/demo/id-9"] })).length, 3)
        assert.deepStrictEqual((yield* exported({ since: 1_000 })).length, 2)
      }).pipe(Effect.provide(FileJournal.layer({ path, maxBytes: 700 }), { local: true }))
    }).pipe(Effect.scoped))

  it.effect("is readable by its owner alone", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* write({ path }, ["a"])
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    }).pipe(Effect.scoped))
})
