import { describe, expect, it } from "vitest"
import { Recent } from "../../../../src/cp/xds/share/Recent.ts"

describe("the recent values", () => {
  it("are made once for as long as they are asked for", () => {
    const recent = new Recent<string, object>(2)
    const value = recent.get("a", () => ({}))
    for (const other of ["b", "c", "d", "e", "f"]) {
      recent.get(other, () => ({}))
      expect(recent.get("a", () => ({}))).toBe(value)
    }
  })

  it("are at most twice as many as there is room for", () => {
    const recent = new Recent<number, number>(10)
    for (let key = 0; key < 1_000; key++) recent.get(key, () => key)
    expect(recent.size).toBeLessThanOrEqual(20)
  })

  it("are made anew once nobody asked for them for long", () => {
    const recent = new Recent<number, number>(2)
    recent.get(0, () => 1)
    for (let key = 1; key < 10; key++) recent.get(key, () => key)
    expect(recent.get(0, () => 2)).toBe(2)
  })
})
