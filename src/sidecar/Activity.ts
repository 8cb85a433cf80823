/** What goes through Envoy right now, read from its stats. Pure. */
import type { Stats } from "./EnvoyAdmin.ts"

export interface Activity {
  /** HTTP requests that wait for their answer, to and from the app. */
  readonly requests: number
  /** Connections that carry no HTTP: nothing but their end tells that they're done with. */
  readonly rawConnections: number
  /** Grows with each new connection and request. */
  readonly arrivals: number
}

/** RE2, as Envoy reads it. */
export const ACTIVITY_STATS = "^(listener|http)\\..+\\.downstream_(cx|rq)_(active|total)$"

/** `listener.127.0.0.1_8080.downstream_cx_active`; what each worker has of it comes again as `.worker_0.`. */
const NAME = /^(listener|http)\.(.+)\.downstream_(cx|rq)_(active|total)$/

/** Probes and scrapes of the proxy itself aren't the app's. */
const isOwn = (prefix: string): boolean =>
  /^(admin|async-client)\b/.test(prefix) || /\.worker_\d+$/.test(prefix) || /kuma[_:](envoy|readiness|metrics)/.test(prefix)

export const readActivity = (stats: Stats): Activity => {
  const sum = { listenerCx: 0, httpCx: 0, httpRq: 0, arrivals: 0 }
  for (const [name, value] of stats) {
    const [, kind, prefix = "", what, state] = NAME.exec(name) ?? []
    if (kind === undefined || isOwn(prefix)) continue
    if (state === "total") {
      if (kind === "listener" || what === "rq") sum.arrivals += value
    } else if (kind === "listener") {
      if (what === "cx") sum.listenerCx += value
    } else if (what === "cx") {
      sum.httpCx += value
    } else {
      sum.httpRq += value
    }
  }
  return {
    requests: sum.httpRq,
    rawConnections: Math.max(0, sum.listenerCx - sum.httpCx),
    arrivals: sum.arrivals
  }
}
