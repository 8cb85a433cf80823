import { expect, it } from "vitest"
import { Comebacks } from "../../../src/cp/server/Comebacks.ts"

it("proxies come back in numbers where so many others did within the time", () => {
  const comebacks = new Comebacks(1_000, 3)
  comebacks.add("kv-1", 0)
  comebacks.add("kv-2", 500)
  expect(comebacks.areMany(500)).toBe(false)
  comebacks.add("kv-3", 900)
  expect(comebacks.areMany(1_000)).toBe(true)
  expect(comebacks.areMany(1_001)).toBe(false)
  comebacks.add("kv-4", 1_400)
  expect(comebacks.areMany(1_500)).toBe(true)
})

it("one that comes and goes isn't many", () => {
  const comebacks = new Comebacks(1_000, 3)
  for (let now = 0; now < 10; now++) comebacks.add("kv-1", now)
  expect(comebacks.areMany(10)).toBe(false)
})
