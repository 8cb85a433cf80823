import { expect, it } from "vitest"
import { RecentlyUsed } from "../../src/cp/RecentlyUsed.ts"

it("what was used longest ago goes first", () => {
  const values = new RecentlyUsed<number>(2)
  values.set("a", 1)
  values.set("b", 2)
  expect(values.get("a")).toBe(1)
  values.set("c", 3)
  expect(["a", "b", "c"].map((name) => values.get(name))).toEqual([1, undefined, 3])
  values.set("a", 4)
  values.set("d", 5)
  expect(["a", "b", "c", "d"].map((name) => values.get(name))).toEqual([4, undefined, undefined, 5])
})

it("weighs no more together than is allowed, whatever comes in the place of what", () => {
  const values = new RecentlyUsed<string>(10)
  const kept = () => ["a", "b", "c"].filter((name) => values.get(name) !== undefined)
  values.set("a", "of 4", 4)
  values.set("b", "of 4", 4)
  values.set("a", "of 6", 6)
  expect(kept()).toEqual(["a", "b"])
  values.set("c", "of 5", 5)
  expect(kept()).toEqual(["b", "c"])
  values.set("a", "too heavy", 11)
  expect(kept()).toEqual([])
})
