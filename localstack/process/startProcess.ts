import { spawn } from "node:child_process"
import { createWriteStream } from "node:fs"
import { guard, release } from "./ChildGuard.ts"

export interface ProcessOptions {
  readonly command: string
  readonly args?: ReadonlyArray<string>
  /** The whole environment of the child, but for Node's compile cache; default: ours. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Where the child's output goes as well as into `output()`. */
  readonly logFile?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A child in a process group of its own, which ends with us however we end. */
export interface RunningProcess {
  readonly pid: number
  /** When it has ended; what it left running in its group is ended then too, as a container's runtime does. */
  readonly exited: Promise<Exit>
  /** The exit when it has ended. */
  readonly exit: () => Exit | undefined
  /** The last 64 KiB of stdout and stderr. */
  readonly output: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  /** SIGTERM to the group, SIGKILL after `graceMillis` (default 5 s); resolves when it has ended. */
  readonly stop: (graceMillis?: number) => Promise<Exit>
}

const killGroup = (group: number, name: NodeJS.Signals): void => {
  try {
    process.kill(-group, name)
  } catch {
    // Nobody is left in the group, which is what was wanted.
  }
}

const keptOutput = 64 * 1024

/** No setting of a program: where Node keeps what it has compiled, for those who start later. */
const { NODE_COMPILE_CACHE } = process.env
const compiled = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }

export const startProcess = async (options: ProcessOptions): Promise<RunningProcess> => {
  const child = spawn(options.command, [...(options.args ?? [])], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.env === undefined ? {} : { env: { ...compiled, ...options.env } }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd })
  })
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve)
    child.once("error", (cause) => reject(new Error(`${options.command} did not start`, { cause })))
  })
  const pid = child.pid
  if (pid === undefined) throw new Error(`${options.command} has no process id`)
  guard({ group: pid })

  let text = ""
  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: "a" })
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text = (text + chunk).slice(-keptOutput)
      log?.write(chunk)
    })
  }

  let ended: Exit | undefined
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      ended = { code, signal }
      killGroup(pid, "SIGKILL")
      release({ group: pid })
      resolve(ended)
    })
  })
  child.once("close", () => log?.end())

  const signal = (name: NodeJS.Signals): void => {
    if (ended === undefined) killGroup(pid, name)
  }
  const stop = async (graceMillis = 5_000): Promise<Exit> => {
    signal("SIGTERM")
    const killing = setTimeout(() => signal("SIGKILL"), graceMillis)
    const exit = await exited
    clearTimeout(killing)
    return exit
  }
  return { pid, exited, exit: () => ended, output: () => text, signal, stop }
}
