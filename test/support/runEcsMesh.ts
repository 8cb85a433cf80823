import { execFile } from "node:child_process"
import { join } from "node:path"

const program = join(import.meta.dirname, "..", "..", "bin", "ecs-mesh")

export interface Ended {
  readonly status: number
  /** What it printed on standard output. */
  readonly output: string
}

/** The program itself, as a user runs it. */
export const runEcsMesh = (...args: ReadonlyArray<string>): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(program, [...args], { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 }, (error, output) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), output }))
  })
