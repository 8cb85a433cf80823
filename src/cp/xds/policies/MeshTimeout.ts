/**
 * How long calls may take. Receives what the MeshTimeouts say; produces, for an inbound or for a proxy's calls to one
 * callee, every timeout in milliseconds (0: none), with Kuma's defaults for what no policy says.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { SpiffeId } from "../../../model/Match.ts"
import type { TimeoutConf } from "../../../model/MeshTimeout.ts"
import { parseDuration } from "../../../model/parseDuration.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { onceFor } from "../share/onceFor.ts"
import { readerOf } from "./Reader.ts"
import { selectionsOf } from "./Selections.ts"

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

// What clusters, listeners and routes take of them. Each is made of that and no more: it isn't made anew where only
// what others take is another.
export type ClusterTimeouts = Pick<Timeouts, "connection" | "idle" | "maxStreamDuration" | "maxConnectionDuration">
export type ListenerTimeouts = Pick<Timeouts, "idle" | "requestHeaders" | "streamIdle">
export type RouteTimeouts = Pick<Timeouts, "request" | "streamIdle">

export const clusterTimeouts = (
  { connection, idle, maxConnectionDuration, maxStreamDuration }: Timeouts
): ClusterTimeouts => ({ connection, idle, maxStreamDuration, maxConnectionDuration })

export const listenerTimeouts = ({ idle, requestHeaders, streamIdle }: Timeouts): ListenerTimeouts =>
  ({ idle, requestHeaders, streamIdle })

export const routeTimeouts = ({ request, streamIdle }: Timeouts): RouteTimeouts => ({ request, streamIdle })

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

const selections = selectionsOf("MeshTimeout")

/** What holds for the requests of some callers. */
export interface CallerTimeouts {
  readonly caller: SpiffeId
  readonly timeouts: RouteTimeouts
}

/** Whether the other's ids are among one's. */
const includes = (one: SpiffeId, other: SpiffeId): boolean =>
  one.type === "Prefix" ? other.value.startsWith(one.value) : other.type === "Exact" && one.value === other.value

/** An id goes before a prefix, a longer prefix before a shorter one. */
const mostSpecificFirst = (a: SpiffeId, b: SpiffeId): number =>
  a.type !== b.type ? (a.type === "Exact" ? -1 : 1) : b.value.length - a.value.length

interface OfCallers {
  readonly caller: SpiffeId
  readonly conf: TimeoutConf
}

const ofCallers = onceFor((selected: ReadonlyArray<Resource<"MeshTimeout">>): ReadonlyArray<OfCallers> =>
  selected.flatMap(({ spec }) => spec.rules ?? []).flatMap(({ default: conf, matches = [] }) =>
    // Whom SNI tells apart are zone proxies' connections.
    matches.flatMap(({ sni, spiffeID: caller }) =>
      caller === undefined || sni !== undefined || conf === undefined ? [] : [{ caller, conf }])
  ))

/**
 * By caller, the first that fits has the word: what all rules that hold for all of these callers say together, the more
 * specific one having the last word.
 */
export const callerTimeouts = (
  policies: Policies,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound
): ReadonlyArray<CallerTimeouts> => {
  const rules = ofCallers(selections(policies).inbound(dataplane, inbound))
  if (rules.length === 0) return []
  const base = inboundTimeouts(policies, dataplane, inbound)
  const callers = new Map(rules.map(({ caller }) => [`${caller.type} ${caller.value}`, caller]))
  return [...callers.values()].sort(mostSpecificFirst).map((caller) => ({
    caller,
    timeouts: routeTimeouts(
      rules
        .filter((rule) => includes(rule.caller, caller))
        .sort((a, b) => mostSpecificFirst(b.caller, a.caller))
        .reduce((timeouts, { conf }) => overlay(timeouts, conf), base)
    )
  }))
}

const ofConf = onceFor((conf: TimeoutConf) => overlay(inboundDefaults, conf))

export const inboundTimeouts = (
  policies: Policies,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound
): Timeouts => {
  const conf = timeouts.inbound(policies, dataplane, inbound)
  return conf === null ? inboundDefaults : ofConf(conf)
}
