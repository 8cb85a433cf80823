/**
 * Watches Envoy's stream to the control plane and, when it stays away, asks `/bootstrap` why: Envoy's own log shows a
 * gRPC code, the answer names the refusal and what to change. Traffic goes on meanwhile with what Envoy has.
 * Envoy resolves the control plane's name anew for each try, so a moved address heals by itself; only another
 * bootstrap (another host, port or CA) needs another Envoy.
 */
import { type Connection, foldSample, initialConnection } from "./Connection.ts"
import type { ControlPlaneClient } from "./ControlPlaneClient.ts"
import type { EnvoyAdmin } from "./EnvoyAdmin.ts"
import type { Log } from "./Log.ts"
import { sleep } from "./sleep.ts"

export interface WatchTimes {
  readonly sampleMillis: number
  /** Loss after which the reason is asked for. */
  readonly diagnoseMillis: number
  /** Loss after which it is asked again, each time this long, and another bootstrap is taken. */
  readonly repeatMillis: number
}

export const WATCH_TIMES: WatchTimes = { sampleMillis: 2_000, diagnoseMillis: 5_000, repeatMillis: 30_000 }

export interface WatchInput {
  readonly admin: EnvoyAdmin
  readonly client: ControlPlaneClient
  /** What Envoy runs on. */
  readonly bootstrap: string
  readonly log: Log
  readonly signal: AbortSignal
  readonly times: WatchTimes
  /** Unix milliseconds before which another bootstrap isn't taken. */
  readonly mayReplaceAt: number
}

const STAT = "control_plane.connected_state"

/** Up to a half more, so that a fleet's questions don't come at once. */
const jitter = (millis: number): number => millis * (1 + Math.random() / 2)

/** Returns a bootstrap that differs from the one Envoy runs on, or null when the signal aborted. */
export const watchControlPlane = async (input: WatchInput): Promise<string | null> => {
  const { admin, client, bootstrap, log, signal, times, mayReplaceAt } = input
  let connection: Connection = initialConnection(Date.now())
  let askAfter = jitter(times.diagnoseMillis)
  let asked = false
  while (true) {
    await sleep(times.sampleMillis, signal)
    if (signal.aborted) return null
    const stats = await admin.stats(`^${STAT.replace(".", "\\.")}$`).catch(() => null)
    // No answer tells nothing; a bootstrap without ADS has no such stat, so there's nothing to watch.
    if (stats === null) continue
    const before = connection
    connection = foldSample(connection, stats.get(STAT) !== 0, Date.now())
    if (connection.lostAt === null) {
      if (before.lostAt !== null) {
        log.info("connected to the control plane", { controlPlane: client.address, ...(asked ? { again: true } : {}) })
        client.forgetReasons()
      }
      askAfter = jitter(times.diagnoseMillis)
      asked = false
      continue
    }
    const lostMillis = Date.now() - connection.lostAt
    if (lostMillis < askAfter) continue
    const outcome = await client.ask()
    if (signal.aborted) return null
    const mayReplace = lostMillis >= times.repeatMillis && Date.now() >= mayReplaceAt
    if (outcome.kind !== "bootstrap") client.tell(outcome)
    else if (mayReplace && outcome.yaml !== bootstrap) return outcome.yaml
    else if (!asked) {
      log.warn("Envoy has lost its stream, though the control plane answers: it goes on trying, traffic goes on as it was", {
        controlPlane: client.address,
        seconds: Math.round(lostMillis / 1_000)
      })
    }
    asked = true
    askAfter = Math.max(times.repeatMillis, lostMillis + jitter(times.repeatMillis))
  }
}
