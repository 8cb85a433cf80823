import { describe, expect, it } from "vitest"
import { readUntil } from "../../../src/cli/replay/readUntil.ts"
import { runEcsMesh } from "../../support/runEcsMesh.ts"

describe("the end of a replay", () => {
  it.each([
    ["170", { seq: 170 }],
    ["2026-11-21", { time: Date.parse("2026-11-21T23:59:59.999Z") }],
    ["2026-11-21T12:00:00+01:00", { time: Date.parse("2026-11-21T11:00:00Z") }],
    ["-5", null],
    ["2026-11-21T12:00", null],
    ["yesterday", null]
  ])("is a seq, a time, or the end of a date: %s", (text, expected) => {
    expect(readUntil(text)).toEqual(expected)
  })
})

describe("a command line that is none", () => {
  it.each([[["replay"]], [["replay", "a.jsonl", "--known"]], [["replay", "a.jsonl", "--until=-5"]], [["replay", "-", "-"]]])(
    "ends with 2, as 1 is a difference: %s", async (args) => {
      expect((await runEcsMesh(...args)).status).toBe(2)
    }, 60_000)
})
