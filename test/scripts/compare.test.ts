// How answers of two control planes are compared (scripts/compare-with-kuma.ts), and that each known difference has its
// reason on the page.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { STEPS } from "../../scripts/compare/calls.ts"
import { diffLines } from "../../scripts/compare/diffLines.ts"
import { explain, readKnown } from "../../scripts/compare/explain.ts"
import { normalise } from "../../scripts/compare/normalise.ts"
import { badResourceFiles, readBadResources } from "../contract/readBadResources.ts"

const root = join(import.meta.dirname, "..", "..")

describe("the lines that differ", () => {
  it("are those of one text alone, in order", () => {
    expect(diffLines("a\nb\nc\nd", "a\nx\nc\ne\nd")).toEqual(["- b", "+ x", "+ e"])
  })

  it("are none of the same, and all of what has nothing in common", () => {
    expect(diffLines("a\nb", "a\nb")).toEqual([])
    expect(diffLines("a", "b\nc")).toEqual(["- a", "+ b", "+ c"])
  })
})

describe("an answer", () => {
  it("says the same at another time, of another key and another place", () => {
    const answer = (time: string, token: string, age: string, url: string) =>
      [
        `creationTime: "${time}"`,
        `MESH   NAME${" ".repeat(age.length)}   AGE`,
        `default   a   ${age}`,
        token,
        `${url}/meshes`,
        "/run/1/x"
      ].join("\n")
    const texts = [
      answer("2026-01-02T03:04:05.123Z", "eyJhbGc.eyJzdWI.abc_d-e", "12s", "http://127.0.0.1:5681"),
      answer("2026-01-02T03:05:06Z", "eyJhbGc.eyJzdWJq.fgh", "1m", "http://127.0.0.1:41234")
    ]
    const [one, two] = texts.map((text) => normalise(text, "/run/1"))
    expect(one).toBe(two)
    expect(one).toContain("URL/meshes\nFOLDER/x")
  })

  it("keeps a duration that a field or a list says", () => {
    const text = "idleTimeout: 5s\nvalues:\n- 1h\n- \"10s\""
    expect(normalise(text, "/none")).toBe(text)
  })

  it("keeps what a structure's indentation says", () => {
    expect(normalise("a:\n    b: 1   2", "/none")).toBe("a:\n    b: 1 2")
  })
})

describe("a difference", () => {
  const kuma = [{ call: "get x", text: "a\nb" }, { call: "get y", text: "a" }]
  const ours = [{ call: "get x", text: "a\nc" }, { call: "get y", text: "a" }]

  it("is known where each of its lines is", () => {
    const known = [{ row: "r", calls: /^get/, lines: /^[bc]$/ }]
    expect(explain(kuma, ours, known)).toEqual([{ call: "get x", rows: ["r"], unknown: [] }])
  })

  it("isn't where one line, or the call, is another", () => {
    expect(explain(kuma, ours, [{ row: "r", calls: /^get/, lines: /^b$/ }])).toEqual([
      { call: "get x", rows: ["r"], unknown: ["+ c"] }
    ])
    expect(explain(kuma, ours, [{ row: "r", calls: /^get y/, lines: /./ }])).toEqual([
      { call: "get x", rows: [], unknown: ["- b", "+ c"] }
    ])
  })

  it("isn't one where a line but ends with a comma, as something else follows it", () => {
    const [before, after] = ["{\n  a: 1,\n  b: 2\n}", "{\n  a: 1\n}"]
    const differences = explain([{ call: "x", text: before }], [{ call: "x", text: after }], [])
    expect(differences.map(({ unknown }) => unknown)).toEqual([["-   b: 2"]])
  })

  it("is one, too, where a call was answered by Kuma alone", () => {
    expect(explain(kuma, [], []).map(({ call }) => call)).toEqual(["get x", "get y"])
  })
})

describe("what is known", () => {
  const known = readKnown()
  const calls = [
    ...STEPS.map((step) => "get" in step ? `GET ${step.get}` : "kumactl" in step ? step.kumactl.join(" ") : ""),
    ...badResourceFiles.flatMap((file) => readBadResources(file).map(({ says }) => `${file}: ${says}`))
  ]

  it("has its reason in a row of the page", () => {
    const page = readFileSync(join(root, "docs", "kuma-differences.md"), "utf8")
    expect(known.length).toBeGreaterThan(10)
    expect(known.map(({ row }) => row).filter((row) => !page.includes(`\n| ${row} |`))).toEqual([])
  })

  it("is about calls that are made", () => {
    const unasked = known.filter((one) => !calls.some((call) => one.calls.test(call)))
    expect(unasked.map(({ calls }) => calls.source)).toEqual([])
  })
})

it("each file that a call applies is there, but for the one that is to be missing", () => {
  const files = STEPS.flatMap((step) =>
    "kumactl" in step ? [...step.kumactl, step.stdin ?? ""].filter((word) => word.endsWith(".yaml")) : [])
  const missing = files.filter((file) => !existsSync(join(root, "scripts", "compare", "resources", file)))
  expect(missing).toEqual(["nowhere.yaml"])
})
