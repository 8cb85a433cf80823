/** A MeshTimeout: what it is about, and times that are times. */
import type { MeshTimeout, TimeoutConf } from "../MeshTimeout.ts"
import { parseDuration } from "../parseDuration.ts"
import type { Violation } from "../Violation.ts"
import { validateMatch } from "./validateMatch.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const TOP_KINDS = [
  "Mesh", "MeshSubset", "Dataplane", "MeshService", "MeshServiceSubset", "MeshHTTPRoute"
]
/** A route knows no sources, and fewer destinations. */
const ROUTE = "MeshHTTPRoute"
const ROUTE_DESTINATIONS = ["Mesh", "MeshExternalService"]
const DESTINATIONS = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"]

const NOT_ON_ROUTE = "can't be specified when top-level TargetRef is referencing MeshHTTPRoute"
const NOT_BY_SOURCE =
  "can't be specified when matches contain spiffeID because this field cannot be conditioned on source identity"

const validateDuration = (path: string, text: string | undefined, zeroAllowed: boolean): ReadonlyArray<Violation> => {
  if (text === undefined) return []
  const millis = parseDuration(text)
  if (millis === undefined) {
    return [{ field: path, message: `must be a duration such as 5s, 250ms or 1h30m, not "${text}"` }]
  }
  return zeroAllowed
    ? violationIf(millis < 0, path, "must not be negative when defined")
    : violationIf(millis <= 0, path, "must be greater than zero when defined")
}

/** The times that are set, by their paths under `default`. */
const times = ({ connectionTimeout, idleTimeout, http }: TimeoutConf) =>
  new Map(
    Object.entries({
      connectionTimeout,
      idleTimeout,
      ...Object.fromEntries(Object.entries(http ?? {}).map(([name, time]) => [`http.${name}`, time]))
    }).filter((entry): entry is [string, string] => entry[1] !== undefined)
  )

const validateConf = (conf: TimeoutConf, path: string, topKind: string): ReadonlyArray<Violation> => {
  const set = times(conf)
  if (set.size === 0 && conf.http === undefined) {
    return [{ field: path, message: "at least one timeout should be configured" }]
  }
  const onlyForConnections = [
    "connectionTimeout", "idleTimeout", "http.maxStreamDuration", "http.maxConnectionDuration"
  ]
  const inHttp = [...set.keys()].filter((name) => name.startsWith("http.") && name !== "http.requestHeadersTimeout")
  return [
    ...(topKind === "MeshHTTPRoute"
      ? onlyForConnections.flatMap((name) => violationIf(set.has(name), field(path, name), NOT_ON_ROUTE))
      : []),
    ...[...set].flatMap(([name, text]) => validateDuration(field(path, name), text, name !== "connectionTimeout")),
    ...violationIf(conf.http !== undefined && inHttp.length === 0, field(path, "http"),
      "at least one timeout in this section should be configured")
  ]
}

type InboundRule = NonNullable<MeshTimeout["rules"]>[number]

const validateRule = ({ default: conf = {}, matches = [] }: InboundRule, path: string, topKind: string) => {
  const set = times(conf)
  const notBySource = [
    "connectionTimeout", "idleTimeout", "http.requestHeadersTimeout", "http.maxStreamDuration",
    "http.maxConnectionDuration"
  ]
  return [
    ...inEach(field(path, "matches"), matches, (match, at) => [
      ...validateMatch(match, at),
      ...violationIf(match.spiffeID === undefined && match.sni === undefined, at,
        "must specify at least one of 'spiffeID' or 'sni'"),
      ...violationIf(match.sni !== undefined, field(at, "sni"),
        "isn't supported yet: a zone proxy has no timeouts, and nobody else tells connections apart by SNI")
    ]),
    ...(matches.some(({ spiffeID }) => spiffeID !== undefined)
      ? notBySource.flatMap((name) => violationIf(set.has(name), field(path, `default.${name}`), NOT_BY_SOURCE))
      : []),
    ...validateConf(conf, field(path, "default"), topKind)
  ]
}

export const validateMeshTimeout = (spec: MeshTimeout): ReadonlyArray<Violation> => {
  const { from = [], rules = [], targetRef, to = [] } = spec
  const topKind = targetRef?.kind ?? "Mesh"
  const isRoute = topKind === ROUTE
  const isInbound = from.length > 0 || rules.length > 0
  return [
    ...(targetRef === undefined
      ? []
      : validateTargetRef(targetRef, "spec.targetRef", { kinds: TOP_KINDS, isInbound })),
    ...violationIf(rules.length > 0 && (to.length > 0 || from.length > 0), "spec",
      "fields 'to' and 'from' must be empty when 'rules' is defined"),
    ...violationIf(rules.length + to.length + from.length === 0, "spec",
      "at least one of 'from', 'to' or 'rules' has to be defined"),
    ...(isRoute
      ? violationIf(from.length > 0, "spec.from", "must not be defined")
      : inEach("spec.from", from, (item, path) => [
          ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: ["Mesh"] }),
          ...validateConf(item.default ?? {}, field(path, "default"), topKind)
        ])),
    ...inEach("spec.to", to, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), {
        kinds: isRoute ? ROUTE_DESTINATIONS : DESTINATIONS
      }),
      ...validateConf(item.default ?? {}, field(path, "default"), topKind)
    ]),
    ...inEach("spec.rules", rules, (rule, path) => validateRule(rule, path, topKind))
  ]
}
