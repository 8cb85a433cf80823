import { describe, expect, it } from "vitest"
import { conclude } from "../../../src/controllers/lifecycle/conclude.ts"
import { kind, recorded, withHealth, withTask } from "../scenarios/looks.ts"

const observation = recorded()

/** When a task is looked at again that was looked at then. */
const next = (health: string, now: number): number | null =>
  conclude(kind, { ...observation, look: withHealth(observation.look, health) }, now).decision.wakeAt

describe("the next look without an event", () => {
  it("is at the same moment for all tasks that wait for as long, so that they share a call", () => {
    const times = Array.from({ length: 50 }, (_, task) => 60_000 + task * 99)
    expect(new Set(times.map((now) => next("HEALTHY", now)))).toEqual(new Set([65_000]))
    expect(new Set(times.map((now) => next("UNKNOWN", now))).size).toBe(5)
  })

  it("comes later than now, and never later than the task's patience", () => {
    for (const [health, patience] of [["HEALTHY", 5_000], ["UNKNOWN", 1_000]] as const) {
      for (const now of [60_000, 60_001, 61_999, 64_999]) {
        const at = next(health, now)
        expect(at).toBeGreaterThan(now)
        expect(at).toBeLessThanOrEqual(now + patience)
      }
    }
  })

  it("of a task on its way out shares the moments of the healthy", () => {
    const look = withTask(observation.look, { desiredStatus: "STOPPED" })
    expect(conclude(kind, { ...observation, look }, 61_234).decision).toMatchObject({ phase: "draining", wakeAt: 65_000 })
  })
})
