/** Runs a scenario with and without what goes wrong in it, and fails where that makes a difference. */
import { renderScenario } from "./render.ts"
import { NONE } from "./Scene.ts"
import { type Ending, runScenario, type Scenario } from "./runScenario.ts"

/** What one has and the other lacks. */
const apart = (calm: Ending, disturbed: Ending): ReadonlyArray<string> => {
  const more = disturbed.stored.filter((line) => !calm.stored.includes(line)).map((line) => `disturbed: ${line}`)
  const less = calm.stored.filter((line) => !disturbed.stored.includes(line)).map((line) => `undisturbed: ${line}`)
  return more.length + less.length === 0 ? [] : ["ends otherwise than undisturbed", ...more, ...less]
}

const fail = (scenario: Scenario, how: string, violations: ReadonlyArray<string>, { trace }: Ending): never => {
  throw new Error([how, ...violations, "", renderScenario(scenario), "", ...trace].join("\n"))
}

/** Rejects with the scenario, what was wrong, and all that happened. */
export const judge = async (scenario: Scenario): Promise<void> => {
  const calm = await runScenario({ ...scenario, ...NONE })
  if (calm.violations.length > 0) fail(scenario, "wrong even where nothing goes wrong:", calm.violations, calm)
  const disturbed = await runScenario(scenario)
  const violations = [...disturbed.violations, ...disturbed.violations.length === 0 ? apart(calm, disturbed) : []]
  if (violations.length > 0) fail(scenario, "wrong:", violations, disturbed)
}
