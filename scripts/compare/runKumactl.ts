/** One call of kumactl, as a user makes it. */
import { spawn } from "node:child_process"
import { createReadStream } from "node:fs"
import { join } from "node:path"
import { text } from "node:stream/consumers"

export interface Kumactl {
  readonly kumactl: string
  /** For its configuration. */
  readonly folder: string
}

export interface Printed {
  readonly out: string
  readonly error: string
  /** Or the signal that ended it. */
  readonly status: number | NodeJS.Signals | null
}

export interface KumactlOptions {
  readonly cwd?: string
  /** A file that it reads from standard input. */
  readonly input?: string
}

const LIMIT_MILLIS = 20_000

export const runKumactl = async (
  { folder, kumactl }: Kumactl,
  args: ReadonlyArray<string>,
  { cwd = folder, input }: KumactlOptions = {}
): Promise<Printed> => {
  const child = spawn(kumactl, ["--config-file", join(folder, "kumactl.yaml"), ...args], {
    cwd,
    env: { HOME: folder, PATH: process.env["PATH"] },
    timeout: LIMIT_MILLIS
  })
  // Who is refused before it reads has closed its end.
  child.stdin.on("error", () => undefined)
  if (input === undefined) child.stdin.end()
  else createReadStream(input).pipe(child.stdin)
  const ended = new Promise<Printed["status"]>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve(code ?? signal))
  })
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { out, error, status: await ended }
}
