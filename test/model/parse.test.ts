import { describe, expect, it } from "vitest"
import { parseDuration, parseMeshDuration, parseProtobufDuration } from "../../src/model/parseDuration.ts"
import { parseYaml } from "../../src/model/parseYaml.ts"

describe("YAML", () => {
  it("holds many documents, and empty ones are none", () => {
    expect(parseYaml("a: 1\n---\n---\n# nothing\n---\nb: [2]\n")).toEqual({ values: [{ a: 1 }, { b: [2] }] })
    expect(parseYaml("")).toEqual({ values: [] })
  })

  it("with a key that stands twice is refused, with its place", () => {
    expect(parseYaml("a: 1\n---\nb:\n  c: 1\n  c: 2\n")).toEqual({
      problems: ["document 2, line 5, column 3: a key stands twice in a map"]
    })
  })

  it("with a placeholder that nobody replaced is refused", () => {
    const parsed = parseYaml("name: {{ name }}\n")
    expect("problems" in parsed ? parsed.problems.join() : "").toContain("a placeholder such as {{ name }}")
  })

  it("that is broken anywhere gives no document at all", () => {
    const parsed = parseYaml("a: 1\n---\nb: [\n")
    expect("problems" in parsed && parsed.problems.length > 0).toBe(true)
  })

  it("that multiplies itself by aliases is refused", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i}: &l${i} [${Array(10).fill(i ? `*l${i - 1}` : "x")}]`)
    expect(parseYaml(levels.join("\n"))).toHaveProperty("problems")
  })
})

describe("durations", () => {
  it.each([
    ["5s", 5000], ["1h30m", 5_400_000], ["250ms", 250], ["0", 0], ["0s", 0], [".5s", 500], ["1.5h", 5_400_000],
    ["-5s", -5000], ["1ns", 1e-6], ["5", undefined], ["", undefined], ["s", undefined], ["5 s", undefined],
    ["1d", undefined], ["1h-5m", undefined]
  ])("of Go: %s is %s ms", (text, millis) => expect(parseDuration(text)).toBe(millis))

  it.each([["1d", 86_400_000], ["10y", 315_360_000_000], ["0", 0], ["5ms", 5], ["1h30m", undefined], ["", undefined]])(
    "of a mesh's certificates: %s is %s ms",
    (text, millis) => expect(parseMeshDuration(text)).toBe(millis)
  )

  it.each([["10s", 10_000], ["0.5s", 500], ["0", 0], ["10ms", undefined], ["s", undefined]])(
    "of protobuf: %s is %s ms",
    (text, millis) => expect(parseProtobufDuration(text)).toBe(millis)
  )
})
