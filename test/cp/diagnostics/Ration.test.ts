import { expect, it } from "vitest"
import { Ration } from "../../../src/cp/diagnostics/Ration.ts"

it("lets through so many a minute and no more, also where the clock is set back", () => {
  const ration = new Ration(2)
  const taken = (...times: ReadonlyArray<number>) => times.map((now) => ration.takes(now))
  expect(taken(500_000, 500_001, 500_002, 559_999)).toEqual([true, true, false, false])
  expect(taken(560_000, 560_001, 560_002)).toEqual([true, true, false])
  expect(taken(1_000, 1_001, 1_002)).toEqual([true, true, false])
})
