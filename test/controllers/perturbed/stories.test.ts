import { describe, it } from "@effect/vitest"
import { judge } from "./judge.ts"
import { STORIES } from "./stories.ts"

describe("what was once found", () => {
  for (const { scenario, tells } of STORIES) {
    it(tells, () => judge(scenario))
  }
})
