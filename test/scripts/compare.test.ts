// How answers of two control planes are compared (scripts/compare-with-kuma.ts), and that each known difference has its
// reason on the page.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { type Step, STEPS } from "../../scripts/compare/calls.ts"
import { callsWithProxies } from "../../scripts/compare/connectedCalls.ts"
import { diffAnswers } from "../../scripts/compare/diffAnswers.ts"
import { diffLines } from "../../scripts/compare/diffLines.ts"
import { explain, type Known, knownWhere, readKnown, readRules, staleOf } from "../../scripts/compare/explain.ts"
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

  it("is no other of a control plane that was built without its version, and keeps tags", () => {
    const [one, two] = ["unknown", "2.14.3"].map((version) =>
      normalise(JSON.stringify({ product: "Kuma", version }, null, 3), "/none"))
    expect(one).toBe(two)
    expect(normalise("\"version\": \"v1\"", "/none")).toBe("\"version\": \"v1\"")
  })

  it("says the same of a proxy that connected at another time and was told as much in fewer answers", () => {
    const row = (status: string, times: string, sent: number) =>
      `default   a   kuma.io/service=a   ${status}   ${times}   ${sent}   0   8s   2026-11-22 17:53:12   1   ca-1   -`
    const normal = (text: string) => normalise(text, "/none")
    expect(normal(row("Online", "5m   4m", 13))).toBe(normal(row("Online", "8s   3s", 2)))
    expect(normal(row("Online", "5m   4m", 13))).not.toBe(normal(row("Offline", "5m   4m", 13)))
    expect(normal(row("Online", "5m   4m", 0))).not.toBe(normal(row("Online", "5m   4m", 13)))
    expect(normal(row("Online", "never   never", 0))).not.toBe(normal(row("Online", "5m   4m", 0)))
    const insight = (id: string, sent: string) => `{"controlPlaneInstanceId": "${id}", "responsesSent": "${sent}"}`
    expect(normal(insight("host-12", "3"))).toBe(normal(insight("host-7", "12")))
    expect(normal(insight("host-12", "3"))).not.toBe(normal(insight("host-12", "0")))
  })

  it("says the same where kuma-dp says its features in another order", () => {
    const list = (...names: ReadonlyArray<string>) => JSON.stringify({ features: names }, null, 2)
    const yaml = (...names: ReadonlyArray<string>) => ["features:", ...names.map((name) => `- ${name}`), "x: 1"].join("\n")
    for (const form of [list, yaml]) {
      expect(normalise(form("feature-b", "feature-a-x"), "/none")).toBe(form("feature-a-x", "feature-b"))
      expect(normalise(form("feature-b", "feature-a"), "/none")).not.toBe(normalise(form("feature-b"), "/none"))
    }
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
    const known = [{ row: "r", calls: /^get/, line: /^(- b|\+ c)$/, proxies: null, sometimes: false }]
    expect(explain(kuma, ours, known)).toEqual([{ call: "get x", known, unknown: [] }])
  })

  it("isn't where one line, its side or the call is another", () => {
    const line = { row: "r", calls: /^get/, line: /^- b$/, proxies: null, sometimes: false }
    const side = { ...line, line: /^\+ b$/ }
    expect(explain(kuma, ours, [line])).toEqual([{ call: "get x", known: [line], unknown: ["+ c"] }])
    for (const other of [side, { ...line, calls: /^get y/, line: /./ }]) {
      expect(explain(kuma, ours, [other])).toEqual([{ call: "get x", known: [], unknown: ["- b", "+ c"] }])
    }
  })

  it("isn't one where a line but ends with a comma, as something else follows it", () => {
    const [before, after] = ["a {\n  b,\n  c\n}", "a {\n  b\n}"]
    const differences = explain([{ call: "x", text: before }], [{ call: "x", text: after }], [])
    expect(differences.map(({ unknown }) => unknown)).toEqual([["-   c"]])
  })

  it("is one, too, where a call was answered by Kuma alone", () => {
    expect(explain(kuma, [], []).map(({ call }) => call)).toEqual(["get x", "get y"])
  })
})

describe("a structure's difference", () => {
  const timeout = [
    "type: MeshTimeout",
    "mesh: default",
    "name: a",
    "labels:",
    "  kuma.io/effect: shadow",
    "  kuma.io/origin: zone",
    "spec:",
    "  targetRef:",
    "    kind: MeshSubset",
    "    tags:",
    "      kuma.io/service: web"
  ].join("\n")
  const ingress = "type: ZoneIngress\nname: in-1\navailableServices:\n- instances: 1\n  mesh: default"
  const exportOf = (...documents: ReadonlyArray<string>) =>
    ["# Product: Kuma", ...documents].join("\n---\n") + "\nstatus 0"
  const known = readKnown()
  const call = "export --profile all"
  const unknownOf = (first: string, second: string) =>
    explain([{ call, text: first }], [{ call, text: second }], known).flatMap(({ unknown }) => unknown)
  const changed: ReadonlyArray<readonly [what: string, from: string, to: string, ReadonlyArray<string>]> = [
    ["a lost label", "\n  kuma.io/effect: shadow", "", [
      "- MeshTimeout default/a labels[\"kuma.io/effect\"]: \"shadow\""
    ]],
    ["another origin", "origin: zone", "origin: global", [
      "- MeshTimeout default/a labels[\"kuma.io/origin\"]: \"zone\"",
      "+ MeshTimeout default/a labels[\"kuma.io/origin\"]: \"global\""
    ]],
    ["another tag", "service: web", "service: orders", [
      "- MeshTimeout default/a spec.targetRef.tags[\"kuma.io/service\"]: \"web\"",
      "+ MeshTimeout default/a spec.targetRef.tags[\"kuma.io/service\"]: \"orders\""
    ]],
    ["a missing field", "\n    kind: MeshSubset", "", ["- MeshTimeout default/a spec.targetRef.kind: \"MeshSubset\""]],
    ["a missing structure", timeout.slice(timeout.indexOf("\nspec:")), "", [
      "- MeshTimeout default/a spec: {\"targetRef\":{\"kind\":\"MeshSubset\",\"tags\":{\"kuma.io/service\":\"web\"}}}"
    ]]
  ]

  it.each(changed)("of an export is told by resource and field: %s", (_, from, to, lines) => {
    expect(unknownOf(exportOf(timeout, ingress), exportOf(timeout.replace(from, to), ingress))).toEqual(lines)
  })

  it("is one of two resources where it's of another mesh", () => {
    const lines = unknownOf(exportOf(timeout), exportOf(timeout.replace("mesh: default", "mesh: second")))
    expect(lines.map((line) => line.slice(0, 24))).toEqual(["- MeshTimeout default/a:", "+ MeshTimeout second/a: "])
  })

  it("is known of the resource that a row is about, and on its side", () => {
    const without = ingress.slice(0, ingress.indexOf("\navailable"))
    expect(unknownOf(exportOf(timeout, ingress), exportOf(timeout, without))).toEqual([])
    expect(unknownOf(exportOf(timeout, without), exportOf(timeout, ingress))).toHaveLength(1)
    expect(unknownOf(exportOf(timeout, ingress), exportOf(timeout, `${without}\nversion: 1`))).toHaveLength(1)
  })

  it("is told of lists by what they list, of others by place, and of their order", () => {
    const list = (...names: ReadonlyArray<string>) =>
      JSON.stringify({ total: 1, items: names.map((name) => ({ type: "Dataplane", mesh: "m", name, ports: [1] })) })
    expect(diffAnswers(list("a", "b"), list("b"))).toEqual([
      "- Dataplane m/a: {\"mesh\":\"m\",\"name\":\"a\",\"ports\":[1],\"type\":\"Dataplane\"}"
    ])
    expect(diffAnswers(list("a", "b"), list("b", "a"))).toHaveLength(2)
    expect(diffAnswers(list("a"), list("a").replace("[1]", "[1,2]"))).toEqual(["+ Dataplane m/a ports[1]: 2"])
    expect(diffAnswers("{\"in\":[{\"name\":\"x\",\"port\":1}]}", "{\"in\":[{\"name\":\"x\",\"port\":2}]}")).toEqual([
      "- in[x].port: 1",
      "+ in[x].port: 2"
    ])
  })

  it("is one of the status, of comments and of what stands in no field, too", () => {
    expect(diffAnswers(`${timeout}\nstatus 0`, `${timeout}\nstatus 1`)).toEqual(["- status 0", "+ status 1"])
    expect(diffAnswers(`# a\n${timeout}`, `# b\n${timeout}`)).toEqual(["- # a", "+ # b"])
    expect(diffAnswers("{\n  \"a\": 1\n}", "{\"a\": 1}")).toHaveLength(4)
  })

  it("is told by line where an answer is no structure", () => {
    expect(diffAnswers(timeout, "Error: none")).toContain("+ Error: none")
    expect(diffAnswers("MESH: a\nstatus 0", "MESH: b\nstatus 0")).toEqual(["- MESH: a", "+ MESH: b"])
  })
})

describe("a rule", () => {
  it("says which lines it explains", () => {
    expect(() => readRules("\"a row\":\n  - { calls: x }")).toThrow("a row: explains no lines")
    expect(() => readRules("\"a row\":\n  - { calls: x, lines: [] }")).toThrow("a row: explains no lines")
  })

  it("can be about what is asked while proxies are connected, or while none is, alone", () => {
    const rules = readRules("r:\n- { lines: a, proxies: true }\n- { lines: b, proxies: false }\n- { lines: c }")
    const linesOf = (known: ReadonlyArray<Known>) => known.map(({ line }) => line.source)
    expect(linesOf(knownWhere(rules, true))).toEqual(["a", "c"])
    expect(linesOf(knownWhere(rules, false))).toEqual(["b", "c"])
  })

  it("is stale by each pattern that explains nothing", () => {
    const rules = readRules("\"a row\":\n  - { calls: x, lines: [a, b] }\n  - { lines: c, sometimes: true }")
    const differences = explain([{ call: "x", text: "a" }], [{ call: "x", text: "" }], rules)
    expect(staleOf(rules, differences).map(({ line }) => line.source)).toEqual(["b"])
  })
})

describe("what is known", () => {
  const known = readKnown()
  const wordsOf = (step: Step) =>
    "get" in step ? `GET ${step.get}` : "kumactl" in step ? step.kumactl.join(" ") : ""
  const calls = [
    ...STEPS.map(wordsOf),
    ...badResourceFiles.flatMap((file) => readBadResources(file).map(({ says }) => `${file}: ${says}`))
  ]
  const withProxies = callsWithProxies(wordsOf)

  it("has its reason in a row of the page", () => {
    const page = readFileSync(join(root, "docs", "kuma-differences.md"), "utf8")
    expect(known.length).toBeGreaterThan(10)
    expect(known.map(({ row }) => row).filter((row) => !page.includes(`\n| ${row} |`))).toEqual([])
  })

  it("is about calls that are made", () => {
    const asked = (one: Known) => [
      ...one.proxies === true ? [] : calls,
      ...one.proxies === false ? [] : withProxies
    ]
    const unasked = known.filter((one) => !asked(one).some((call) => one.calls.test(call)))
    expect(unasked.map(({ calls }) => calls.source)).toEqual([])
  })
})

it("each file that a call applies is there, but for the one that is to be missing", () => {
  const files = STEPS.flatMap((step) =>
    "kumactl" in step ? [...step.kumactl, step.stdin ?? ""].filter((word) => word.endsWith(".yaml")) : [])
  const missing = files.filter((file) => !existsSync(join(root, "scripts", "compare", "resources", file)))
  expect(missing).toEqual(["nowhere.yaml"])
})
