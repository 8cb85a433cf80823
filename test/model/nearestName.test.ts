import { describe, expect, it } from "vitest"
import { spelledOtherwise, unknownField } from "../../src/model/nearestName.ts"

const known = ["idleTimeout", "connectionTimeout", "http", "port", "to"]

describe("the name that was meant", () => {
  it.each([
    ["a letter too few", "idleTimeot", "idleTimeout"],
    ["a letter too many", "portt", "port"],
    ["another letter", "hhtp", "http"],
    ["two letters swapped", "prot", "port"],
    ["two swapped in a short name", "ot", "to"],
    ["underscores", "idle_timout", "idleTimeout"],
    ["other cases", "HTTP", "http"]
  ])("%s", (_, name, meant) => expect(unknownField(name, known)).toBe(`unknown field; did you mean "${meant}"?`))

  it.each(["from", "colour", "", "x".repeat(65), "timeout"])("isn't guessed where none is near: %j", (name) =>
    expect(unknownField(name, known)).toBe("unknown field"))
})

it("another spelling is the same name, the same spelling is none", () => {
  expect(spelledOtherwise("IDLE-timeout", known)).toBe("idleTimeout")
  expect(spelledOtherwise("idleTimeout", known)).toBeUndefined()
  expect(spelledOtherwise("idleTimeot", known)).toBeUndefined()
})
