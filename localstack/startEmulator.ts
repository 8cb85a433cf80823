// Starts an emulated AWS for the demo: as a container where a container engine answers, otherwise as a local process.
// Both run the same versions with the same launcher or extension, and both listen on loopback only.
import { fileURLToPath } from "node:url"
import type { GenericContainer } from "testcontainers"
import { type Emulator, startMinistack } from "./ministack/startMinistack.ts"
import { freePort } from "./process/freePort.ts"
import { waitForHttp } from "./process/waitFor.ts"
import { startLocalstack } from "./startLocalstack.ts"

export interface EmulatorOptions {
  /** Default ministack: only it verifies signatures and enforces IAM policies. */
  readonly name?: Emulator["name"]
  /** `auto` (the default) takes a container where an engine answers. */
  readonly run?: "auto" | "container" | "process"
  readonly logFile?: string
}

export interface StartedEmulator extends Emulator {
  readonly runsAs: "container" | "process"
}

const region = "us-east-1"
const launcher = fileURLToPath(new URL("ministack", import.meta.url))
const extension = fileURLToPath(new URL("extension", import.meta.url))

const images = {
  ministack: "ministackorg/ministack:1.5.33",
  localstack: "localstack/localstack:4.13.1"
} as const

const healthPaths = { ministack: "/_ministack/health", localstack: "/_localstack/health" } as const

const configure = (container: GenericContainer, name: Emulator["name"], port: number): GenericContainer =>
  name === "ministack"
    ? container
      .withCopyDirectoriesToContainer([{ source: launcher, target: "/opt/ecs-mesh" }])
      .withEntrypoint(["python", "/opt/ecs-mesh/launcher.py"])
      .withEnvironment({
        PYTHONPATH: "/opt/ministack",
        AUTH: "true",
        BIND_HOST: "127.0.0.1",
        MINISTACK_HOST: "127.0.0.1",
        GATEWAY_PORT: String(port),
        MINISTACK_REGION: region
      })
    : container
      .withCopyDirectoriesToContainer([{ source: extension, target: "/opt/ecs-mesh" }])
      .withEnvironment({
        PYTHONPATH: "/opt/ecs-mesh",
        GATEWAY_LISTEN: `127.0.0.1:${port}`,
        LOCALSTACK_HOST: `127.0.0.1:${port}`,
        SQS_ENDPOINT_STRATEGY: "path",
        DNS_ADDRESS: "0"
      })

/** On the host's network, because a published port would be open on every address of the host. */
const startContainer = async (name: Emulator["name"]): Promise<StartedEmulator> => {
  const { GenericContainer } = await import("testcontainers")
  const port = await freePort()
  const configured = configure(new GenericContainer(images[name]), name, port)
  const lines: Array<string> = []
  const container = await configured
    .withNetworkMode("host")
    .withLogConsumer((stream) => void stream.on("data", (line) => void lines.push(String(line))))
    .start()
  const output = (): string => lines.slice(-500).join("")
  const stop = async (): Promise<void> => void await container.stop()
  const endpoint = `http://127.0.0.1:${port}`
  try {
    await waitForHttp(`${endpoint}${healthPaths[name]}`, { exit: () => undefined, output }, 60_000)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name,
    runsAs: "container",
    endpoint,
    region,
    accountId: "000000000000",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    output,
    stop
  }
}

/** Whether a container engine answers; without one this takes a few hundredths of a second. */
export const hasContainerEngine = async (): Promise<boolean> => {
  try {
    const { getContainerRuntimeClient } = await import("testcontainers")
    await getContainerRuntimeClient()
    return true
  } catch {
    return false
  }
}

export const startEmulator = async (options: EmulatorOptions = {}): Promise<StartedEmulator> => {
  const name = options.name ?? "ministack"
  const run = options.run ?? "auto"
  if (run === "container" || (run === "auto" && await hasContainerEngine())) return startContainer(name)
  const log = options.logFile === undefined ? {} : { logFile: options.logFile }
  const start = name === "ministack" ? startMinistack : startLocalstack
  const emulator = await start({ region, ...log })
  return { ...emulator, runsAs: "process" }
}
