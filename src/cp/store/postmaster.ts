/**
 * The running server of a data directory, known by the `postmaster.pid` that it keeps there, whichever process
 * started it.
 */
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Predicate } from "effect"

export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** `starting`, `ready`, `stopping` or empty. */
  readonly status: string
}

/** Line 1 is the process id, 4 the port, 8 the status: Postgres, src/include/utils/pidfile.h. */
export const parsePostmasterPid = (text: string): Postmaster | null => {
  const lines = text.split("\n").map((line) => line.trim())
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 0 ? { pid, port: Number(lines[3] ?? 0), status: lines[7] ?? "" } : null
}

const isMissing = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "code") && (cause.code === "ENOENT" || cause.code === "ESRCH")

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return !isMissing(cause)
  }
}

/**
 * Whether the process is a server on this directory, and not another that the system gave the same id since.
 * Its arguments are readable to everyone; where they can't be read (no /proc), Postgres's own file is believed.
 */
const serves = async (pid: number, dataDir: string): Promise<boolean> => {
  if (process.platform !== "linux") return true
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").includes(dataDir)
  } catch (cause) {
    return !isMissing(cause)
  }
}

/** The server that runs on the directory now. */
export const findPostmaster = async (dataDir: string): Promise<Postmaster | null> => {
  const file = join(dataDir, "postmaster.pid")
  let found: Postmaster | null
  try {
    found = parsePostmasterPid(await readFile(file, "utf8"))
  } catch (cause) {
    if (isMissing(cause)) return null
    throw cause
  }
  if (found === null || !isAlive(found.pid)) return null
  if (await serves(found.pid, dataDir)) return found
  // Postgres would take the stranger for a server of its own and refuse to start. Leftover children of the dead
  // one would still be noticed: the shared memory's key comes from the directory.
  // It may be gone meanwhile: a server that is ending removes it itself.
  await rm(file, { force: true })
  return null
}

const waitUntilGone = async (pid: number, withinMillis: number): Promise<boolean> => {
  const deadline = Date.now() + withinMillis
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false
    await delay(10)
  }
  return true
}

/**
 * Ends a server: first so that it writes everything out, then, if it doesn't, so that it recovers at its next start.
 * https://www.postgresql.org/docs/18/server-shutdown.html
 */
export const stopPostmaster = async (dataDir: string): Promise<void> => {
  for (const [signal, patienceMillis] of [["SIGINT", 15_000], ["SIGQUIT", 5_000]] as const) {
    const running = await findPostmaster(dataDir)
    if (running === null) return
    try {
      process.kill(running.pid, signal)
    } catch (cause) {
      if (!isMissing(cause)) throw cause
    }
    if (await waitUntilGone(running.pid, patienceMillis)) return
  }
}
