import { describe, expect, it } from "vitest"
import { type ReplayOptions, type ReplayOutput, runReplay } from "../../../src/cli/replay/runReplay.ts"
import { sealLine } from "../../../src/controllers/lifecycle/sealLine.ts"
import { journal, lineOf } from "../../controllers/replay/journalText.ts"

const text = `${journal.join("\n")}\n`

const run = async (files: Readonly<Record<string, string>>, options: Partial<ReplayOptions> = {}, next?: ReplayOutput["next"]) => {
  const printed: Array<string> = []
  const status = await runReplay(
    { files: Object.entries(files).map(([name, content]) => ({ name, text: content })), known: [], json: false, ...options },
    { print: (line) => printed.push(line), next: next ?? (async () => true) }
  )
  return { status, printed, all: printed.join("\n") }
}

describe("the replay of files", () => {
  it("prints each step with its reason and what changes, and ends with 0", async () => {
    const { all, status } = await run({ "journal.jsonl": text })
    expect(status).toBe(0)
    expect(all).toMatch(/#4 +12:00:04\.000 +task\/demo\/task0000\n +new -> \w+\n +because \w+: /)
    expect(all).toMatch(/\+ Dataplane\/default\/task\d+\n +\+ spec\.networking\.address: "10\.0\.0\.139"/)
    expect(all).toContain("today's code decides as was recorded")
  })

  it("ends with 1 at the first difference, and prints nothing behind it", async () => {
    const altered = text.replace("\"to\":\"registered\"", "\"to\":\"valid\"")
    const { all, printed, status } = await run({ "journal.jsonl": altered })
    expect(status).toBe(1)
    expect(printed.at(-1)).toMatch(/The first difference: journal\.jsonl:\d+: decision \d+ of task\/demo\/task\d+: its checksum doesn't fit/)
    expect(all).not.toContain("today's code decides as was recorded")
  })

  it("reads the older file before the newer, in whatever order they are given", async () => {
    const files = { "journal.jsonl": `${journal.slice(40).join("\n")}\n`, "journal.jsonl.1": `${journal.slice(0, 40).join("\n")}\n` }
    const { all, status } = await run(files)
    expect(status).toBe(0)
    expect(all.split("\n").slice(0, -1)).toEqual((await run({ "journal.jsonl": text })).all.split("\n").slice(0, -1))
  })

  it("takes the last line of the older file for torn, and no other", async () => {
    const [older, newer] = [journal.slice(0, 40), journal.slice(40)]
    const files = { "journal.jsonl.1": `${older.join("\n")}\n{"seq":41,"ti`, "journal.jsonl": `${newer.join("\n")}\n` }
    expect(await run(files)).toMatchObject({ status: 0, all: expect.stringContaining("a crash tore this line") })
    expect((await run({ all: Object.values(files).join("\n") })).status).toBe(1)
  })

  it("reads lines that end as Windows ends them", async () => {
    expect((await run({ "journal.jsonl": text.replaceAll("\n", "\r\n") })).status).toBe(0)
  })

  it("gives a line of JSON a step", async () => {
    const { printed } = await run({ "journal.jsonl": text }, { json: true })
    const parsed = printed.map((line): { readonly step: string } => JSON.parse(line))
    expect(new Set(parsed.map(({ step }) => step))).toEqual(new Set(["event", "decision", "end"]))
    expect(parsed.at(-1)).toMatchObject({ step: "end" })
  })

  it("stops where its reader does", async () => {
    let shown = 0
    const { printed, status } = await run({ "journal.jsonl": text }, {}, async () => ++shown < 3)
    expect([printed.length, status]).toEqual([3, 0])
  })

  it("says that a replica which doesn't lead decides nothing, and says it of no other", async () => {
    const replica = (leads: boolean) => lineOf(1, { kind: "replica", key: "replica", leads })
    const event = lineOf(2, { kind: "event", key: "ignored", reason: "nobody is woken by it" })
    expect((await run({ "journal.jsonl": replica(false) })).all).toContain("a replica that doesn't lead decides nothing")
    const { all } = await run({ "journal.jsonl": `${replica(true)}\n${event}` })
    expect(all).toMatch(/\n1 event and no decision$/)
    await expect(run({ "journal.jsonl": replica(true) })).rejects.toThrow(/nothing to replay: .* neither events nor decisions/)
  })

  it.each([
    ["a key that no entry has", { key: "zzz" }, /no entry has the key zzz; keys are e\.g\. task\/demo\/task0000/],
    ["an end before the first entry", { until: { seq: 0 } }, /the first entry is later than --until/]
  ])("refuses %s: nothing is replayed", async (_, options, message) => {
    await expect(run({ "journal.jsonl": text }, options)).rejects.toMatchObject({
      _tag: "ReplayRefused", message: expect.stringMatching(message)
    })
  })

  it.each([
    ["neither", { "a.txt": "hello" }, /a\.txt is neither an operator's journal .* nor EventBridge events/],
    ["an empty file", { "a.jsonl": "" }, /neither/],
    ["a file that is given twice", { "a.jsonl": text, "b.jsonl": text }, /a\.jsonl and b\.jsonl begin with the same entry: give each file once/],
    ["a journal and something else", { "journal.jsonl": text, "a.json": "[]" }, /a\.json isn't a journal, as the others are/]
  ])("refuses %s", async (_, files, message) => {
    await expect(run(files)).rejects.toMatchObject({ _tag: "ReplayRefused", message: expect.stringMatching(message) })
  })

  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
  const head = "{\"seq\":1,\"time\":\"2025-01-31T12:00:00.000Z\",\"kind\":\"event\",\"key\":\"task/demo/a\""
  it.each([
    ["lists", deep],
    ["an event", `{"detail-type":"x","detail":${deep}}`],
    ["a journal's line", sealLine(`${head},"event":${deep}}`)]
  ])("refuses %s nested too deeply to be read, which is no difference", async (_, content) => {
    await expect(run({ "a.json": content })).rejects.toMatchObject({ _tag: "ReplayRefused" })
  })

  it("refuses as known what is no journal", async () => {
    const event = JSON.stringify({ source: "aws.s3", "detail-type": "Object Created" })
    await expect(run({ "e.json": event }, { known: [{ name: "k.json", text: event }] })).rejects.toThrow(/--known takes a journal/)
    await expect(run({ "e.json": event }, { known: [{ name: "journal.jsonl", text }] })).rejects.toThrow(/no event wakes the operator/)
  })
})
