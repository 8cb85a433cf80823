/** Runs a scenario with and without what goes wrong in it, and fails where that makes a difference. */
import { NONE } from "./Scene.ts"
import { runScenario, type Scenario } from "./runScenario.ts"

export const judge = async (scenario: Scenario): Promise<void> => {
  const calm = await runScenario({ ...scenario, ...NONE })
  const violations = calm.violations.map((violation) => `undisturbed: ${violation}`)
  if (violations.length === 0) {
    const disturbed = await runScenario(scenario)
    violations.push(...disturbed.violations)
    if (violations.length === 0 && disturbed.stored.join("\n") !== calm.stored.join("\n")) {
      violations.push("ends otherwise than undisturbed", ...disturbed.stored.filter((line) => !calm.stored.includes(line)), ...calm.stored.filter((line) => !disturbed.stored.includes(line)))
    }
    if (violations.length > 0) throw new Error([...violations, ...disturbed.trace].join("\n"))
  } else throw new Error([...violations, ...calm.trace].join("\n"))
}
