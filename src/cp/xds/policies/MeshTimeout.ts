/**
 * How long calls may take. Receives the mesh's timeouts; produces, for an inbound or for a proxy's calls to one
 * service, every timeout in milliseconds (0: none), with Kuma's defaults for what no policy says.
 */
import type { Inbound } from "../../../model/Dataplane.ts"
import type { TimeoutConf } from "../../../model/MeshTimeout.ts"
import { parseDuration } from "../../../model/parseDuration.ts"
import type { Resource } from "../../../model/Resource.ts"
import { SERVICE_TAG, type Tags } from "../../../model/Tags.ts"
import { onceFor } from "../share/onceFor.ts"
import { Recent } from "../share/Recent.ts"
import { tagsMatch, tagsOfRef } from "./selection.ts"
import { Selections } from "./Selections.ts"

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

/** So many services' timeouts are remembered. */
const MAX_SERVICES = 5000

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

const selectionsOf = onceFor((policies: ReadonlyArray<Resource<"MeshTimeout">>) => new Selections(policies))

const timeoutsOfCallers = onceFor((selected: ReadonlyArray<Resource<"MeshTimeout">>): Timeouts =>
  selected.flatMap(ofCallers).reduce(overlay, inboundDefaults)
)

export const inboundTimeouts = (
  policies: ReadonlyArray<Resource<"MeshTimeout">>,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound
): Timeouts => timeoutsOfCallers(selectionsOf(policies).inbound(dataplane, inbound))

/** What some policies say of calls, service by service. */
export class CallTimeouts {
  readonly #rules: ReadonlyArray<{ readonly tags: Tags; readonly conf: TimeoutConf }>
  readonly #byService = new Recent<string, Timeouts>(MAX_SERVICES)

  constructor(selected: ReadonlyArray<Resource<"MeshTimeout">>) {
    this.#rules = selected.flatMap((policy) => policy.spec.to ?? []).flatMap(({ targetRef, default: conf }) => {
      const tags = tagsOfRef(targetRef)
      return tags === undefined || conf === undefined ? [] : [{ tags, conf }]
    })
  }

  of(service: string): Timeouts {
    return this.#byService.get(service, () =>
      this.#rules
        .filter(({ tags }) => tagsMatch(tags, { [SERVICE_TAG]: service }))
        .map(({ conf }) => conf)
        .reduce(overlay, outboundDefaults)
    )
  }
}

const callTimeoutsOf = onceFor((selected: ReadonlyArray<Resource<"MeshTimeout">>) => new CallTimeouts(selected))

/** The same object for all proxies that the same policies are about. */
export const callTimeouts = (
  policies: ReadonlyArray<Resource<"MeshTimeout">>,
  dataplane: Resource<"Dataplane">
): CallTimeouts => callTimeoutsOf(selectionsOf(policies).dataplane(dataplane))
