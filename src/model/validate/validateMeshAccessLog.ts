/** A MeshAccessLog: what it is about, and backends that lines can be written to. */
import type { AccessLogConf, LogBackend, MeshAccessLog, OpenTelemetryLog } from "../MeshAccessLog.ts"
import { formatsIn, OTLP_PORT, readBody } from "../otlpValue.ts"
import { readHostPort } from "../readHostPort.ts"
import type { Violation } from "../Violation.ts"
import { validateLogFormat, validateLogText } from "./validateLogFormat.ts"
import { validateMatch } from "./validateMatch.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const TOP_KINDS = ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"]
const DESTINATIONS = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"]

const NO_CHARACTERS = "in body should be at least 1 chars long"
const ATTRIBUTE_NAME = "^[a-z]([a-z0-9]|[._][a-z0-9])*$"

/** What Kuma's schema says: where it says anything, nothing else is looked at. */
const judgeSchema = ({ file, openTelemetry, tcp }: LogBackend, path: string): ReadonlyArray<Violation> => [
  ...violationIf(tcp?.address === "", field(path, "tcp.address"), NO_CHARACTERS),
  ...violationIf(file?.path === "", field(path, "file.path"), NO_CHARACTERS),
  ...inEach(field(path, "openTelemetry.attributes"), openTelemetry?.attributes, ({ key }, at) =>
    violationIf(!new RegExp(ATTRIBUTE_NAME).test(key), field(at, "key"), `in body should match '${ATTRIBUTE_NAME}'`))
]

const judgeCollector = ({ backendRef, endpoint }: OpenTelemetryLog, path: string): ReadonlyArray<Violation> => {
  if (endpoint !== "" && backendRef !== undefined) {
    return [{ field: path, message: "openTelemetry must have only one type defined: endpoint, backendRef" }]
  }
  if (backendRef !== undefined) {
    const at = field(path, "backendRef")
    return Object.keys(backendRef.labels ?? {}).length === 0
      ? [{ field: at, message: "backendRef must have exactly one defined: labels" }]
      : [{ field: at, message: "is not supported yet: there are no MeshOpenTelemetryBackends; name the collector's " +
        "host and port in endpoint" }]
  }
  if (endpoint === "") {
    return [{ field: path, message: "openTelemetry must have exactly one defined: endpoint, backendRef" }]
  }
  return /[/?#]/.test(endpoint)
    ? [{ field: field(path, "endpoint"), message: "must be in host:port format, not a URL" }]
    : violationIf(readHostPort(endpoint, OTLP_PORT) === undefined, field(path, "endpoint"),
      "must be in host:port format")
}

const judgeBody = (body: unknown, path: string): ReadonlyArray<Violation> => {
  if (body === undefined) return []
  const value = readBody(body)
  return value === undefined
    ? [{ field: path, message: "must hold texts, and lists and maps of texts: Envoy writes no other values; put " +
      "numbers into stringValue" }]
    : formatsIn(value).flatMap((text) => validateLogText(text, path))
}

const judgeOpenTelemetry = (said: OpenTelemetryLog, path: string): ReadonlyArray<Violation> => [
  ...judgeCollector(said, path),
  ...inEach(field(path, "attributes"), said.attributes, ({ key, value }, at) => [
    ...violationIf(key.startsWith("otel."), field(at, "key"), "must not use the reserved OpenTelemetry prefix 'otel.'"),
    ...validateLogText(value, field(at, "value"))
  ]),
  ...judgeBody(said.body, field(path, "body"))
]

const judgeBackend = ({ file, openTelemetry, tcp, type }: LogBackend, path: string): ReadonlyArray<Violation> => {
  const undefinedAt = (name: string): ReadonlyArray<Violation> =>
    [{ field: field(path, name), message: "must be defined" }]
  switch (type) {
    case "File":
      return file === undefined ? undefinedAt("file") : [
        ...validateLogFormat(file.format, field(path, "file.format")),
        // A folder can't be written to.
        ...violationIf(!/^\/[^\0]*[^/\0]$/.test(file.path), field(path, "file.path"),
          "file backend requires a valid path")
      ]
    case "Tcp":
      return tcp === undefined ? undefinedAt("tcp") : [
        ...validateLogFormat(tcp.format, field(path, "tcp.format")),
        ...violationIf(readHostPort(tcp.address) === undefined, field(path, "tcp.address"),
          "tcp backend requires valid address")
      ]
    case "OpenTelemetry":
      return openTelemetry === undefined
        ? undefinedAt("openTelemetry")
        : judgeOpenTelemetry(openTelemetry, field(path, "openTelemetry"))
  }
}

/** By itself, wherever it stands. */
export const validateLogBackend: Judge = (backend, path) => [...judgeSchema(backend, path), ...judgeBackend(backend, path)]

type Judge = (backend: LogBackend, path: string) => ReadonlyArray<Violation>

interface Said {
  readonly default: AccessLogConf
}

const judgeBackends = ({ from, rules, to }: MeshAccessLog, judge: Judge): ReadonlyArray<Violation> => {
  const judgeAll = (items: ReadonlyArray<Said> | undefined, at: string): ReadonlyArray<Violation> =>
    inEach(at, items, (item, path) => inEach(field(path, "default.backends"), item.default.backends, judge))
  return [...judgeAll(to, "spec.to"), ...judgeAll(from, "spec.from"), ...judgeAll(rules, "spec.rules")]
}

const requireBackends = ({ backends }: AccessLogConf, path: string): ReadonlyArray<Violation> =>
  violationIf(backends === undefined, field(path, "default.backends"), "must be defined")

export const validateMeshAccessLog = (spec: MeshAccessLog): ReadonlyArray<Violation> => {
  const bySchema = judgeBackends(spec, judgeSchema)
  if (bySchema.length > 0) return bySchema
  const { from = [], rules = [], targetRef, to = [] } = spec
  const isInbound = from.length > 0 || rules.length > 0
  return [
    ...(targetRef === undefined ? [] : validateTargetRef(targetRef, "spec.targetRef", { kinds: TOP_KINDS, isInbound })),
    ...violationIf(rules.length > 0 && (to.length > 0 || from.length > 0), "spec",
      "fields 'to' and 'from' must be empty when 'rules' is defined"),
    ...violationIf(rules.length + to.length + from.length === 0, "spec",
      "at least one of 'from', 'to' or 'rules' has to be defined"),
    ...inEach("spec.to", to, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: DESTINATIONS }),
      ...requireBackends(item.default, path)
    ]),
    ...inEach("spec.from", from, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: ["Mesh"] }),
      ...requireBackends(item.default, path)
    ]),
    ...inEach("spec.rules", rules, ({ default: conf, matches }, path) => [
      ...inEach(field(path, "matches"), matches, validateMatch),
      ...requireBackends(conf, path)
    ]),
    ...judgeBackends(spec, judgeBackend)
  ]
}
