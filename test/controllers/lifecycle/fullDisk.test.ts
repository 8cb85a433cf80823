// A disk that is full for a while. No test can fill a real one, so the one call that writes is held back here.
import { assert, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { vi } from "vitest"
import { FileJournal } from "../../../src/controllers/lifecycle/FileJournal.ts"
import { readSeal } from "../../../src/controllers/lifecycle/sealLine.ts"
import { Journal } from "../../../src/model/Journal.ts"

/** Bytes that the disk still takes. */
const disk = vi.hoisted(() => ({ room: Infinity }))

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>()
  const writeSync = (file: number, bytes: Buffer, offset: number): number => {
    const length = Math.min(bytes.length - offset, disk.room)
    if (length === 0) throw new Error("ENOSPC: no space left on device")
    disk.room -= length
    return fs.writeSync(file, bytes, offset, length)
  }
  return { ...fs, writeSync }
})

it.effect("writes what waited for room on the disk whole and in order, and says once a time that there was none", () =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "ecs-mesh-journal-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const path = join(folder, "journal.jsonl")
    const said: Array<unknown> = []
    yield* Effect.gen(function*() {
      const journal = yield* Journal
      for (const key of ["a", "b", "c", "d", "e"]) {
        // Half of the second line fits.
        if (key === "b") disk.room = 40
        if (key === "d") disk.room = Infinity
        journal.append({ kind: "event", key })
        yield* TestClock.adjust(500)
      }
      // Not only because the program ends.
      assert.strictEqual(readFileSync(path, "utf8").split("\n").length, 6)
      disk.room = 0
      journal.append({ kind: "event", key: "f" })
      yield* TestClock.adjust(500)
      disk.room = Infinity
      yield* TestClock.adjust(500)
      assert.strictEqual(readFileSync(path, "utf8").split("\n").length, 7)
    }).pipe(
      Effect.provide(FileJournal.layer({ path }), { local: true }),
      Effect.provide(Logger.layer([Logger.make(({ message }) => void said.push(message))]))
    )
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1)
    assert.deepStrictEqual(lines.map(readSeal), ["whole", "whole", "whole", "whole", "whole", "whole"])
    const entries = lines.map((line): { readonly seq: number; readonly key: string } => JSON.parse(line))
    assert.deepStrictEqual(entries.map(({ key, seq }) => `${seq}${key}`), ["1a", "2b", "3c", "4d", "5e", "6f"])
    assert.strictEqual(said.length, 2)
  }).pipe(Effect.scoped))
