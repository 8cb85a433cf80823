/**
 * What happens between SIGTERM and Envoy's end. New work goes elsewhere as soon as the peers hear of it: the control
 * plane takes the endpoint out when ECS wants the task stopped, Envoy tells each client to take another connection.
 * Until then every request is still answered; outbound goes on working, as the app may need it to finish.
 */
import { ACTIVITY_STATS, readActivity } from "./Activity.ts"
import type { EnvoyAdmin } from "./EnvoyAdmin.ts"
import type { Log } from "./Log.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"
import { sleep } from "./sleep.ts"

export type DrainEnd = "quiet" | "time is over" | "hastened"

const POLL_MILLIS = 200

export interface DrainInput {
  readonly admin: EnvoyAdmin
  readonly limits: SidecarConfig["drain"]
  readonly log: Log
  /** A second signal, or Envoy's end. */
  readonly hasten: AbortSignal
}

/** Returns when nothing was in flight, and nothing new came, for the quiet time; at the latest when time is over. */
export const drain = async ({ admin, limits, log, hasten }: DrainInput): Promise<DrainEnd> => {
  const start = Date.now()
  const results = await Promise.allSettled([admin.failHealthCheck(), admin.drainInbound()])
  for (const result of results) {
    if (result.status === "rejected") log.warn("Envoy didn't take the drain", { error: String(result.reason) })
  }
  let lastActive = start
  let arrivals: number | null = null
  while (!hasten.aborted) {
    const now = Date.now()
    // Without an answer nothing is known, so it counts as busy.
    const activity = await admin.stats(ACTIVITY_STATS).then(readActivity).catch(() => null)
    const isBusy = activity === null || activity.requests > 0 || activity.rawConnections > 0
    if (isBusy || (arrivals !== null && activity.arrivals !== arrivals)) lastActive = now
    arrivals = activity?.arrivals ?? arrivals
    if (now - lastActive >= limits.quietMillis) return "quiet"
    if (now - start >= limits.maxMillis) {
      if (activity !== null && isBusy) {
        log.warn("drain time is over with work in flight: a longer KUMA_DATAPLANE_DRAIN_TIME needs a longer stopTimeout", {
          requests: activity.requests,
          connections: activity.rawConnections
        })
      }
      return "time is over"
    }
    await sleep(Math.min(POLL_MILLIS, Math.max(1, start + limits.maxMillis - now)), hasten)
  }
  return "hastened"
}
