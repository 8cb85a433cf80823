import { expect, it } from "vitest"
import { Allowance } from "../../src/cp/Allowance.ts"

it("is so much at once, and so much a second from then on", () => {
  const allowance = new Allowance({ atOnce: 100, perSecond: 10 }, 1_000)
  allowance.spend(100, 1_000)
  expect(allowance.wait(1_000)).toBe(0)
  allowance.spend(1, 1_000)
  expect([1_000, 1_050, 1_100].map((now) => allowance.wait(now))).toEqual([100, 50, 0])
})

it("is owed where one thing takes more, and waited for", () => {
  const allowance = new Allowance({ atOnce: 100, perSecond: 10 }, 1_000)
  allowance.spend(300, 1_000)
  expect([1_000, 20_000, 21_000].map((now) => allowance.wait(now))).toEqual([20_000, 1_000, 0])
})

it("is never more than at first, and no clock that is put back takes of it", () => {
  const allowance = new Allowance({ atOnce: 100, perSecond: 10 }, 1_000)
  allowance.spend(101, 1_000_000)
  expect(allowance.wait(500_000)).toBe(100)
  expect(allowance.wait(500_100)).toBe(0)
})
