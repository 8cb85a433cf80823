import { expect, it } from "vitest"
import { ToldOnce } from "../../../src/controllers/lifecycle/ToldOnce.ts"

it("tells of everything once, again after it was forgotten, and remembers no more than its bound", () => {
  const told = new ToldOnce(3)
  expect(["a", "a", "b", "c", "a"].map((key) => told.isNews(key))).toEqual([true, false, true, true, false])
  told.forget("b")
  expect(told.isNews("b")).toBe(true)
  expect(["d", "b", "c", "a"].map((key) => told.isNews(key))).toEqual([true, false, false, true])
})
