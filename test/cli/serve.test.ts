// `ecs-mesh serve` as a process: where it listens.
import { mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { type RunningProcess, startProcess } from "../../localstack/process/startProcess.ts"
import { freePort } from "../support/freePort.ts"
import { createDatabase, type TestDatabase } from "../support/testDatabase.ts"
import { until } from "../support/until.ts"

const main = join(import.meta.dirname, "..", "..", "src", "main.ts")
const PORTS = [
  "KUMA_DP_SERVER_PORT", "KUMA_API_SERVER_HTTP_PORT", "KUMA_API_SERVER_HTTPS_PORT",
  "KUMA_MONITORING_ASSIGNMENT_SERVER_PORT", "KUMA_DIAGNOSTICS_SERVER_PORT"
] as const
/** Both are loopback's: what listens everywhere is reached at either. */
const [BOUND, OTHER] = ["127.0.0.1", "127.0.0.2"] as const

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-serve-"))
const ports = new Map<string, number>()
let database: TestDatabase
let controlPlane: RunningProcess

beforeAll(async () => {
  database = await createDatabase()
  for (const name of PORTS) ports.set(name, await freePort())
  controlPlane = await startProcess({
    command: process.execPath,
    args: [main, "serve", "--without-aws"],
    env: {
      PATH: process.env["PATH"],
      ...database.environment,
      ...Object.fromEntries([...ports].map(([name, port]) => [name, String(port)])),
      KUMA_GENERAL_WORK_DIR: folder,
      ECS_MESH_BIND_ADDRESS: BOUND,
      ECS_MESH_DIAGNOSTICS_ADDRESS: OTHER
    }
  })
  const ready = `http://${OTHER}:${ports.get("KUMA_DIAGNOSTICS_SERVER_PORT")}/ready`
  await until("its readiness", async () => (await fetch(ready)).ok, (answered) => answered)
}, 60_000)

afterAll(async () => {
  await controlPlane?.stop(10_000)
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
}, 30_000)

const isReached = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once("error", () => resolve(false)).once("connect", () => {
      socket.destroy()
      resolve(true)
    })
  })

it.each(PORTS.slice(0, -1))("the server of %s listens at ECS_MESH_BIND_ADDRESS alone", async (name) => {
  const port = ports.get(name) ?? 0
  expect(await isReached(BOUND, port)).toBe(true)
  expect(await isReached(OTHER, port)).toBe(false)
})

it("one with an address of its own listens there alone", async () => {
  const port = ports.get("KUMA_DIAGNOSTICS_SERVER_PORT") ?? 0
  expect(await isReached(OTHER, port)).toBe(true)
  expect(await isReached(BOUND, port)).toBe(false)
})
