/** Scenarios by chance, made so that a failing one shrinks to few steps, few faults and short times. */
import fc from "fast-check"
import { type Act, type Meddling, TAGGINGS } from "./acts.ts"
import { FAMILIES, ROLES } from "./families.ts"
import { FAULTS } from "./Faults.ts"
import type { Scenario } from "./runScenario.ts"

const pick = <A extends string>(...words: ReadonlyArray<A>): fc.Arbitrary<A> => fc.constantFrom(...words)
const nth = fc.nat(5)
const role = pick(...Object.keys(ROLES))
const taggings = Object.keys(TAGGINGS) as ReadonlyArray<keyof typeof TAGGINGS>

const rarely = fc.nat(3).map((one) => one === 3)

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      family: pick(...FAMILIES.map(({ name }) => name)),
      alone: rarely,
      reuse: fc.boolean(),
      two: rarely
    })
  },
  { weight: 4, arbitrary: fc.record({ do: pick("stop", "crash", "redeploy"), nth }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("health" as const), nth, health: pick("HEALTHY", "UNHEALTHY") })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("tag" as const), role, tags: pick(...taggings) }) },
  { weight: 2, arbitrary: fc.record({ do: pick("delete role", "recreate role"), role }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("meddle" as const),
      nth,
      how: pick<Meddling>("remove the proxy", "edit the proxy", "remove the task", "edit the task")
    })
  }
)

const steps = fc.array(fc.record({ after: fc.constantFrom(0, 300, 1_000, 4_000, 9_000), act }), {
  minLength: 1,
  maxLength: 9,
  size: "max"
})

const millis = (most: number): fc.Arbitrary<number> => fc.nat(most / 500).map((halves) => halves * 500)

const fault = fc.record({
  what: pick(...FAULTS),
  from: millis(25_000),
  lasts: fc.integer({ min: 1, max: 40 }).map((halves) => halves * 500),
  every: fc.constantFrom(1, 2, 3)
})

const killAt = (at: "call" | "write", most: number) =>
  fc.record({
    at: fc.constant(at),
    nth: fc.integer({ min: 1, max: most }),
    moment: pick("before", "within", "after"),
    down: fc.constantFrom(0, 1_000, 8_000)
  })

const kill = fc.oneof(killAt("write", 15), killAt("call", 80))

const overlap = fc.record({ from: millis(25_000), lasts: fc.constantFrom(500, 5_000, 15_000) })

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  steps,
  faults: fc.array(fault, { maxLength: 6, size: "max" }),
  kills: fc.array(kill, { maxLength: 2, size: "max" }),
  overlaps: fc.array(overlap, { maxLength: 1, size: "max" }),
  salt: fc.nat(1_000_000)
})
