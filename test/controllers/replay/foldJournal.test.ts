import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { foldJournal, type FoldOptions } from "../../../src/controllers/replay/foldJournal.ts"
import { readLines } from "../../../src/controllers/replay/readLines.ts"
import type { Step } from "../../../src/controllers/replay/Step.ts"
import type { JournalEntry } from "../../../src/model/Journal.ts"
import { alterLeaf } from "./alterLeaf.ts"
import { entries, journal, lineOf, observationNames, placed } from "./journalText.ts"

const replay = (lines: ReadonlyArray<string>, options: FoldOptions = {}): ReadonlyArray<Step> =>
  [...foldJournal(readLines(placed(lines)), options)]

const differenceIn = (steps: ReadonlyArray<Step>) => steps.find((step) => step._tag === "Difference")
const notesIn = (steps: ReadonlyArray<Step>) => steps.flatMap((step) => step._tag === "Note" ? [step.text] : [])

const COMPARED = ["event", "observation", "decision"]
const compared = entries.flatMap((entry, index) => COMPARED.includes(entry.kind) && entry.key !== "ignored" ? [index] : [])
const decisions = entries.flatMap((entry, index) => entry.kind === "decision" ? [index] : [])

/** The journal with one of its lines another. */
const withLine = (index: number, text: string): ReadonlyArray<string> => journal.with(index, text)

const entryAt = (index: number): JournalEntry => {
  const entry = entries[index]
  if (entry === undefined) throw new Error(`no entry ${index}`)
  return JSON.parse(JSON.stringify(entry))
}

const lineAt = (index: number): Readonly<Record<string, unknown>> => JSON.parse(journal[index] ?? "")

describe("a journal's replay", () => {
  it("decides as was recorded, for every kind of proxy and every observation", () => {
    const steps = replay(journal)
    expect(differenceIn(steps)).toBeUndefined()
    expect(notesIn(steps)).toEqual([])
    expect(steps.filter(({ _tag }) => _tag === "Decision").length).toBe(observationNames.length + 3)
    expect(steps.filter(({ _tag }) => _tag === "Event").length).toBeGreaterThan(20)
  })

  it("names the entry of which anything was altered", () => {
    fc.assert(
      fc.property(fc.constantFrom(...compared), fc.nat(), (index, choice) => {
        const { value } = alterLeaf(lineAt(index), choice)
        const found = differenceIn(replay(withLine(index, JSON.stringify(value))))
        expect([found?.place, found?.field]).toEqual([`journal:${index + 1}`, "sum"])
      }),
      { numRuns: 100, seed: 1 }
    )
  })

  it("names entry and field where a decision was recorded otherwise than it is taken", () => {
    fc.assert(
      fc.property(fc.constantFrom(...decisions), fc.nat(), (index, choice) => {
        const { key, kind, ...content } = entryAt(index)
        const { path, value } = alterLeaf(content, choice)
        // The time of the decision moves the times that it tells.
        fc.pre(path[0] !== "now")
        const found = differenceIn(replay(withLine(index, lineOf(index + 1, { kind, key, ...value }))))
        expect([found?.seq, found?.key, found?.kind]).toEqual([index + 1, key, "decision"])
        expect(found?.field.startsWith(String(path[0]))).toBe(true)
        expect(found?.recorded).not.toEqual(found?.replayed)
      }),
      { numRuns: 100, seed: 1 }
    )
  })

  it("names the decision that an observation doesn't lead to", () => {
    const index = entries.findIndex(({ kind, of }) => kind === "observation" && of === "Dataplane")
    const entry = entryAt(index)
    const untagged = JSON.parse(JSON.stringify(entry).replaceAll("kuma.io/type", "kuma.io/tipe"))
    const found = differenceIn(replay(withLine(index, lineOf(index + 1, untagged))))
    expect([found?.seq, found?.kind, found?.field]).toEqual([index + 2, "decision", "to"])
    expect(found?.replayed).toBe("refused")
  })

  it.each(["lastStatus", "desiredStatus"])("names an event whose %s isn't what was observed of that version", (field) => {
    const index = entries.findIndex(({ kind }) => kind === "event")
    const entry = entryAt(index)
    const other = JSON.parse(JSON.stringify(entry).replace(new RegExp(`"${field}":"\\w+"`), `"${field}":"STOPPED"`))
    const found = differenceIn(replay(withLine(index, lineOf(index + 1, other))))
    expect([found?.seq, found?.kind, found?.field, found?.recorded]).toEqual([index + 1, "event", `event.detail.${field}`, "STOPPED"])
  })

  it("names an event that came after the observation which it contradicts", () => {
    const at = entries.findIndex(({ kind }) => kind === "event")
    const [event, observation, decision] = [entryAt(at), entryAt(at + 1), entryAt(at + 2)]
    const late = JSON.parse(JSON.stringify(event).replace(/"lastStatus":"\w+"/, "\"lastStatus\":\"PENDING\""))
    const found = differenceIn(replay([observation, decision, late].map((entry, index) => lineOf(index + 1, entry))))
    expect([found?.seq, found?.field]).toEqual([3, "event.detail.lastStatus"])
  })

  it.each([
    ["that is decoded to another key", { key: "task/demo/somebody-else" }, "key"],
    ["whose source isn't its own", { source: "aws.iam" }, "source"],
    ["with more than is read of it", { event: { more: true } }, "event"]
  ])("names an event %s", (_, change, field) => {
    const index = entries.findIndex(({ kind }) => kind === "event")
    const found = differenceIn(replay(withLine(index, lineOf(index + 1, { ...entryAt(index), ...change }))))
    expect([found?.seq, found?.field]).toEqual([index + 1, field])
  })

  it("names an observation of a shape that decisions don't know", () => {
    const index = entries.findIndex(({ kind }) => kind === "observation")
    const { key } = entryAt(index)
    const found = differenceIn(replay(withLine(index, lineOf(index + 1, { kind: "observation", key, observation: {} }))))
    expect([found?.seq, found?.kind]).toEqual([index + 1, "observation"])
    expect(String(found?.replayed)).toContain("written by a version that kept less")
  })
})

describe("lines that aren't there", () => {
  const [first] = decisions
  const decision = first ?? 0

  it("are named where the numbers say that nothing was lost", () => {
    const renumbered = entries.toSpliced(decision, 1).map((entry, index) => lineOf(index + 1, entry))
    expect(differenceIn(replay(renumbered))).toMatchObject({ seq: decision, kind: "observation", field: "decision" })
    const unobserved = entries.toSpliced(decision - 1, 1).map((entry, index) => lineOf(index + 1, entry))
    expect(differenceIn(replay(unobserved))).toMatchObject({ seq: decision, kind: "decision", field: "observation" })
  })

  it.each([["one", 1], ["several", 4]])("are named by their numbers: %s", (_, count) => {
    fc.assert(fc.property(fc.integer({ min: 1, max: journal.length - 5 }), (from) => {
      const without = journal.toSpliced(from, count)
      const named = count === 1 ? `entry ${from + 1} isn't here` : `entries ${from + 1} to ${from + count} aren't here`
      // What is looked at by one key alone must be whole too.
      for (const options of [{}, { key: "task0003" }]) {
        expect(differenceIn(replay(without, options))).toMatchObject({ seq: from + count + 1, field: "seq", replayed: expect.stringContaining(named) })
      }
    }), { numRuns: 30, seed: 1 })
  })

  it("are no loss in a filtered export, which says so at its head", () => {
    const head = lineOf(0, { kind: "part", key: "part", keys: ["task0003"], since: null })
    const part = journal.filter((line) => line.includes("\"replica\"") || line.includes("/task0003\""))
    expect(differenceIn(replay([head, ...part]))).toBeUndefined()
    expect(differenceIn(replay(part))?.field).toBe("seq")
    const unobserved = [head, ...part.filter((line) => !line.includes("\"kind\":\"observation\""))]
    expect([differenceIn(replay(unobserved)), notesIn(replay(unobserved)).length]).toEqual([undefined, 1])
  })

  it("may be a decision that a crash kept from being written", () => {
    const again = lineOf(decision + 1, { kind: "replica", key: "replica", leads: false })
    for (const torn of [[], [(journal[decision] ?? "").slice(0, 40)]]) {
      const steps = replay([...journal.slice(0, decision), ...torn, again])
      expect(differenceIn(steps)).toBeUndefined()
      expect(notesIn(steps)).toContainEqual(expect.stringContaining(`on observation ${decision} isn't here`))
    }
  })

  it("are told of where a journal begins between observation and decision, or ends there", () => {
    expect(notesIn(replay(journal.slice(decision)))).toEqual([expect.stringContaining(`decision ${decision + 1} of`)])
    expect(notesIn(replay(journal.slice(0, decision)))).toEqual([expect.stringContaining("isn't here")])
  })
})

describe("lines that aren't in their order", () => {
  it.each(decisions.slice(0, 3))("are named: one that is here twice, %i", (index) => {
    const twice = journal.toSpliced(index, 0, journal[index] ?? "")
    expect(differenceIn(replay(twice))).toMatchObject({ place: `journal:${index + 2}`, replayed: `entry ${index + 1} is here twice` })
  })

  it("are named: the older file behind the newer", () => {
    const found = differenceIn(replay([...journal.slice(40), ...journal.slice(0, 40)]))
    expect(found).toMatchObject({ seq: 1, replayed: expect.stringContaining("an older file stands behind a newer one") })
  })

  it("may begin anew from one, at a later time", () => {
    const anew: JournalEntry = { kind: "replica", key: "replica", time: "2025-02-01T00:00:00.000Z" }
    expect(differenceIn(replay([...journal, lineOf(1, anew)]))).toBeUndefined()
  })
})

describe("a line that a crash tore", () => {
  const half = "{\"seq\":6,\"time\":\"20"
  const restarted = [
    lineOf(6, { kind: "replica", key: "replica", leads: true }), ...entries.slice(5).map((entry, index) => lineOf(index + 7, entry))
  ]

  it.each([["half a line", half], ["one that the disk filled up", `${half}\0\0\0`], ["nothing but that", "\0\0"]])(
    "is told of, and the lines behind the restart are read: %s", (_, torn) => {
      const steps = replay([...journal.slice(0, 5), torn, ...restarted])
      expect(differenceIn(steps)).toBeUndefined()
      expect(notesIn(steps)).toContainEqual(expect.stringContaining("a crash tore this line"))
      expect(steps.length).toBeGreaterThan(replay(journal).length)
    })

  it.each([["half a line", half], ["junk", "junk"], ["NUL", "\0\0"]])("isn't one that stands before anything else: %s", (_, text) => {
    const found = differenceIn(replay([...journal.slice(0, 5), text, ...journal.slice(5)]))
    expect(found).toMatchObject({ place: "journal:6", field: "sum", replayed: expect.stringContaining("damaged line") })
  })

  it("isn't what never was one, though it is the last", () => {
    expect(differenceIn(replay([...journal, "junk"]))?.replayed).toContain("damaged line")
  })

  it("may be the last", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: (journal[5] ?? "").length - 1 }), (length) => {
      const steps = replay([...journal.slice(0, 5), (journal[5] ?? "").slice(0, length)])
      expect(differenceIn(steps)).toBeUndefined()
      expect(notesIn(steps).at(0)).toContain("a crash tore this line")
    }), { numRuns: 50, seed: 1 })
  })

  it("isn't one of which somebody cut something off: the next number shows it", () => {
    fc.assert(fc.property(fc.constantFrom(...compared), fc.nat(), (index, choice) => {
      const line = journal[index] ?? ""
      const found = differenceIn(replay(withLine(index, line.slice(0, 1 + choice % (line.length - 1)))))
      expect(found?.place).toBe(`journal:${index + 1}`)
    }), { numRuns: 50, seed: 1 })
  })

  it("isn't one that merely lost its checksum", () => {
    const { sum: _, ...content } = lineAt(5)
    for (const lines of [withLine(5, JSON.stringify(content)), [...journal.slice(0, 5), JSON.stringify(content)]]) {
      expect(differenceIn(replay(lines))?.place).toBe("journal:6")
    }
  })
})

describe("a part of a journal", () => {
  it("is one key's, named by the beginning of the task's id", () => {
    for (const key of ["task0003", "task/demo/task0003", "ingress"]) {
      const keys = new Set(replay(journal, { key }).flatMap((step) => "key" in step ? [step.key] : []))
      expect(keys).toEqual(new Set([key === "ingress" ? "task/demo/ingress1" : "task/demo/task0003"]))
    }
  })

  it("ends at a number or at a time", () => {
    const seqs = (options: FoldOptions) => replay(journal, options).flatMap((step) => "seq" in step ? [step.seq ?? 0] : [])
    expect(Math.max(...seqs({ until: { seq: 10 } }))).toBeLessThanOrEqual(10)
    expect(seqs({ until: { seq: 10 } })).toEqual(seqs({ until: { time: Date.parse("2025-01-31T12:00:10Z") } }))
  })
})
