/** Runs Envoy until the task is stopped, Envoy ends on its own, or the control plane wants it on another bootstrap. */
import type { ControlPlaneClient } from "./ControlPlaneClient.ts"
import { drain } from "./drain.ts"
import { startEnvoy } from "./Envoy.ts"
import type { LineCarrier } from "./LineCarrier.ts"
import type { Log } from "./Log.ts"
import type { Readiness } from "./Readiness.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"
import { sleep } from "./sleep.ts"
import { WATCH_TIMES, watchControlPlane } from "./watchControlPlane.ts"

export interface SuperviseInput {
  readonly config: SidecarConfig
  readonly workDir: string
  readonly bootstrap: string
  readonly client: ControlPlaneClient
  readonly readiness: Readiness
  readonly carrier: LineCarrier
  readonly log: Log
  /** The task is to stop. */
  readonly stopping: AbortSignal
  /** It is to stop now. */
  readonly hasten: AbortSignal
  /** Unix milliseconds of the program's start. */
  readonly startedAt: number
  /** Unix milliseconds before which Envoy isn't restarted on another bootstrap. */
  readonly mayReplaceAt: number
}

/** `ended`: Envoy went on its own. `replaced`: run it again on this bootstrap. */
export type EnvoyEnd =
  | { readonly kind: "stopped" }
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "replaced"; readonly bootstrap: string }

const STOP_GRACE_MILLIS = 2_000
/** Between two bootstraps nothing is served, so the wait for work in flight is shorter than at the end. */
const RESTART_DRAIN_MILLIS = 10_000

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })

const tellReady = async ({ readiness, log, startedAt }: SuperviseInput, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    if ((await readiness.state()) === "READY") {
      log.info("ready: Envoy has its configuration", {
        millis: Date.now() - startedAt,
        rssMiB: Math.round(process.memoryUsage.rss() / 1_048_576)
      })
      return
    }
    await sleep(50, signal)
  }
}

export const superviseEnvoy = async (input: SuperviseInput): Promise<EnvoyEnd> => {
  const { config, workDir, bootstrap, carrier, client, readiness, log, stopping, hasten, mayReplaceAt } = input
  const envoy = await startEnvoy({
    settings: config.envoy,
    drainMillis: config.drain.maxMillis,
    workDir,
    bootstrap,
    log,
    carry: (line) => carrier.take(line)
  })
  // Ends the watchers below, whichever way Envoy ends.
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, stopping])
  try {
    const died = envoy.exited.then(({ code, signal: by }): EnvoyEnd => {
      return { kind: "ended", reason: by === null ? `it exited with ${code}` : `it was ended by ${by}` }
    })
    const admin = await Promise.race([envoy.admin, aborted(stopping).then(() => null)])
    if (admin === null) {
      if (!stopping.aborted) return await died
      await envoy.stop(STOP_GRACE_MILLIS)
      return { kind: "stopped" }
    }
    log.info("Envoy started", { pid: envoy.pid })
    readiness.follow(admin)
    void tellReady(input, signal)
    const watching = watchControlPlane({ admin, client, bootstrap, log, signal, times: WATCH_TIMES, mayReplaceAt })
    const replaced = watching.then((next): EnvoyEnd | Promise<EnvoyEnd> =>
      next === null ? new Promise<EnvoyEnd>(() => undefined) : { kind: "replaced", bootstrap: next }
    )
    const first = await Promise.race([died, replaced, aborted(stopping).then((): EnvoyEnd => ({ kind: "stopped" }))])
    if (first.kind === "ended") return first
    const limits =
      first.kind === "stopped"
        ? config.drain
        : { ...config.drain, maxMillis: Math.min(RESTART_DRAIN_MILLIS, config.drain.maxMillis) }
    if (first.kind === "replaced") {
      readiness.follow(null)
      log.warn("the control plane gives another bootstrap: Envoy is restarted on it", { controlPlane: client.address })
    } else {
      log.info("stopping: the endpoint leaves, work in flight is finished", { atMostSeconds: limits.maxMillis / 1_000 })
    }
    const gone = new AbortController()
    void envoy.exited.then(() => gone.abort())
    const start = Date.now()
    const why = await drain({ admin, limits, log, hasten: AbortSignal.any([hasten, gone.signal]) })
    log.info("drained", { why, millis: Date.now() - start })
    await envoy.stop(STOP_GRACE_MILLIS)
    return stopping.aborted ? { kind: "stopped" } : first
  } finally {
    over.abort()
  }
}
