/**
 * How long the mesh takes to follow a task's life, with many tasks on one machine, and what an operator asks of AWS:
 * `node_modules/.bin/node bench/tasks.ts [--tasks 50] [--services 5] [--rounds 100] [--drop 10] [--json]
 * [--profile FOLDER]`.
 * docs/performance.md says what is measured and how. Ends by itself, with everything that it started.
 */
import { ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs"
import { cpus, loadavg, totalmem } from "node:os"
import { resolve } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { parseArgs } from "node:util"
import { waitFor } from "../localstack/process/waitFor.ts"
import { cpuSeconds } from "./tasks/cpuSeconds.ts"
import { type Percentiles, percentiles } from "./tasks/percentiles.ts"
import { playRound, type RoundFigures, untilWhole } from "./tasks/Round.ts"
import { type TaskWorld, withTaskWorld } from "./tasks/TaskWorld.ts"

const { values } = parseArgs({
  options: {
    tasks: { type: "string", default: "50" },
    services: { type: "string", default: "5" },
    rounds: { type: "string", default: "100" },
    drop: { type: "string", default: "10" },
    /** Seconds over which an idle world's calls are counted. */
    idle: { type: "string", default: "60" },
    /** `60s` is the operator's own default. */
    resync: { type: "string", default: "60s" },
    /** A folder for a CPU profile of the control plane. */
    profile: { type: "string" },
    json: { type: "boolean", default: false }
  }
})

const read = (name: "tasks" | "services" | "rounds" | "drop" | "idle", least: number): number => {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} is a number, at least ${least}`)
  return value
}
const tasks = read("tasks", 4)
const services = read("services", 2)
const rounds = read("rounds", 0)
const drop = read("drop", 0)
const idle = read("idle", 0)

const say = (line: string): void => values.json ? console.error(line) : console.log(line)

interface Usage {
  readonly seconds: number
  /** Calls a minute, by operation. */
  readonly calls: Readonly<Record<string, number>>
  /** Of one core. */
  readonly controlPlaneCpu: number
  readonly load: number
}

/** Counts what the operator asks of AWS while `run` runs. */
const count = async (world: TaskWorld, run: () => Promise<unknown>): Promise<Usage> => {
  const before = new Map(world.tap.calls)
  const cpu = cpuSeconds(world.controlPlane.pid)
  const since = performance.now()
  await run()
  const seconds = (performance.now() - since) / 1_000
  const calls = [...world.tap.calls]
    .map(([name, calls]) => [name, Math.round((calls - (before.get(name) ?? 0)) * 600 / seconds) / 10] as const)
    .filter(([, calls]) => calls > 0)
    .sort(([a], [b]) => a < b ? -1 : 1)
  return {
    seconds: Math.round(seconds),
    calls: Object.fromEntries(calls),
    controlPlaneCpu: Math.round((cpuSeconds(world.controlPlane.pid) - cpu) / seconds * 100) / 100,
    load: loadavg()[0] ?? NaN
  }
}

const sayUsage = (what: string, { calls, controlPlaneCpu, seconds }: Usage): void => {
  say(`${what}: calls a minute, over ${seconds} s; the control plane took ${controlPlaneCpu} of a core`)
  for (const [name, times] of Object.entries(calls)) say(`  ${name.padEnd(34)} ${times}`)
}

/** Replaces every task of one service. */
const roll = async (world: TaskWorld): Promise<void> => {
  const { emulator: { credentials, endpoint, region }, demo: { cluster }, services: [service] } = world
  const ecs = new ECSClient({ endpoint, region, credentials })
  const old = new Set(world.agent.tasks().filter(({ plan }) => plan.serviceName === service).map(({ plan }) => plan.taskId))
  await ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }))
  ecs.destroy()
  await waitFor("the old tasks to leave", () =>
    world.agent.tasks().some(({ plan }) => old.has(plan.taskId)) ? undefined : true, { withinMillis: 300_000 })
  await untilWhole(world, tasks, 300_000)
}

const play = async (world: TaskWorld, what: string): Promise<ReadonlyArray<RoundFigures>> => {
  const figures: Array<RoundFigures> = []
  for (let round = 0; round < rounds; round++) {
    figures.push(await playRound(world, round, round < 10))
    await untilWhole(world, tasks, 120_000)
    if ((round + 1) % 10 !== 0) continue
    const latest = figures.slice(-10)
    say(
      `  ${what}: round ${round + 1} of ${rounds}; the last ten's median: gone ` +
        `${percentiles(latest.map(({ gone }) => gone)).p50} ms, answered ` +
        `${percentiles(latest.map(({ answered }) => answered)).p50} ms; load ${loadavg()[0]?.toFixed(1)}`
    )
  }
  return figures
}

type Measured = { readonly [K in keyof RoundFigures]: RoundFigures[K] extends number ? K : never }[keyof RoundFigures]

const STOP: ReadonlyArray<readonly [Measured, string]> = [
  ["gone", "stop event put -> gone from every Envoy"],
  ["goneFromReceived", "stop event received -> gone from every Envoy"],
  ["stopQueued", "  put -> received"],
  ["stopTaken", "  received -> taken by the operator"],
  ["stopDecided", "  taken -> ECS and store read, decided"],
  ["stopPushed", "  decided -> stored, first push"],
  ["stopAcked", "  first push -> last acknowledgement"]
]
const START: ReadonlyArray<readonly [Measured, string]> = [
  ["answered", "RUNNING put -> first answer over mTLS"],
  ["answeredFromReceived", "RUNNING received -> first answer over mTLS"],
  ["startHealthy", "  put -> the app's health check passes"],
  ["startPushed", "  health check passes -> first push"],
  ["startAnswered", "  first push -> first answer"]
]

const summarise = (
  figures: ReadonlyArray<RoundFigures>,
  rows: ReadonlyArray<readonly [Measured, string]>
): Readonly<Record<string, Percentiles>> =>
  Object.fromEntries(rows.map(([name, text]) => [text, percentiles(figures.map((round) => round[name]))]))

const sayRows = (title: string, rows: Readonly<Record<string, Percentiles>>): void => {
  const count = Object.values(rows)[0]?.count ?? 0
  if (count === 0) return
  say(`${title} (${count} rounds)`)
  for (const [text, { max, p50, p99 }] of Object.entries(rows)) {
    if (Number.isNaN(p50)) continue
    say(`  ${text.padEnd(48)} p50 ${String(p50).padStart(6)} ms  p99 ${String(p99).padStart(6)} ms  max ${max} ms`)
  }
}

const report = (series: string, figures: ReadonlyArray<RoundFigures>) => {
  const groups = {
    [`${series}: stop`]: summarise(figures.filter(({ stopDropped }) => !stopDropped), STOP),
    [`${series}: stop event lost`]: summarise(figures.filter(({ stopDropped }) => stopDropped), STOP),
    [`${series}: start`]: summarise(figures.filter(({ startDropped }) => !startDropped), START),
    [`${series}: RUNNING event lost`]: summarise(figures.filter(({ startDropped }) => startDropped), START)
  }
  for (const [title, rows] of Object.entries(groups)) sayRows(title, rows)
  return groups
}

say(`${tasks} tasks of ${services} services, each calling all; on ${cpus().length} cores`)
const result = await withTaskWorld(
  {
    tasks,
    services,
    environment: {
      ECS_MESH_RESYNC_INTERVAL: values.resync,
      ...(values.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(values.profile)}` })
    },
    say
  },
  async (world) => {
    const since = performance.now()
    await untilWhole(world, tasks, 60_000 + tasks * 10_000)
    say(`  all tasks in the mesh after ${((performance.now() - since) / 1_000).toFixed(0)} s; load ${loadavg()[0]?.toFixed(1)}`)
    await delay(idle === 0 ? 0 : 10_000)
    const atRest = await count(world, () => delay(idle * 1_000))
    sayUsage("Idle", atRest)
    const deploying = await count(world, () => roll(world))
    sayUsage(`One service of ${Math.ceil(tasks / services)} tasks deployed`, deploying)
    const undisturbed = await play(world, "undisturbed")
    world.tap.drop(drop)
    const dropping = drop === 0 ? [] : await play(world, `one of ${drop} events lost`)
    const ackAfterAdmin = percentiles([...undisturbed, ...dropping].flatMap(({ ackAfterAdmin }) => ackAfterAdmin))
    return { atRest, deploying, undisturbed, dropping, ackAfterAdmin }
  }
)
const summary = {
  machine: { cores: cpus().length, model: cpus()[0]?.model, memoryGB: Math.round(totalmem() / 2 ** 30) },
  tasks,
  services,
  rounds,
  idle: result.atRest,
  deploying: result.deploying,
  undisturbed: report("undisturbed", result.undisturbed),
  dropping: report(`one of ${drop} events lost`, result.dropping),
  journalAfterAdmin: result.ackAfterAdmin
}
say(
  "The journal has an acknowledgement later than Envoy's admin shows the endpoint gone: " +
    `p50 ${summary.journalAfterAdmin.p50} ms, max ${summary.journalAfterAdmin.max} ms`
)
if (values.json) console.log(JSON.stringify(summary, null, 2))
