import { describe, expect, it } from "vitest"
import { Shared } from "../../../../src/cp/xds/share/Shared.ts"

const copy = (input: { readonly a: string; readonly b?: number | null }): object => ({ ...input })
const other = (input: { readonly a: string }): object => ({ ...input })

describe("shared values", () => {
  it("are one where maker and input are the same, however the input came about", () => {
    const shared = new Shared<object>()
    const value = shared.of(copy, { a: "x", b: 1 })
    expect(shared.of(copy, { ...{ a: "x" }, b: 1 })).toBe(value)
    expect(shared.made).toBe(1)
  })

  it.each([
    ["a text", { a: "y", b: 1 }],
    ["a number", { a: "x", b: 2 }],
    ["null", { a: "x", b: null }],
    ["nothing", { a: "x" }],
    ["what looks like two fields", { a: 'x","b":1' }]
  ])("are others where the inputs differ in %s", (_, input) => {
    const shared = new Shared<object>()
    const value = shared.of(copy, { a: "x", b: 1 })
    expect(shared.of(copy, input)).not.toBe(value)
  })

  it("are others where another made them", () => {
    const shared = new Shared<object>()
    expect(shared.of(copy, { a: "x" })).not.toBe(shared.of(other, { a: "x" }))
  })

  it("tell long inputs apart by their last character", () => {
    const shared = new Shared<object>()
    const long = "x".repeat(5_000)
    const value = shared.of(copy, { a: `${long}1` })
    expect(shared.of(copy, { a: `${long}2` })).not.toBe(value)
    expect(shared.of(copy, { a: `${long}1` })).toBe(value)
  })
})
