import { expect, it } from "vitest"
import { News } from "../../../src/cp/diagnostics/News.ts"

it("says a thing once a minute, and each thing for itself", () => {
  const news = new News()
  expect([0, 1_000, 59_999, 60_000, 61_000].map((now) => news.isNews("kv refused", now))).toEqual([
    true, false, false, true, false
  ])
  expect(news.isNews("demo-app refused", 61_000)).toBe(true)
})
