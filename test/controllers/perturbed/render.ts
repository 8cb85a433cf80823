/** A scenario and what came of it, for people. */
import type { Act } from "./acts.ts"
import type { Scenario } from "./runScenario.ts"

const seconds = (millis: number): string => `${(millis / 1_000).toFixed(1).padStart(5)} s`

const renderAct = (act: Act): string => {
  switch (act.do) {
    case "run": {
      const { alone, family, reuse, two } = act
      const how = [alone ? "alone" : "", reuse ? "with the address freed last" : "", two ? "in cluster two" : ""]
      return ["run a task of", family, ...how].filter((word) => word !== "").join(" ")
    }
    case "tag":
      return `tag role ${act.role} ${act.tags}`
    case "delete role":
    case "recreate role":
      return `${act.do} ${act.role}`
    case "health":
      return `task #${act.nth} is ${act.health}`
    case "meddle":
      return `somebody else: ${act.how} of task #${act.nth}`
    default:
      return `${act.do} task #${act.nth}`
  }
}

const EVERY = ["", "", ", every 2nd time", ", every 3rd time"]

export const renderScenario = ({ faults, kills, overlaps, salt, steps }: Scenario): string => {
  const times = steps.map((_, index) => steps.slice(0, index + 1).reduce((sum, { after }) => sum + after, 0))
  return [
    "the world:",
    ...steps.map(({ act }, index) => `  ${seconds(times[index] ?? 0)}  ${renderAct(act)}`),
    "what goes wrong:",
    ...faults.map(({ every, from, lasts, what }) =>
      `  ${seconds(from)} to ${seconds(from + lasts)}: ${what}${EVERY[every]}`),
    ...kills.map(({ at, down, moment, nth }) =>
      `  the operator ends ${moment} the ${at} number ${nth}, the next starts after ${seconds(down)}`),
    ...overlaps.map(({ from, lasts }) => `  ${seconds(from)} to ${seconds(from + lasts)}: two operators at once`),
    `salt ${salt}`
  ].join("\n")
}
