import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { TokenBucket } from "../../../src/controllers/aws/TokenBucket.ts"

const quota = { rate: 10, burst: 50 }
const lanes = fc.constantFrom("urgent" as const, "bulk" as const)

/** Takes all that can be had now. */
const drain = (bucket: TokenBucket, lane: "urgent" | "bulk", now: number): number => {
  let taken = 0
  while (bucket.take(lane, now)) taken += 1
  return taken
}

describe("a share of a quota", () => {
  it("is never exceeded, over whatever time, whoever asks and whatever AWS says", () => {
    const steps = fc.array(
      fc.record({ after: fc.integer({ min: 0, max: 3_000 }), lane: lanes, asks: fc.nat(80), refused: fc.boolean() }),
      { maxLength: 60 }
    )
    fc.assert(fc.property(steps, (all) => {
      let now = 1_000_000
      const bucket = new TokenBucket(quota, now)
      const taken: Array<number> = []
      for (const { after, asks, lane, refused } of all) {
        now += after
        for (let ask = 0; ask < asks; ask++) if (bucket.take(lane, now)) taken.push(now)
        if (refused) bucket.refused(now)
      }
      for (let from = 0; from < taken.length; from++) {
        for (let to = from; to < taken.length; to++) {
          const seconds = ((taken[to] ?? 0) - (taken[from] ?? 0)) / 1_000
          expect(to - from + 1).toBeLessThanOrEqual(quota.burst + quota.rate * seconds + 1e-6)
        }
      }
    }), { numRuns: 200 })
  })

  it("keeps a fifth for whoever is urgent", () => {
    const bucket = new TokenBucket(quota, 0)
    expect(drain(bucket, "bulk", 0)).toBe(40)
    expect(drain(bucket, "urgent", 0)).toBe(10)
  })

  it("says how long to wait, no longer and no shorter", () => {
    for (const lane of ["urgent", "bulk"] as const) {
      const bucket = new TokenBucket(quota, 0)
      drain(bucket, "urgent", 0)
      const wait = bucket.waitFor(lane, 0)
      expect(bucket.take(lane, wait - 1)).toBe(false)
      expect(bucket.take(lane, wait)).toBe(true)
    }
  })

  it("is halved where AWS refuses, once for refusals that come together, and grows back within a minute", () => {
    const bucket = new TokenBucket(quota, 0)
    for (const at of [0, 1, 999]) bucket.refused(at)
    expect(bucket.part(999)).toBeCloseTo(0.51, 2)
    bucket.refused(1_100)
    expect(bucket.part(1_100)).toBeCloseTo(0.255, 2)
    expect(bucket.part(100_000)).toBe(1)
  })

  it("goes on from where the clock was set back to, and is halved there as well", () => {
    const bucket = new TokenBucket(quota, 3_600_000)
    drain(bucket, "urgent", 3_600_000)
    bucket.refused(3_600_000)
    bucket.refused(0)
    expect(bucket.part(0)).toBe(0.25)
    expect(bucket.take("urgent", bucket.waitFor("urgent", 0))).toBe(true)
  })

  it("lets something through however often AWS refuses", () => {
    const bucket = new TokenBucket(quota, 0)
    for (let at = 0; at < 100_000; at += 1_000) bucket.refused(at)
    let now = 100_000
    while (!bucket.take("bulk", now)) now += bucket.waitFor("bulk", now)
    expect(now).toBeLessThan(110_000)
  })
})
