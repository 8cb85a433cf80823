// Starts LocalStack, the second emulated AWS, as a local process on loopback: no test may be tuned to one emulator.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Emulator } from "./ministack/startMinistack.ts"
import { freePort } from "./process/freePort.ts"
import { startProcess } from "./process/startProcess.ts"
import { waitForHttp } from "./process/waitFor.ts"
import { localstackPython } from "./tools.ts"

export interface LocalstackOptions {
  readonly region?: string
  readonly logFile?: string
}

const extension = fileURLToPath(new URL("extension", import.meta.url))

/** A plain 127.0.0.1 in GATEWAY_LISTEN would bind every address; nothing is fetched, and no DNS server is started. */
const environment = (port: number, region: string, folder: string): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: folder,
  TMPDIR: folder,
  PYTHONPATH: extension,
  PYTHONUNBUFFERED: "1",
  PYTHONDONTWRITEBYTECODE: "1",
  GATEWAY_LISTEN: `[::ffff:127.0.0.1]:${port}`,
  LOCALSTACK_HOST: `127.0.0.1:${port}`,
  AWS_DEFAULT_REGION: region,
  DNS_ADDRESS: "0",
  SKIP_SSL_CERT_DOWNLOAD: "1",
  DISABLE_EVENTS: "1",
  OVERRIDE_IN_DOCKER: "0",
  FILESYSTEM_ROOT: folder,
  XDG_CACHE_HOME: join(folder, "cache"),
  SQS_ENDPOINT_STRATEGY: "path",
  EAGER_SERVICE_LOADING: "0"
})

/** It verifies no signature and enforces no policy: what authentication refuses is tested with MiniStack. */
export const startLocalstack = async (options: LocalstackOptions = {}): Promise<Emulator> => {
  const region = options.region ?? "us-east-1"
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-localstack-"))
  const port = await freePort()
  const server = await startProcess({
    command: localstackPython(),
    args: ["-m", "localstack.runtime.main"],
    cwd: folder,
    env: environment(port, region, folder),
    ...(options.logFile === undefined ? {} : { logFile: options.logFile })
  })
  const stop = async (): Promise<void> => {
    await server.stop(5_000)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  const endpoint = `http://127.0.0.1:${port}`
  try {
    await waitForHttp(`${endpoint}/_localstack/health`, server, 60_000)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name: "localstack",
    endpoint,
    region,
    accountId: "000000000000",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    output: server.output,
    stop
  }
}
