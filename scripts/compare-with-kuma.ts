/**
 * What a kumactl meets here, and what it meets with Kuma's own control plane: puts the same calls and the same bad
 * resources to both, each in a network namespace that has nothing but loopback (which takes root), and prints where
 * the answers differ. Takes some five minutes. Exits with 1 on a difference that docs/kuma-differences.md doesn't tell,
 * and on one told there that isn't any more.
 *
 *     node_modules/.bin/node scripts/compare-with-kuma.ts --kumactl PATH --kuma-cp PATH
 *     ... --all             the differing lines of known differences, too
 *     ... --answers FOLDER  keeps what each answered; who has its answers there isn't asked again
 */
import { existsSync } from "node:fs"
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { runApart } from "../bench/mesh/runApart.ts"
import { type Difference, explain, readKnown, staleOf } from "./compare/explain.ts"
import type { Recording, RecordPlan } from "./compare/record.ts"

const { values } = parseArgs({
  options: {
    kumactl: { type: "string" },
    "kuma-cp": { type: "string" },
    all: { type: "boolean", default: false },
    answers: { type: "string" }
  }
})

const path = (name: "kumactl" | "kuma-cp"): string => {
  const value = values[name]
  if (value === undefined) throw new Error(`say with --${name} where it is`)
  return resolve(value)
}

const subjects = {
  "kuma-cp": (): RecordPlan => ({ kumactl: path("kumactl"), kumaCp: path("kuma-cp") }),
  "ecs-mesh": (): RecordPlan => ({ kumactl: path("kumactl"), kumaCp: null })
}

const answersOf = async (name: keyof typeof subjects): Promise<Recording> => {
  const file = values.answers === undefined ? null : join(resolve(values.answers), `${name}.json`)
  if (file !== null && existsSync(file)) return JSON.parse(await readFile(file, "utf8"))
  console.error(name)
  const recording: Recording = await runApart(join(import.meta.dirname, "compare", "record.ts"), subjects[name](), true)
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

/** Whether nothing differs but for known reasons, and nothing is known that doesn't differ. */
const compare = async (): Promise<boolean> => {
  if (values.answers !== undefined) await mkdir(values.answers, { recursive: true })
  const kuma = await answersOf("kuma-cp")
  const ours = await answersOf("ecs-mesh")
  const known = values.all ? [] : readKnown()
  const calls = explain(kuma.calls, ours.calls, known)
  const badResources = explain(kuma.badResources, ours.badResources, known)
  for (const line of report("calls", kuma.calls.length, calls)) console.log(line)
  for (const line of report("bad resources", kuma.badResources.length, badResources)) console.log(line)
  const stale = staleOf(known, [...calls, ...badResources])
  for (const { line, row } of stale) console.log(`\n  NO DIFFERENCE ANY MORE: ${row}\n      ${line.source}`)
  return ![...calls, ...badResources].some(isUnknown) && stale.length === 0
}

try {
  process.exitCode = await compare() ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
