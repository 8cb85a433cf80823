import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { judge } from "./judge.ts"
import { scenarios } from "./scenarios.ts"

const SEEDS = Number(process.env["ECS_MESH_SEEDS"] ?? "100")
const FIRST = Number(process.env["ECS_MESH_SEED"] ?? "1")
const COUNT = process.env["ECS_MESH_SEED"] === undefined ? SEEDS : 1

describe("an operator that sees the world disturbed", () => {
  it(`ends as if it had seen it undisturbed, ${COUNT} times`, async () => {
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
      const result = await fc.check(fc.asyncProperty(scenarios, judge), { seed, numRuns: 1, unbiased: true })
      if (result.failed) assert.fail(`seed ${seed}: ${JSON.stringify(result.counterexample, null, 1)} ${String(result.errorInstance)}`)
    }
  }, 3_600_000)
})
