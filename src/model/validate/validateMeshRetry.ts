/** A MeshRetry: what it is about, and retries that Envoy can do. */
import type { GrpcRetry, HostPredicate, HttpRetry, MeshRetry, RetryConf } from "../MeshRetry.ts"
import { parseDuration } from "../parseDuration.ts"
import type { Violation } from "../Violation.ts"
import { validateHeaderMatch } from "./validateHeaderMatch.ts"
import { greaterThanZero, notNegative, validateDuration, validateWhole } from "./validateNumber.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const TOP_KINDS = ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "MeshHTTPRoute", "Dataplane"]
const DESTINATIONS = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"]
const DESTINATIONS_OF_ROUTE = ["Mesh", "MeshExternalService"]

const CONDITIONS = new Set([
  "5xx", "GatewayError", "Reset", "Retriable4xx", "ConnectFailure", "EnvoyRatelimited", "RefusedStream",
  "Http3PostConnectFailure",
  ...["Connect", "Delete", "Get", "Head", "Options", "Patch", "Post", "Put", "Trace"].map((one) => `HttpMethod${one}`)
])

/** https://www.iana.org/assignments/http-status-codes */
const isKnownStatus = (text: string): boolean => {
  const status = Number(text)
  return /^\d+$/.test(text) &&
    (within(status, 100, 103) || within(status, 200, 208) || status === 226 || within(status, 300, 305) ||
      within(status, 307, 308) || within(status, 400, 418) || within(status, 421, 426) ||
      [428, 429, 431, 451].includes(status) || within(status, 500, 508) || within(status, 510, 511))
}

const within = (value: number, least: number, most: number): boolean => value >= least && value <= most

const EMPTY = "must not be empty"

const isEmpty = (conf: object, ...ignored: ReadonlyArray<string>): boolean =>
  Object.keys(conf).every((name) => ignored.includes(name))

const validateCommon = (conf: HttpRetry | GrpcRetry, path: string): ReadonlyArray<Violation> => {
  const { backOff, rateLimitedBackOff: limited } = conf
  const [base, max] = [backOff?.baseInterval, backOff?.maxInterval].map((text) => parseDuration(text ?? ""))
  const headers = field(path, "rateLimitedBackOff.resetHeaders")
  return [
    ...validateWhole(field(path, "numRetries"), conf.numRetries, 0),
    ...validateDuration(field(path, "perTryTimeout"), conf.perTryTimeout, notNegative),
    ...(backOff === undefined ? [] : [
      ...violationIf(isEmpty(backOff), field(path, "backOff"), EMPTY),
      ...validateDuration(field(path, "backOff.baseInterval"), backOff.baseInterval, greaterThanZero),
      ...validateDuration(field(path, "backOff.maxInterval"), backOff.maxInterval, greaterThanZero),
      ...violationIf(base !== undefined && max !== undefined && max < base, field(path, "backOff.maxInterval"),
        "must not be less than baseInterval")
    ]),
    ...(limited === undefined ? [] : [
      ...validateDuration(field(path, "rateLimitedBackOff.maxInterval"), limited.maxInterval, (millis) =>
        millis <= 0 ? "must be defined and greater than zero" : undefined),
      ...violationIf(limited.resetHeaders === undefined, headers, "must be defined"),
      ...violationIf(limited.resetHeaders?.length === 0, headers, EMPTY),
      ...inEach(headers, limited.resetHeaders, ({ name }, at) =>
        violationIf(name === "", field(at, "name"), "must be defined"))
    ])
  ]
}

const validateHostSelection = (predicates: ReadonlyArray<HostPredicate>, path: string): ReadonlyArray<Violation> => {
  const first = predicates.findIndex(({ predicate }) => predicate === "OmitPreviousPriorities")
  return inEach(path, predicates, ({ predicate, tags, updateFrequency }, at, index) => [
    ...violationIf(predicate === "OmitHostsWithTags" && tags === undefined, field(at, "tags"), "must be defined"),
    ...(predicate !== "OmitPreviousPriorities" ? [] : [
      ...violationIf(index > first, field(at, "predicate"), `${predicate} must only be specified once`),
      ...violationIf((updateFrequency ?? 0) <= 0, field(at, "updateFrequency"), "must be defined and greater than zero")
    ]),
    ...((updateFrequency ?? 0) <= 0 ? [] : validateWhole(field(at, "updateFrequency"), updateFrequency, 1))
  ])
}

const validateHttp = (http: HttpRetry, path: string): ReadonlyArray<Violation> => [
  ...violationIf(isEmpty(http, "hostSelectionMaxAttempts"), path, EMPTY),
  ...validateCommon(http, path),
  ...inEach(field(path, "retryOn"), http.retryOn, (condition, at) =>
    violationIf(!CONDITIONS.has(condition) && !isKnownStatus(condition), at, `unknown item '${condition}'`)),
  ...inEach(field(path, "retriableRequestHeaders"), http.retriableRequestHeaders, validateHeaderMatch),
  ...inEach(field(path, "retriableResponseHeaders"), http.retriableResponseHeaders, validateHeaderMatch),
  ...validateHostSelection(http.hostSelection ?? [], field(path, "hostSelection")),
  ...validateWhole(field(path, "hostSelectionMaxAttempts"), http.hostSelectionMaxAttempts, 0)
]

/** Under `conf`, as in Kuma's violations. */
const validateConf = ({ grpc, http, tcp }: RetryConf, path: string): ReadonlyArray<Violation> => [
  ...violationIf(tcp === undefined && http === undefined && grpc === undefined, path,
    "at least one of the 'tcp', 'http', 'grpc' must be specified"),
  ...(tcp === undefined ? [] : [
    ...violationIf(tcp.maxConnectAttempt === undefined, field(path, "tcp"), EMPTY),
    ...validateWhole(field(path, "tcp.maxConnectAttempt"), tcp.maxConnectAttempt, 1)
  ]),
  ...(http === undefined ? [] : validateHttp(http, field(path, "http"))),
  ...(grpc === undefined ? [] : [
    ...violationIf(isEmpty(grpc), field(path, "grpc"), EMPTY),
    ...validateCommon(grpc, field(path, "grpc"))
  ])
]

export const validateMeshRetry = ({ targetRef, to = [] }: MeshRetry): ReadonlyArray<Violation> => {
  const kinds = targetRef?.kind === "MeshHTTPRoute" ? DESTINATIONS_OF_ROUTE : DESTINATIONS
  return [
    ...(targetRef === undefined ? [] : validateTargetRef(targetRef, "spec.targetRef", { kinds: TOP_KINDS })),
    ...inEach("spec.to", to, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds }),
      ...validateConf(item.default ?? {}, field(path, "default.conf"))
    ])
  ]
}
