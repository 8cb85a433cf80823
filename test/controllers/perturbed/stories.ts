/** What the perturbation found, each in its shortest form. */
import type { Act, Manner } from "./acts.ts"
import type { Fault } from "./Faults.ts"
import type { Scenario } from "./runScenario.ts"
import { NONE } from "./Scene.ts"

export interface Story {
  readonly tells: string
  readonly scenario: Scenario
}

const run = (family: string, manner: Partial<Manner> = {}): Act =>
  ({ do: "run", family, alone: false, reuse: false, two: false, ...manner })

const fault = (what: Fault["what"], from: number, lasts: number, every = 1): Fault => ({ what, from, lasts, every })

/** Each act with the milliseconds before it. */
const scenario = (
  steps: ReadonlyArray<readonly [after: number, act: Act]>,
  disturbance: Partial<Scenario> = {}
): Scenario => ({ ...NONE, salt: 0, steps: steps.map(([after, act]) => ({ after, act })), ...disturbance })

export const STORIES: ReadonlyArray<Story> = [
  {
    tells: "an answer from before the task was there takes nothing from it, though it was seen already",
    scenario: scenario([[9_000, run("kv")]], { faults: [fault("DescribeTasks stale", 2_500, 7_000, 2)], salt: 1 })
  },
  {
    tells: "an operator that leads no more undoes nothing of what the next one wrote while it looked",
    scenario: scenario([[9_000, run("kv")]], { overlaps: [{ from: 0, lasts: 500 }], salt: 9 })
  },
  {
    tells: "a role that can't be read takes nothing from a task whose operator ended before it noted that it may join",
    scenario: scenario([[9_000, run("kv")]], {
      faults: [fault("events dropped", 8_900, 200), fault("GetRole denied", 10_000, 10_000)],
      kills: [{ at: "write", nth: 1, moment: "after", down: 1_000 }]
    })
  },
  {
    tells: "a task that somebody removes from the store is back at once",
    scenario: scenario([
      [0, run("kv")],
      [9_000, { do: "meddle", nth: 0, how: "remove the task" }],
      [9_000, { do: "health", nth: 0, health: "HEALTHY" }]
    ])
  },
  {
    tells: "a list from before the task was there removes no proxy whose operator ended before it stored the task",
    scenario: scenario([[9_000, run("kv")]], {
      faults: [fault("events dropped", 8_900, 200), fault("ListTasks stale", 9_100, 3_000)],
      kills: [{ at: "write", nth: 1, moment: "after", down: 0 }]
    })
  },
  {
    tells: "a service gets its port though its operator ended, and the next didn't see its Dataplane being written",
    scenario: scenario([[0, run("kv")]], {
      faults: [fault("changes delayed", 0, 20_000)],
      kills: [
        { at: "call", nth: 1, moment: "before", down: 4_000 },
        { at: "write", nth: 3, moment: "after", down: 0 }
      ]
    })
  },
  {
    tells: "two operators of which one heard that a role is gone agree, and don't undo each other's writes for ever",
    scenario: scenario([
      [0, run("web")],
      [9_000, { do: "delete role", role: "web" }],
      [0, { do: "meddle", nth: 0, how: "remove the proxy" }]
    ], { overlaps: [{ from: 1_500, lasts: 15_000 }] })
  },
  {
    tells: "a task whose proxy connected while it was looked at for the first time gets ready all the same",
    scenario: scenario([[300, run("caller", { alone: true })]], { salt: 223_740 })
  },
  {
    tells: "a list that can't be read to its end removes no proxy, however long its operator has been gone",
    scenario: scenario([[9_000, run("kv")]], {
      faults: [
        fault("events dropped", 8_900, 200),
        fault("events dropped", 9_500, 5_000),
        fault("ReceiveMessage fails", 9_250, 60_000),
        fault("ListTasks throttled", 16_000, 50_000)
      ],
      kills: [{ at: "write", nth: 1, moment: "after", down: 8_000 }]
    })
  }
]
