import { expect, it } from "vitest"
import { backoffMillis, waitMillis } from "../../src/sidecar/backoffMillis.ts"

const LEAST = 0
const MOST = 1 - Number.EPSILON

it("doubles the wait up to ten times the first", () => {
  const waits = [0, 1, 2, 3, 4, 5, 1_000].map((attempt) => backoffMillis(attempt, 1_000, 0.5))
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000])
})

it("moves each wait by up to a fifth either way, so that no two need to come at once", () => {
  expect([LEAST, MOST].map((random) => backoffMillis(2, 1_000, random))).toEqual([3_200, 4_800])
  expect([LEAST, MOST].map((random) => backoffMillis(9, 1_000, random))).toEqual([8_000, 12_000])
})

it("comes no sooner than the control plane wants, and not at the same time as all others that it told so", () => {
  expect([LEAST, MOST].map((random) => waitMillis(0, 1_000, random, 5_000))).toEqual([5_000, 7_500])
  expect(waitMillis(9, 1_000, 0.5, 5_000)).toBe(10_000)
  expect(waitMillis(0, 1_000, 0.5, null)).toBe(1_000)
})
