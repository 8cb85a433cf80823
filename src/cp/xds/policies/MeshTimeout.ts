/**
 * How long calls may take. Receives what the MeshTimeouts say; produces, for an inbound or for a proxy's calls to one
 * callee, every timeout in milliseconds (0: none), with Kuma's defaults for what no policy says.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { TimeoutConf } from "../../../model/MeshTimeout.ts"
import { parseDuration } from "../../../model/parseDuration.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { onceFor } from "../share/onceFor.ts"
import { readerOf } from "./Reader.ts"

/** All in milliseconds. */
export interface Timeouts {
  readonly connection: number
  readonly idle: number
  readonly request: number
  readonly streamIdle: number
  readonly maxStreamDuration: number
  readonly maxConnectionDuration: number
  readonly requestHeaders: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Of calls. */
export const outboundDefaults: Timeouts = {
  connection: 5 * SECOND,
  idle: HOUR,
  request: 15 * SECOND,
  streamIdle: 30 * MINUTE,
  maxStreamDuration: 0,
  maxConnectionDuration: 0,
  requestHeaders: 0
}

/** Of inbounds: longer than those of any caller, or none, so that it is the caller who gives up. */
export const inboundDefaults: Timeouts = {
  ...outboundDefaults,
  connection: 10 * SECOND,
  idle: 2 * HOUR,
  request: 0,
  streamIdle: HOUR
}

const overlay = (timeouts: Timeouts, conf: TimeoutConf): Timeouts => {
  const said = (text: string | undefined, otherwise: number): number =>
    (text === undefined ? undefined : parseDuration(text)) ?? otherwise
  return {
    connection: said(conf.connectionTimeout, timeouts.connection),
    idle: said(conf.idleTimeout, timeouts.idle),
    request: said(conf.http?.requestTimeout, timeouts.request),
    streamIdle: said(conf.http?.streamIdleTimeout, timeouts.streamIdle),
    maxStreamDuration: said(conf.http?.maxStreamDuration, timeouts.maxStreamDuration),
    maxConnectionDuration: said(conf.http?.maxConnectionDuration, timeouts.maxConnectionDuration),
    requestHeaders: said(conf.http?.requestHeadersTimeout, timeouts.requestHeaders)
  }
}

export const timeouts = readerOf("MeshTimeout", (spec) => spec)

/** Of calls; `conf`: what policies say, if they do. */
export const outboundTimeouts = (conf: TimeoutConf | null): Timeouts =>
  conf === null ? outboundDefaults : overlay(outboundDefaults, conf)

const ofConf = onceFor((conf: TimeoutConf) => overlay(inboundDefaults, conf))

export const inboundTimeouts = (
  policies: Policies,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound
): Timeouts => {
  const conf = timeouts.inbound(policies, dataplane, inbound)
  return conf === null ? inboundDefaults : ofConf(conf)
}
