/**
 * Which calls are written down. Receives what the MeshAccessLogs say; produces access loggers: of calls what they say
 * together, of an inbound everything that any of them says, as in Kuma.
 */
import type { Condition } from "../../../model/Condition.ts"
import type { Inbound } from "../../../model/Dataplane.ts"
import type { Match } from "../../../model/Match.ts"
import type { AccessLogConf, LogBackend } from "../../../model/MeshAccessLog.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import type { AccessLogger } from "../logging/AccessLogger.ts"
import { callWords, inboundWords, logSpeaker, type LogSpeaker } from "../logging/LogSpeaker.ts"
import { uncarried } from "../logging/uncarried.ts"
import { isUsable, unusable } from "../logging/unusable.ts"
import { type LogContext, written } from "../logging/written.ts"
import { onceFor } from "../share/onceFor.ts"
import type { TranslateSettings } from "../TranslateSettings.ts"
import { readerOf } from "./Reader.ts"
import { selectionsOf } from "./Selections.ts"

export const accessLogs = readerOf("MeshAccessLog", (spec) => spec)

export interface Loggers {
  readonly loggers: ReadonlyArray<AccessLogger>
  /** What isn't written though somebody asked for it. */
  readonly conditions: ReadonlyArray<Condition>
}

const NONE: Loggers = { loggers: [], conditions: [] }

interface Said {
  readonly backend: LogBackend
  readonly when: string | null
}

/** The same is written once. */
const loggersOf = (said: ReadonlyArray<Said>, context: LogContext): Loggers => {
  const usable = said.filter(({ backend }) => isUsable(backend))
  const isUncarried = context.forwarder === null && usable.some(({ backend }) => backend.type === "Tcp")
  const all = usable.flatMap(({ backend, when }) => {
    const writes = written(backend, context)
    return writes === null ? [] : [{ writes, when }]
  })
  return {
    loggers: [...new Map(all.map((one) => [JSON.stringify(one), one])).values()],
    conditions: [...isUncarried ? [uncarried] : [], ...usable.length < said.length ? [unusable] : []]
  }
}

const selections = selectionsOf("MeshAccessLog")

type Selected = ReadonlyArray<Resource<"MeshAccessLog">>

/** What isn't said of a workload doesn't depend on it; nor on who carries lines where there are none to carry. */
const depends = onceFor((selected: Selected) => {
  const said = JSON.stringify(selected.map(({ spec }) => spec))
  return { onWorkload: /%KUMA_WORKLOAD%|"OpenTelemetry"/.test(said), onForwarder: said.includes("\"Tcp\"") }
})

/** Who it is where its calls are logged; null where they aren't. */
export const callSpeaker = (
  policies: Policies,
  dataplane: Resource<"Dataplane">,
  settings: TranslateSettings
): LogSpeaker | null => {
  const selected = selections(policies).dataplane(dataplane)
  if (!selected.some(({ spec }) => (spec.to ?? []).length > 0)) return null
  const speaker = logSpeaker(dataplane, settings)
  const { onForwarder, onWorkload } = depends(selected)
  return {
    ...speaker,
    workload: onWorkload ? speaker.workload : "",
    forwarder: onForwarder ? speaker.forwarder : null
  }
}

interface LoggedRoute {
  readonly id: { readonly hash: string }
  readonly logs: AccessLogConf | null
}

export interface LoggedCalls {
  readonly destination: string
  readonly http: boolean
  readonly logs: AccessLogConf | null
  /** Null where there are none, or where they don't count. */
  readonly routes: ReadonlyArray<LoggedRoute> | null
}

const backendsOf = (logs: AccessLogConf | null): ReadonlyArray<LogBackend> => logs?.backends ?? []

const isOneOf = (routes: ReadonlyArray<LoggedRoute>): string =>
  `xds.route_name in ${JSON.stringify([...new Set(routes.map(({ id }) => id.hash))])}`

/** Routes of which something else is said than of the callee are told apart by their names. */
const saidOfCalls = ({ logs, routes }: LoggedCalls): ReadonlyArray<Said> => {
  const key = (conf: AccessLogConf | null): string => JSON.stringify(backendsOf(conf))
  const others = (routes ?? []).filter((route) => key(route.logs) !== key(logs))
  // Some requests are answered before they have a route.
  const ofCallee = others.length === 0 ? null : `!has(xds.route_name) || !(${isOneOf(others)})`
  const groups = [...Map.groupBy(others, (route) => key(route.logs)).values()]
  return [
    ...backendsOf(logs).map((backend) => ({ backend, when: ofCallee })),
    ...groups.flatMap((group) =>
      backendsOf(group[0]?.logs ?? null).map((backend) => ({ backend, when: isOneOf(group) })))
  ]
}

export const callLoggers = (speaker: LogSpeaker | null, calls: LoggedCalls): Loggers => {
  const said = speaker === null ? [] : saidOfCalls(calls)
  if (speaker === null || said.length === 0) return NONE
  const { forwarder } = speaker
  return loggersOf(said, { words: callWords(speaker, calls.destination), http: calls.http, forwarder })
}

/** An expression in CEL; null: whoever calls. */
const callersOf = ({ sni, spiffeID }: Match): string | null => {
  const uri = "connection.uri_san_peer_certificate"
  const value = JSON.stringify(spiffeID?.value)
  const parts = [
    ...(spiffeID === undefined ? [] : [spiffeID.type === "Exact" ? `${uri} == ${value}` : `${uri}.startsWith(${value})`]),
    ...(sni === undefined ? [] : [`connection.requested_server_name == ${JSON.stringify(sni.value)}`])
  ]
  return parts.length === 0 ? null : parts.join(" && ")
}

interface InboundRule {
  readonly matches?: ReadonlyArray<Match>
  readonly default: AccessLogConf
}

interface SaidOfInbounds {
  readonly said: ReadonlyArray<Said>
  readonly bySni: boolean
}

const saidOfInbounds = onceFor((selected: Selected): SaidOfInbounds => {
  // A policy with `rules` is read by those, any other by `from`.
  const rules = selected.flatMap(({ spec: { from = [], rules: own = [] } }): ReadonlyArray<InboundRule> =>
    (own.length > 0 ? own : from))
  const said = rules.flatMap(({ default: conf, matches = [] }) => {
    const callers = matches.length === 0 ? [null] : matches.map(callersOf)
    return callers.flatMap((when) => backendsOf(conf).map((backend) => ({ backend, when })))
  })
  return { said, bySni: rules.some(({ matches = [] }) => matches.some(({ sni }) => sni !== undefined)) }
})

export interface LoggedInbound {
  readonly dataplane: Resource<"Dataplane">
  readonly inbound: Inbound
  readonly destination: string
  readonly http: boolean
}

/** `bySni`: Envoy has to read what a connection asks for. */
export const inboundLoggers = (
  policies: Policies,
  { dataplane, destination, http, inbound }: LoggedInbound,
  settings: TranslateSettings
): Loggers & { readonly bySni: boolean } => {
  const { bySni, said } = saidOfInbounds(selections(policies).inbound(dataplane, inbound))
  if (said.length === 0) return { ...NONE, bySni: false }
  const speaker = logSpeaker(dataplane, settings)
  const { forwarder } = speaker
  return { ...loggersOf(said, { words: inboundWords(speaker, destination), http, forwarder }), bySni }
}
