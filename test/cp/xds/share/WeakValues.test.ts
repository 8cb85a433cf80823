import { describe, expect, it } from "vitest"
import { WeakValues } from "../../../../src/cp/xds/share/WeakValues.ts"
import { collectGarbage } from "./collectGarbage.ts"

describe("weakly kept values", () => {
  it("are there while somebody holds them, and go with the last who did", async () => {
    const values = new WeakValues<object>()
    const held = {}
    values.set("held", held)
    values.set("dropped", {})
    await collectGarbage()
    expect(values.get("held")).toBe(held)
    expect(values.get("dropped")).toBeUndefined()
  })

  it("leave no keys behind, however many come and go", async () => {
    const values = new WeakValues<object>()
    const held = {}
    values.set("held", held)
    for (let key = 0; key < 20_000; key++) {
      values.set(`${key}`, {})
      if (key % 2_000 === 0) await collectGarbage()
    }
    expect(values.size).toBeLessThan(6_000)
    expect(values.get("held")).toBe(held)
  })
})
