/**
 * How long calls may take. Receives the mesh's timeouts; produces, for an inbound or for a proxy's calls to one
 * service, every timeout in milliseconds (0: none), with Kuma's defaults for what no policy says.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { TimeoutConf } from "../../../model/MeshTimeout.ts"
import { parseDuration } from "../../../model/parseDuration.ts"
import type { Resource } from "../../../model/Resource.ts"
import { SERVICE_TAG } from "../../../model/Tags.ts"
import { bySpecificity, selectsDataplane, selectsInbound, tagsMatch, tagsOfRef } from "./selection.ts"

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

/** A policy with `rules` is read by those, any other by `from`; rules for some callers only aren't supported yet. */
const ofCallers = (policy: Resource<"MeshTimeout">): ReadonlyArray<TimeoutConf> => {
  const rules = policy.spec.rules ?? []
  if (rules.length > 0) {
    return rules
      .filter((rule) => (rule.matches ?? []).length === 0)
      .flatMap((rule) => rule.default ?? [])
  }
  return (policy.spec.from ?? []).flatMap((from) => from.default ?? [])
}

export const inboundTimeouts = (
  policies: ReadonlyArray<Resource<"MeshTimeout">>,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound
): Timeouts =>
  policies
    .filter((policy) => selectsInbound(policy, dataplane, inbound))
    .sort(bySpecificity)
    .flatMap(ofCallers)
    .reduce(overlay, inboundDefaults)

export const outboundTimeouts = (
  policies: ReadonlyArray<Resource<"MeshTimeout">>,
  dataplane: Resource<"Dataplane">,
  service: string
): Timeouts =>
  policies
    .filter((policy) => selectsDataplane(policy, dataplane))
    .sort(bySpecificity)
    .flatMap((policy) => policy.spec.to ?? [])
    .filter((to) => {
      const tags = tagsOfRef(to.targetRef)
      return tags !== undefined && tagsMatch(tags, { [SERVICE_TAG]: service })
    })
    .flatMap((to) => to.default ?? [])
    .reduce(overlay, outboundDefaults)
