import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FileJournal, type FileJournalOptions } from "../../../src/controllers/lifecycle/FileJournal.ts"
import { Journal } from "../../../src/model/Journal.ts"

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

  it.effect("is readable by its owner alone", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "journal.jsonl")
      yield* write({ path }, ["a"])
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
    }).pipe(Effect.scoped))
})
