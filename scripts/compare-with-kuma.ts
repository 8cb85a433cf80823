/**
 * What a kumactl meets here, and what it meets with Kuma's own control plane: puts the same calls and the same bad
 * resources to both, each in a network namespace that has nothing but loopback (which takes root), and prints where
 * the answers differ. Takes some five minutes, with proxies some ten more. Exits with 1 on a difference that
 * docs/kuma-differences.md doesn't tell, and on one told there that isn't any more.
 *
 *     node_modules/.bin/node scripts/compare-with-kuma.ts --kumactl PATH --kuma-cp PATH
 *     ... --kuma-dp PATH    and then once more where real proxies are connected, with the Envoy of the tests
 *     ... --all             the differing lines of known differences, too
 *     ... --answers FOLDER  keeps what each answered; who has its answers there isn't asked again
 */
import { existsSync } from "node:fs"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { runApart } from "../bench/mesh/runApart.ts"
import { toolPaths } from "../localstack/tools.ts"
import { type Difference, explain, type Known, knownWhere, readKnown, staleOf } from "./compare/explain.ts"
import type { Recording, RecordPlan } from "./compare/record.ts"

const { values } = parseArgs({
  options: {
    kumactl: { type: "string" },
    "kuma-cp": { type: "string" },
    "kuma-dp": { type: "string" },
    all: { type: "boolean", default: false },
    answers: { type: "string" }
  }
})

const path = (name: "kumactl" | "kuma-cp" | "kuma-dp"): string => {
  const value = values[name]
  if (value === undefined) throw new Error(`say with --${name} where it is`)
  return resolve(value)
}

const SUBJECTS = ["kuma-cp", "ecs-mesh"] as const

const planOf = (name: typeof SUBJECTS[number], withProxies: boolean): RecordPlan => ({
  kumactl: path("kumactl"),
  kumaCp: name === "kuma-cp" ? path("kuma-cp") : null,
  proxies: withProxies ? { kumaDp: path("kuma-dp"), envoy: toolPaths().envoy } : null
})

const answersOf = async (name: typeof SUBJECTS[number], withProxies: boolean): Promise<Recording> => {
  const title = `${name}${withProxies ? "-with-proxies" : ""}`
  const file = values.answers === undefined ? null : join(resolve(values.answers), `${title}.json`)
  if (file !== null && existsSync(file)) return JSON.parse(await readFile(file, "utf8"))
  console.error(title)
  const plan = planOf(name, withProxies)
  const recording: Recording = await runApart(join(import.meta.dirname, "compare", "record.ts"), plan, true)
  if (file !== null) await writeFile(file, JSON.stringify(recording, null, 1))
  return recording
}

const isUnknown = ({ unknown }: Difference): boolean => unknown.length > 0

const report = (what: string, count: number, differences: ReadonlyArray<Difference>): ReadonlyArray<string> => {
  const unknown = differences.filter(isUnknown)
  const byRow = new Map<string, Array<string>>()
  for (const { call, known } of differences) {
    for (const row of new Set(known.map((one) => one.row))) byRow.set(row, [...byRow.get(row) ?? [], call])
  }
  return [
    `\n${what}: ${count}, of which ${count - differences.length} are answered the same, ` +
    `${differences.length - unknown.length} otherwise for known reasons, ${unknown.length} otherwise`,
    ...[...byRow].flatMap(([row, calls]) => [`  ${row} (${calls.length})`, ...calls.map((call) => `      ${call}`)]),
    ...unknown.flatMap(({ call, unknown }) => [`  NOT KNOWN: ${call}`, ...unknown.map((line) => `      ${line}`)])
  ]
}

/** Compares what was asked in one scene, and tells it. */
const compareScene = async (known: ReadonlyArray<Known>, withProxies: boolean): Promise<ReadonlyArray<Difference>> => {
  const kuma = await answersOf("kuma-cp", withProxies)
  const ours = await answersOf("ecs-mesh", withProxies)
  const about = knownWhere(known, withProxies)
  const calls = explain(kuma.calls, ours.calls, about)
  const badResources = explain(kuma.badResources, ours.badResources, about)
  const title = withProxies ? "calls while proxies are connected" : "calls"
  for (const line of report(title, kuma.calls.length, calls)) console.log(line)
  if (kuma.badResources.length > 0) {
    for (const line of report("bad resources", kuma.badResources.length, badResources)) console.log(line)
  }
  return [...calls, ...badResources]
}

/** Whether nothing differs but for known reasons, and nothing is known that doesn't differ. */
const compare = async (): Promise<boolean> => {
  if (values.answers !== undefined) await mkdir(values.answers, { recursive: true })
  const known = values.all ? [] : readKnown()
  const withProxies = values["kuma-dp"] !== undefined
  const differences = [
    ...await compareScene(known, false),
    ...withProxies ? await compareScene(known, true) : []
  ]
  const stale = staleOf(withProxies ? known : knownWhere(known, false), differences)
  for (const { line, row } of stale) console.log(`\n  NO DIFFERENCE ANY MORE: ${row}\n      ${line.source}`)
  return !differences.some(isUnknown) && stale.length === 0
}

try {
  process.exitCode = await compare() ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
