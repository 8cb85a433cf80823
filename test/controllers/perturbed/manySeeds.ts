/**
 * Runs scenarios by their seeds, a part of them in each of several files so that these run side by side. A failing one
 * is shrunk before it is told. ECS_MESH_SEED=N runs that one alone, ECS_MESH_SEEDS=N so many.
 */
import { describe, it } from "@effect/vitest"
import fc from "fast-check"
import { judge } from "./judge.ts"
import { scenarios } from "./scenarios.ts"

const SEEDS = 2_000
/** Milliseconds that one may take, on a slow machine. */
const EACH = 1_000

const seedsOf = (part: number, parts: number): ReadonlyArray<number> => {
  const { ECS_MESH_SEED: one, ECS_MESH_SEEDS: count } = process.env
  const all = one === undefined
    ? Array.from({ length: Number(count ?? SEEDS) }, (_, index) => index + 1)
    : [Number(one)]
  return all.filter((seed) => seed % parts === part)
}

export const manySeeds = (part: number, parts: number): void => {
  const seeds = seedsOf(part, parts)
  describe.runIf(seeds.length > 0)("an operator whose view of the world is disturbed", () => {
    it(`leaves the store as if nothing had been: ${seeds.length} histories`, async () => {
      for (const seed of seeds) {
        const { counterexample, errorInstance, failed, numShrinks } = await fc.check(
          fc.asyncProperty(scenarios, judge),
          { seed, numRuns: 1, unbiased: true }
        )
        if (!failed || counterexample === null) continue
        const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
        throw new Error(`ECS_MESH_SEED=${seed}, shrunk ${numShrinks} times: ${reason}`)
      }
    }, EACH * seeds.length + 60_000)
  })
}
