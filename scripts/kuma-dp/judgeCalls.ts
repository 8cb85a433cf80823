/** Whether calls went as they must. Pure. */
import type { Calls } from "./Calls.ts"
import type { Check } from "./Check.ts"

export interface Wanted {
  /** Fewer say nothing: nobody called. */
  readonly least: number
  /** Each has to have answered, and nobody else. */
  readonly instances: ReadonlyArray<string>
}

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((all, one) => all + one, 0)

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, count]) => `${key} ${count}`).join(", ")

export const judgeCalls = (what: string, { answers, failures }: Calls, { instances, least }: Wanted): Check => {
  const failed = sum(failures)
  const made = failed + sum(answers)
  const strangers = [...answers.keys()].filter((instance) => !instances.includes(instance))
  const silent = instances.filter((instance) => !answers.has(instance))
  const seen = [
    `${failed} failed of ${made}`,
    ...(answers.size > 0 ? [listed(answers)] : []),
    ...(failed > 0 ? [listed(failures)] : []),
    ...(made < least ? [`too few: ${least} are wanted`] : []),
    ...(silent.length > 0 ? [`no answer of ${silent.join(", ")}`] : []),
    ...(strangers.length > 0 ? [`${strangers.join(", ")} shouldn't have answered`] : [])
  ]
  return {
    what,
    seen: seen.join("; "),
    holds: failed === 0 && made >= least && silent.length === 0 && strangers.length === 0
  }
}
