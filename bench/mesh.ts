/**
 * What a change costs, and how soon it is everywhere, with many proxies: simulated sidecars against this control plane
 * and, beside it, against kuma-cp. docs/performance.md says what is measured and how. Ends by itself, with everything
 * that it started; listens on loopback only. Progress goes to stderr.
 *
 *   node_modules/.bin/node bench/mesh.ts                             50 to 2000 proxies, three runs
 *   node_modules/.bin/node bench/mesh.ts --proxies 200 --runs 1      one size, once: three minutes
 *   ... --phases change,storm     the cold start and these alone, of idle, change, unrelated, label, policy, storm and
 *                                 ecs (from an event of an emulated ECS; set ECS_MESH_PYTHON, or run npm test once)
 *   ... --phases none             the cold start alone
 *   ... --profile FOLDER          a CPU profile of ours for each phase (FOLDER/storm-200.cpuprofile), and its hot
 *                                 functions; profiling itself takes CPU, so figures are worth less then
 *   ... --heap                    ours' live heap a proxy, after a collection
 *   ... --protocol delta|sotw     this variant for all, instead of each one's own (ours delta, kuma-cp's sotw)
 *   ... --kuma-cp PATH            kuma-cp as well (as root: it gets a network namespace of its own)
 *   ... --subjects kuma-cp        only that
 *   ... --changes 40 --idle 20 --events 20    endpoint changes; seconds of idling; stopped tasks
 *   ... --tree FOLDER             another checkout of ecs-mesh (with its node_modules) instead of this one
 *   ... --json                    all figures of all runs
 */
import { mkdir } from "node:fs/promises"
import { cpus, loadavg, totalmem } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import type { Figures } from "./mesh/figures.ts"
import { VARIANTS } from "./mesh/generator/discovery.ts"
import { type Phase, PHASES, type Plan } from "./mesh/Plan.ts"
import { interrupted, runApart } from "./mesh/runApart.ts"
import { OWN_VARIANT, SUBJECTS } from "./mesh/subject/Subject.ts"
import { growthTable, type Measured, table } from "./mesh/table.ts"

const { values } = parseArgs({
  options: {
    proxies: { type: "string", default: "50,200,500,1000,2000" },
    runs: { type: "string", default: "3" },
    subjects: { type: "string" },
    phases: { type: "string", default: PHASES.join(",") },
    protocol: { type: "string" },
    changes: { type: "string", default: "40" },
    idle: { type: "string", default: "20" },
    events: { type: "string", default: "20" },
    "kuma-cp": { type: "string" },
    tree: { type: "string", default: join(import.meta.dirname, "..") },
    profile: { type: "string" },
    heap: { type: "boolean", default: false },
    json: { type: "boolean", default: false }
  }
})

const number = (name: string, text: string, least: number): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least) return value
  throw new Error(`--${name}: ${text} is no whole number from ${least} on`)
}

const listed = <A extends string>(name: string, text: string, allowed: ReadonlyArray<A>): ReadonlyArray<A> =>
  text.split(",").map((item) => {
    const found = allowed.find((one) => one === item)
    if (found === undefined) throw new Error(`--${name}: ${item} is none of ${allowed.join(", ")}`)
    return found
  })

const sizes = values.proxies.split(",").map((text) => number("proxies", text, 10))
const runs = number("runs", values.runs, 1)
const kumaCp = values["kuma-cp"] === undefined ? null : resolve(values["kuma-cp"])
const subjects = listed("subjects", values.subjects ?? (kumaCp === null ? "ecs-mesh" : SUBJECTS.join(",")), SUBJECTS)
const variant = values.protocol === undefined ? null : listed("protocol", values.protocol, VARIANTS)[0]
const phases: ReadonlyArray<Phase> = values.phases === "none" ? [] : listed("phases", values.phases, PHASES)
const profile = values.profile === undefined ? null : resolve(values.profile)
if (profile !== null) await mkdir(profile, { recursive: true })

const program = (name: string): string => join(import.meta.dirname, "mesh", name)

/** The measurement by itself, and where it has an operator, that from ECS's events. */
const measurementsOf = ({ phases, subject }: Plan): ReadonlyArray<string> =>
  subject === "ecs-mesh" && phases.includes("ecs") ? ["measure.ts", "measureEcs.ts"] : ["measure.ts"]

const measure = (measurement: string, plan: Plan): Promise<Figures> =>
  runApart(program(measurement), plan, plan.subject === "kuma-cp")

const measured: Array<Measured> = []
const failed: Array<string> = []
for (let round = 1; round <= runs && interrupted() === null; round++) {
  for (const proxies of sizes) {
    for (const subject of subjects) {
      const plan: Plan = {
        subject,
        proxies,
        variant: variant ?? OWN_VARIANT[subject],
        phases,
        changes: number("changes", values.changes, 2),
        events: number("events", values.events, 1),
        idleSeconds: number("idle", values.idle, 1),
        tree: resolve(values.tree),
        kumaCp,
        profile,
        heap: values.heap
      }
      for (const measurement of measurementsOf(plan)) {
        if (interrupted() !== null) break
        const what = `${subject} with ${proxies} proxies, run ${round} of ${runs}, ${measurement}`
        console.error(`${what} (load ${loadavg()[0]?.toFixed(1)})`)
        try {
          measured.push({ subject, proxies, run: round, figures: await measure(measurement, plan) })
        } catch (error) {
          failed.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
    }
  }
}
const machine = { cores: cpus().length, model: cpus()[0]?.model, memoryGB: Math.round(totalmem() / 2 ** 30) }
if (values.json) {
  console.log(JSON.stringify({ machine, protocol: variant ?? OWN_VARIANT, runs, measured, failed }, null, 2))
} else {
  const on = `${machine.cores} cores (${machine.model}), ${machine.memoryGB} GB`
  const protocols = subjects.map((subject) => `${subject} ${variant ?? OWN_VARIANT[subject]}`).join(", ")
  console.log(`${on}; ${protocols}; min / median / max of ${runs}\n`)
  console.log(`${table(measured)}\n\n${growthTable(measured)}`)
}
for (const text of failed) console.error(text)
if (failed.length > 0) process.exitCode = 1
