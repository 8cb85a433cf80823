import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startProcess } from "../../localstack/process/startProcess.ts"
import { waitForHttp } from "../../localstack/process/waitFor.ts"
import { toolPaths } from "../../localstack/tools.ts"

export interface TestEnvoy {
  readonly pid: number
  readonly output: () => string
  readonly stop: () => Promise<void>
}

export interface EnvoyOptions {
  /** `http://127.0.0.1:PORT` of the bootstrap's admin; when given, resolves only once Envoy answers there. */
  readonly admin?: string
  readonly logLevel?: string
  readonly withinMillis?: number
  /** After those that every test has. */
  readonly args?: ReadonlyArray<string>
}

/** A real Envoy on a bootstrap of yours (YAML or JSON text). Ends with the test process at the latest. */
export const startEnvoy = async (bootstrap: string, options: EnvoyOptions = {}): Promise<TestEnvoy> => {
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-envoy-"))
  const file = join(folder, "bootstrap.yaml")
  await writeFile(file, bootstrap)
  const envoy = await startProcess({
    command: toolPaths().envoy,
    args: [
      "--config-path", file,
      "--log-level", options.logLevel ?? "warning",
      "--concurrency", "1",
      "--disable-hot-restart",
      ...(options.args ?? [])
    ]
  })
  const stop = async (): Promise<void> => {
    await envoy.stop(3_000)
    await rm(folder, { recursive: true, force: true })
  }
  if (options.admin !== undefined) {
    try {
      await waitForHttp(`${options.admin}/server_info`, envoy, options.withinMillis)
    } catch (error) {
      await stop()
      throw error
    }
  }
  return { pid: envoy.pid, output: envoy.output, stop }
}
