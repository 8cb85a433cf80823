import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { JOURNALS, journalOf, keepJournal, keptJournal } from "../../../src/cli/demo/keepJournal.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ecs-mesh-journals-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (suffix: string, text: string): void => {
  mkdirSync(dirname(journalOf(folder)), { recursive: true })
  writeFileSync(journalOf(folder) + suffix, text)
}

const at = (minute: number): number => Date.UTC(2025, 0, 31, 12, minute)

describe("a run's journal", () => {
  it("is kept where it was said to be, with what was rotated away", () => {
    write("", "new")
    write(".1", "old")
    const kept = keepJournal(folder, at(5))
    expect(kept).toBe(keptJournal(folder, at(5)))
    expect(kept).toBe(join(folder, "journals", "2025-01-31T120500Z.jsonl"))
    expect(readFileSync(`${kept}`, "utf8") + readFileSync(`${kept}.1`, "utf8")).toBe("newold")
    expect(existsSync(journalOf(folder))).toBe(false)
  })

  it("is kept of a run that was killed, by the next one", () => {
    write("", "killed")
    expect(readFileSync(`${keepJournal(folder)}`, "utf8")).toBe("killed")
  })

  it("is none where none was written", () => {
    expect(keepJournal(folder)).toBeNull()
  })

  it("is forgotten after five newer ones", () => {
    for (let minute = 0; minute < 7; minute++) {
      write("", "x")
      write(".1", "x")
      keepJournal(folder, at(minute))
    }
    const names = readdirSync(join(folder, JOURNALS)).sort()
    expect(names).toHaveLength(10)
    expect(names[0]).toBe("2025-01-31T120200Z.jsonl")
  })
})
