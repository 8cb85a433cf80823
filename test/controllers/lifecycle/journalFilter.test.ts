import { expect, it } from "vitest"
import { passes } from "../../../src/controllers/lifecycle/readJournalFile.ts"

const line = (key: string): string => `{"seq":1,"time":"2025-01-31T12:00:00.000Z","kind":"stored","key":"${key}"}`
const filter = (key: string) => ({ keys: [key], since: null })

it("a filter that ends with a slash asks for all keys that begin so, and no others", () => {
  const policies = filter("MeshTrafficPermission/default/")
  expect(passes(line("MeshTrafficPermission/default/all"), policies)).toBe(true)
  expect(passes(line("MeshTrafficPermission/other/all"), policies)).toBe(false)
  expect(passes(line("task/demo/aa11"), policies)).toBe(false)
  expect(passes(line("task/demo/aa11"), filter("task/demo"))).toBe(false)
  expect(passes(line("task/demo/aa11"), filter("aa"))).toBe(true)
})
