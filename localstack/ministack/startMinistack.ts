// Starts MiniStack as a local process on loopback: the emulated AWS that verifies signatures and enforces IAM policies.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { freePort } from "../process/freePort.ts"
import { startProcess } from "../process/startProcess.ts"
import { waitForHttp } from "../process/waitFor.ts"
import { toolPaths } from "../tools.ts"

/** An emulated AWS that answers at one endpoint for every service. */
export interface Emulator {
  readonly name: "ministack" | "localstack"
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly region: string
  readonly accountId: string
  /** The account's root key; MiniStack doesn't check its signature, so tests of refusals make users of their own. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly output: () => string
  readonly stop: () => Promise<void>
}

export interface MinistackOptions {
  /** Emit ECS and CloudTrail events and run the task life cycle with an agent (launcher.py); default true. */
  readonly events?: boolean
  readonly region?: string
  readonly logFile?: string
}

const launcher = fileURLToPath(new URL("launcher.py", import.meta.url))

/** Only what the emulator needs: nothing of the user's own AWS settings may reach it. */
const environment = (port: number, region: string, folder: string, events: boolean): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: folder,
  TMPDIR: folder,
  PYTHONUNBUFFERED: "1",
  AUTH: "true",
  BIND_HOST: "127.0.0.1",
  MINISTACK_HOST: "127.0.0.1",
  GATEWAY_PORT: String(port),
  MINISTACK_REGION: region,
  AWS_DEFAULT_REGION: region,
  LOG_LEVEL: "WARNING",
  ECS_MESH_EMULATOR_EVENTS: events ? "1" : "0"
})

export const startMinistack = async (options: MinistackOptions = {}): Promise<Emulator> => {
  const region = options.region ?? "us-east-1"
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-ministack-"))
  const port = await freePort()
  const server = await startProcess({
    command: toolPaths().python,
    args: [launcher],
    cwd: folder,
    env: environment(port, region, folder, options.events ?? true),
    ...(options.logFile === undefined ? {} : { logFile: options.logFile })
  })
  const stop = async (): Promise<void> => {
    await server.stop(2_000)
    await rm(folder, { recursive: true, force: true })
  }
  const endpoint = `http://127.0.0.1:${port}`
  try {
    await waitForHttp(`${endpoint}/_ministack/health`, server)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name: "ministack",
    endpoint,
    region,
    accountId: "000000000000",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    output: server.output,
    stop
  }
}
