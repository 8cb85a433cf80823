/** Runs one scenario before the real operator, and says what was wrong. */
import { type Act, perform } from "./acts.ts"
import { comparable } from "./comparable.ts"
import { controlPlane } from "./controlPlane.ts"
import { actual, expected } from "./expected.ts"
import { RESYNC_SECONDS } from "./OperatorProcess.ts"
import { type Disturbance, Scene } from "./Scene.ts"

export interface Step {
  /** Milliseconds after the step before. */
  readonly after: number
  readonly act: Act
}

export interface Scenario extends Disturbance {
  readonly steps: ReadonlyArray<Step>
  /** What chance decides: latencies, jitter, the order of messages. */
  readonly salt: number
}

export interface Ending {
  readonly violations: ReadonlyArray<string>
  /** What is stored, without what depends on when and how often it was written. */
  readonly stored: ReadonlyArray<string>
  readonly trace: ReadonlyArray<string>
}

/** Until a task is on its way no more. */
const LIFE_CYCLE = 5_000
const OPERATOR_STARTS = 500
/** A role is remembered for 15 s, and an answer takes its time: so much later than a full look the store is right. */
const AFTER_RESYNC = 20_000
/** Until the queue is read again after it could not be (36 s), and its messages come again (6 s). */
const UNTIL_EMPTY = 25_000
/** So soon after a change the store is right where nothing goes wrong: health is looked at every 5 s. */
const PROMPT = 6_000
/** Where no event tells, a full look does, or the next after a proxy is old enough to be an orphan. */
const UNTOLD = 31_000

/** No event tells that a role is there again, nor what was the proxy of a task that nobody knows any more. */
const isUntold = (act: Act): boolean =>
  act.do === "recreate role" || (act.do === "meddle" && act.how === "remove the task")

const differences = (wanted: ReadonlyArray<string>, found: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...wanted.filter((line) => !found.includes(line)).map((line) => `lacks ${line}`),
  ...found.filter((line) => !wanted.includes(line)).map((line) => `has ${line}`)
]

export const runScenario = async (scenario: Scenario): Promise<Ending> => {
  const { faults, kills, overlaps, salt, steps } = scenario
  const last = steps.reduce((sum, { after }) => sum + after, 0)
  const ends = [...faults, ...overlaps].map(({ from, lasts }) => from + lasts)
  const disturbed = Math.max(last + LIFE_CYCLE, ...ends)
  const quiet = disturbed + Math.max(0, ...kills.map(({ down }) => down))
  const scene = new Scene(scenario, salt, disturbed)
  const { queue, resources, time, world } = scene
  controlPlane(scene)

  const isCalm = faults.length + kills.length + overlaps.length === 0
  let at = 0
  let untold = OPERATOR_STARTS - UNTOLD + PROMPT
  for (const { act, after } of steps) {
    at += after
    time.after(at, () => {
      const quietSince = Math.max(world.changedAt - time.start, untold + UNTOLD - PROMPT)
      if (isCalm && time.elapsed > quietSince + PROMPT) {
        const wrong = differences(expected(world), actual(resources))
        for (const line of wrong) scene.violated(`after a while the store ${line}`)
      }
      if (isUntold(act)) untold = time.elapsed + RESYNC_SECONDS * 1_000
      scene.tell(`> ${JSON.stringify(act)}`)
      perform(act, world, resources)
      world.changedAt = time.now
    })
  }
  time.after(OPERATOR_STARTS, () => scene.startOperator())
  try {
    const isTold = isCalm && !steps.some(({ act }) => isUntold(act))
    await time.runUntil(time.start + quiet + (isTold ? PROMPT : RESYNC_SECONDS * 1_000 + AFTER_RESYNC))
    for (const line of differences(expected(world), actual(resources))) scene.violated(`at the end the store ${line}`)
    const { writes } = scene
    await time.runUntil(time.now + (isCalm ? PROMPT : UNTIL_EMPTY))
    if (scene.writes > writes) scene.violated(`writes on, though nothing happens: ${scene.writes - writes} times`)
    if (queue.deadLetters !== scene.toldDeadLetters) {
      scene.violated(`tells of ${scene.toldDeadLetters} dead letters, and there are ${queue.deadLetters}`)
    }
    if (queue.messages.length > 0) scene.violated(`leaves ${queue.messages.length} messages in the queue`)
  } catch (error) {
    scene.violated(error instanceof Error ? error.message : String(error))
  }
  scene.end()
  await time.runUntil(time.now)
  return { violations: scene.violations, stored: comparable(scene), trace: scene.trace }
}
