/**
 * What Kuma's own kuma-dp meets here: a mesh of real kuma-dps with real Envoys on this control plane, in a network
 * namespace that has nothing but loopback (which takes root). Calls go on while the control plane is restarted and
 * killed, a proxy is drained and a token is replaced. Prints what was seen of each check, in some five minutes; exits
 * with 1 where one doesn't hold. Envoy is the one that bin/setup.mjs brings, or that of ECS_MESH_ENVOY.
 *
 *     node_modules/.bin/node scripts/try-kuma-dp.ts --kuma-dp PATH --kumactl PATH
 *     ... --kuma-cp PATH  tries the move from that control plane, too
 *     ... --seconds N     how long calls go on after each event (10)
 *     ... --tree FOLDER   another working tree's control plane
 *     ... --logs FOLDER   keeps the logs of all that ran
 */
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { runApart } from "../bench/mesh/runApart.ts"
import { toolPaths } from "../localstack/tools.ts"
import { type Check, checkTable } from "./kuma-dp/Check.ts"
import type { TryPlan } from "./kuma-dp/World.ts"

const { values } = parseArgs({
  options: {
    "kuma-dp": { type: "string" },
    kumactl: { type: "string" },
    "kuma-cp": { type: "string" },
    tree: { type: "string", default: join(import.meta.dirname, "..") },
    seconds: { type: "string", default: "10" },
    logs: { type: "string" }
  }
})

const needed = (name: "kuma-dp" | "kumactl"): string => {
  const value = values[name]
  if (value === undefined) throw new Error(`say with --${name} where it is`)
  return resolve(value)
}

const given = (value: string | undefined): string | null => value === undefined ? null : resolve(value)

const planOf = (): TryPlan => {
  const seconds = Number(values.seconds)
  if (!Number.isInteger(seconds) || seconds < 1) throw new Error("--seconds takes a whole number from 1 on")
  return {
    kumaDp: needed("kuma-dp"),
    kumactl: needed("kumactl"),
    kumaCp: given(values["kuma-cp"]),
    envoy: toolPaths().envoy,
    tree: resolve(values.tree),
    seconds,
    logs: given(values.logs)
  }
}

try {
  const program = join(import.meta.dirname, "kuma-dp", "tryOut.ts")
  const checks: ReadonlyArray<Check> = await runApart(program, planOf(), true)
  const failed = checks.filter(({ holds }) => !holds).length
  console.log(checkTable(checks))
  console.log(`\n${checks.length} checks, of which ${failed} failed`)
  if (values["kuma-cp"] === undefined) console.log("The move from kuma-cp wasn't tried: say where it is with --kuma-cp")
  process.exitCode = failed === 0 && checks.length > 0 ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
