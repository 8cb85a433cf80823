import { describe, it } from "@effect/vitest"
import { judge } from "./judge.ts"
import { STORIES } from "./stories.ts"

/** Each was found with latencies by chance: it is told with several. */
const CHANCES = 10

describe("what was once found", () => {
  for (const { scenario, tells } of STORIES) {
    it(tells, async () => {
      for (let chance = 0; chance < CHANCES; chance++) await judge({ ...scenario, salt: scenario.salt + chance })
    })
  }
})
