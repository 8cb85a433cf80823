import { describe, expect, it } from "vitest"
import { recently } from "../../../../src/cp/xds/share/recently.ts"

describe("a function that remembers its latest answers", () => {
  const setUp = () => recently(2, ({ a, b = 0 }: { readonly a: string; readonly b?: number }): object => ({ a, b }))

  it("gives the same for the same input, and another for any other", () => {
    const of = setUp()
    expect(of({ a: "x" })).toBe(of({ a: "x" }))
    expect(of({ a: "x", b: 1 })).not.toBe(of({ a: "x" }))
    expect(of({ a: "x", b: 1 })).toEqual({ a: "x", b: 1 })
  })

  it("forgets what nobody asks for any more", () => {
    const of = setUp()
    const before = of({ a: "x" })
    for (let b = 0; b < 10; b++) of({ a: "y", b })
    expect(of({ a: "x" })).not.toBe(before)
    expect(of({ a: "x" })).toEqual(before)
  })
})
