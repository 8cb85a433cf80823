// When a stream's next request is read.
import { describe, expect, it, vi } from "vitest"
import { Allowance } from "../../../src/cp/Allowance.ts"
import { Pace } from "../../../src/cp/server/Pace.ts"

const ALLOWANCE = { atOnce: 100_000, perSecond: 10_000 }

const start = () => {
  let [reads, slowed] = [0, 0]
  const pace = new Pace()
  pace.follow(new Allowance(ALLOWANCE, Date.now()), () => void (slowed += 1))
  return { pace, go: () => pace.go(() => void (reads += 1)), reads: () => reads, slowed: () => slowed }
}

describe("a stream's next request", () => {
  it("is read at once as long as little was done, and with the next turn after much", async () => {
    const { go, pace, reads } = start()
    for (let times = 0; times < 10; times += 1) {
      pace.spend(499, Date.now())
      go()
    }
    expect(reads()).toBe(10)
    pace.spend(10, Date.now())
    go()
    expect(reads()).toBe(10)
    await new Promise((resolve) => setImmediate(resolve))
    expect(reads()).toBe(11)
    go()
    expect(reads()).toBe(12)
  })

  it("is read once its proxy owes nothing, and not before", () => {
    vi.useFakeTimers()
    try {
      const { go, pace, reads, slowed } = start()
      pace.spend(ALLOWANCE.atOnce + ALLOWANCE.perSecond, Date.now())
      go()
      vi.advanceTimersByTime(999)
      expect([reads(), slowed()]).toEqual([0, 1])
      vi.advanceTimersByTime(1)
      expect([reads(), slowed()]).toEqual([1, 1])
      go()
      expect(reads()).toBe(2)
    } finally {
      vi.useRealTimers()
    }
  })

  it("waits on where another of the proxy's streams spent more meanwhile", () => {
    vi.useFakeTimers()
    try {
      const { go, pace, reads } = start()
      pace.spend(ALLOWANCE.atOnce + ALLOWANCE.perSecond, Date.now())
      go()
      pace.spend(ALLOWANCE.perSecond, Date.now())
      vi.advanceTimersByTime(1_000)
      expect(reads()).toBe(0)
      vi.advanceTimersByTime(1_000)
      expect(reads()).toBe(1)
    } finally {
      vi.useRealTimers()
    }
  })

  it("isn't read while it is held, and once when it is released", () => {
    const { go, pace, reads } = start()
    pace.hold()
    go()
    expect(reads()).toBe(0)
    pace.release()
    pace.release()
    expect(reads()).toBe(1)
    go()
    expect(reads()).toBe(2)
  })
})
