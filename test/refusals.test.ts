// docs/refusals.md says what the door refuses and which test holds it; scripts/refusals/mutants.ts takes the checks out.
// Both are about files that change: this keeps them true.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { MUTANTS } from "../scripts/refusals/mutants.ts"

const root = join(import.meta.dirname, "..")
const read = (path: string): string => readFileSync(join(root, path), "utf8")

const sources = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.startsWith("proto"))
    .map((name) => read(join(folder, name)))

interface Refusal {
  readonly number: number
  readonly reasons: ReadonlyArray<string>
  readonly title: string
}

/** The numbered lines of the page. */
const page: ReadonlyArray<Refusal> = read("docs/refusals.md").split("\n").flatMap((line) => {
  const [, number, text = "", title = ""] = /^(\d+)\. (.*) Test: "(.*)"$/.exec(line) ?? []
  const reasons = [...text.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, reason = ""]) => reason)
  return number === undefined ? [] : [{ number: Number(number), reasons, title }]
})

const quoted = (text: string): string => JSON.stringify(text)

const REFUSALS = 71

it("every refusal has one line, in order", () => {
  expect(page.map(({ number }) => number)).toEqual(Array.from({ length: REFUSALS }, (_, index) => index + 1))
  expect(read("docs/refusals.md").split("\n").filter((line) => /^\d+\. /.test(line))).toHaveLength(REFUSALS)
})

it("every refusal names a test of its own that is there", () => {
  const tests = sources("test")
  for (const { number, title } of page) {
    const found = tests.filter((source) => source.includes(quoted(title)) || source.includes(`\`${title}\``))
    expect([number, title, found.length > 0]).toEqual([number, title, true])
  }
  expect(new Set(page.map(({ title }) => title)).size).toBe(REFUSALS)
})

it("every reason on the page is one that the code gives", () => {
  const code = sources("src/cp").concat(sources("src/model")).join("\n")
  for (const { number, reasons } of page) {
    for (const reason of reasons) expect([number, reason, code.includes(quoted(reason))]).toEqual([number, reason, true])
  }
})

it("every refusal has a check that can be taken out, whose text stands where it is said to", () => {
  const held = new Set(MUTANTS.map(({ refusal }) => refusal))
  expect(page.filter(({ number }) => !held.has(number))).toEqual([])
  for (const { refusal, check, file, edits, test } of MUTANTS) {
    for (const [text, replacement, elsewhere] of edits) {
      expect([refusal, check, read(elsewhere ?? file).split(text).length - 1]).toEqual([refusal, check, 1])
      expect(replacement).not.toBe(text)
    }
    expect([refusal, check, read(test.file).includes(test.title)]).toEqual([refusal, check, true])
  }
})

it("the test that a refusal names turns red when one of its checks is taken out", () => {
  for (const { number, title } of page) {
    const own = MUTANTS.filter(({ refusal }) => refusal === number).map(({ test }) => test.title)
    expect([number, own.some((one) => title.includes(one))]).toEqual([number, true])
  }
})
