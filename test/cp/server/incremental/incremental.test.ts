import fc from "fast-check"
import { describe, it } from "vitest"
import { beginning, initial, step } from "./steps.ts"
import { World } from "./World.ts"

const CASES = Number(process.env["ECS_MESH_CASES"] ?? 1_000)
const SEED = Number(process.env["ECS_MESH_SEED"] ?? 20_260_102)

describe("what a proxy is given change by change", () => {
  it("is what everything from nothing gives it, and what doesn't concern it leaves the same objects", () => {
    fc.assert(
      fc.property(initial, fc.array(step, { minLength: 4, maxLength: 24, size: "max" }), fc.boolean(), (resources, steps, slow) => {
        const world = new World(slow)
        world.begin(resources, beginning)
        for (const one of steps) world.step(one)
        world.step({ _tag: "Settle" })
      }),
      { numRuns: CASES, seed: SEED }
    )
  }, 600_000)
})
