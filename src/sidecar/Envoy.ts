/**
 * Envoy as a child: started on a bootstrap, its output passed on, its end told. It runs in a process group of its own,
 * so a signal to ours (Ctrl-C, an agent that signals the group) reaches it only through us, after the drain.
 */
import { execFile, spawn } from "node:child_process"
import { readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { watchOver } from "./watchOver.ts"
import { EnvoyAdmin } from "./EnvoyAdmin.ts"
import { forEachLine } from "./forEachLine.ts"
import type { Log } from "./Log.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"
import { sleep } from "./sleep.ts"

export interface EnvoyExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Envoy {
  readonly pid: number
  readonly exited: Promise<EnvoyExit>
  /** Once Envoy serves it; null when it ended before. */
  readonly admin: Promise<EnvoyAdmin | null>
  /** SIGTERM, and SIGKILL when it is still there after `graceMillis`. */
  readonly stop: (graceMillis: number) => Promise<EnvoyExit>
}

export interface EnvoyOptions {
  readonly settings: SidecarConfig["envoy"]
  readonly drainMillis: number
  readonly workDir: string
  readonly bootstrap: string
  readonly log: Log
  /** Takes lines of its output that aren't for the log; answers whether it did. */
  readonly carry: (line: string) => boolean
}

/** `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL` */
export const decodeVersion = (output: string): { readonly version: string; readonly build: string } => {
  const build = /version: (\S+)/.exec(output)?.[1] ?? ""
  return { build, version: build.split("/")[1] ?? "" }
}

/** Asks the binary for its version; fails with what to set when there is none. */
export const envoyVersion = async (binary: string): Promise<{ readonly version: string; readonly build: string }> => {
  try {
    return decodeVersion((await promisify(execFile)(binary, ["--version"], { timeout: 10_000 })).stdout)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`Envoy can't be run as "${binary}": set KUMA_DATAPLANE_RUNTIME_BINARY_PATH to its path (${reason})`)
  }
}

const argumentsOf = ({ settings, drainMillis }: EnvoyOptions, config: string, adminAddress: string): Array<string> => [
  "--config-path",
  config,
  "--admin-address-path",
  adminAddress,
  // Hot restart needs shared memory and an id that is unique on the host; a sidecar's Envoy lives as long as its task.
  "--disable-hot-restart",
  "--drain-time-s",
  String(Math.max(1, Math.floor(drainMillis / 1_000))),
  // Each answer from now on asks its connection to end, not a growing share of them.
  "--drain-strategy",
  "immediate",
  // Access logs are read by people who just sent a request; ten seconds, Envoy's own interval, are long then.
  "--file-flush-interval-msec",
  "250",
  "--concurrency",
  String(settings.concurrency),
  "--log-level",
  settings.logLevel,
  ...(settings.componentLogLevel === null ? [] : ["--component-log-level", settings.componentLogLevel])
]

/**
 * What Envoy is given of our environment. Ours holds credentials, and a configuration may have Envoy tell what its own
 * holds, by a log's `%ENVIRONMENT(X)%`.
 */
const PASSED_ON = new Set([
  "PATH", "HOME", "USER", "HOSTNAME", "PWD", "TMPDIR", "TZ", "TZDIR", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_TIME",
  "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "TCMALLOC_CONFIGURATION", "RES_OPTIONS", "LOCALDOMAIN"
])

const environmentOf = (ours: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(ours).filter(([name]) => PASSED_ON.has(name)))

/** Envoy writes where its admin listens once it does, whichever port the bootstrap gave. */
const awaitAdmin = async (path: string, ended: AbortSignal): Promise<EnvoyAdmin | null> => {
  while (!ended.aborted) {
    const address = await readFile(path, "utf8").catch(() => "")
    if (/:\d+$/.test(address.trim())) return new EnvoyAdmin(address.trim())
    await sleep(25, ended)
  }
  return null
}

export const startEnvoy = async (options: EnvoyOptions): Promise<Envoy> => {
  const config = join(options.workDir, "bootstrap.yaml")
  const adminAddress = join(options.workDir, "admin-address")
  await rm(adminAddress, { force: true })
  await writeFile(config, options.bootstrap, { mode: 0o600 })
  const child = spawn(options.settings.binary, argumentsOf(options, config, adminAddress), {
    detached: true,
    env: environmentOf(process.env),
    stdio: ["ignore", "pipe", "pipe"]
  })
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve)
    child.once("error", reject)
  })
  const pid = child.pid
  if (pid === undefined) throw new Error("Envoy has no process id")
  const unwatch = watchOver(pid, options.log)
  for (const stream of [child.stdout, child.stderr]) {
    forEachLine(stream, (line) => {
      if (!options.carry(line)) options.log.envoy(line)
    })
  }
  const ended = new AbortController()
  const exited = new Promise<EnvoyExit>((resolve) => {
    child.once("exit", () => {
      unwatch()
      ended.abort()
    })
    // Its last words have come as well.
    child.once("close", (code, signal) => resolve({ code, signal }))
  })
  const stop = async (graceMillis: number): Promise<EnvoyExit> => {
    child.kill("SIGTERM")
    const killing = setTimeout(() => child.kill("SIGKILL"), graceMillis)
    const exit = await exited
    clearTimeout(killing)
    return exit
  }
  return { pid, exited, admin: awaitAdmin(adminAddress, ended.signal), stop }
}
