/** One replica of `ecs-mesh serve` as a process of its own. */
import { join } from "node:path"
import { type RunningProcess, startProcess } from "../../../localstack/process/startProcess.ts"

const root = join(import.meta.dirname, "..", "..", "..")

const READY_WITHIN_MILLIS = 60_000

const isReady = async (port: number): Promise<boolean> => {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(1_000) })).ok
  } catch {
    return false
  }
}

const waitUntilReady = async (port: number, process: RunningProcess): Promise<void> => {
  const until = Date.now() + READY_WITHIN_MILLIS
  for (;;) {
    const ready = await isReady(port)
    // Asked in this order: whoever has its port may be another, and it has ended then.
    if (process.exit() !== undefined) throw new Error(`it ended:\n${process.output().slice(-3_000)}`)
    if (ready) return
    if (Date.now() > until) {
      await process.stop(0)
      throw new Error(`it isn't ready after ${READY_WITHIN_MILLIS / 1000} s:\n${process.output().slice(-3_000)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export interface ControlPlaneProcess {
  /** The whole environment; `KUMA_DIAGNOSTICS_SERVER_PORT` is where it is asked whether it is ready. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logFile: string
}

/** Resolves once it is ready. */
export const startControlPlane = async ({ environment, logFile }: ControlPlaneProcess): Promise<RunningProcess> => {
  const started = await startProcess({
    command: process.execPath,
    args: [join(root, "src", "main.ts"), "serve"],
    cwd: root,
    env: environment,
    logFile
  })
  await waitUntilReady(Number(environment["KUMA_DIAGNOSTICS_SERVER_PORT"]), started)
  return started
}
