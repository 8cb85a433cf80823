/**
 * Which failed calls are tried again. Receives what the MeshRetries say together of one route; produces Envoy's retry
 * policies for it. What they leave out stays as it is without them (`route/retry.ts`), above all on what is retried:
 * only who names conditions in `retryOn` gets exactly those.
 */
import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf"
import type { GrpcRetry, HostPredicate, HttpRetry, RetryConf } from "../../../model/MeshRetry.ts"
import { parseDuration } from "../../../model/parseDuration.ts"
import {
  type RetryPolicy,
  RetryPolicy_ResetHeaderFormat,
  type RetryPolicy_RetryHostPredicateSchema,
  RetryPolicySchema
} from "../../proto/envoy/config/route/v3/route_components_pb.js"
import {
  OmitHostMetadataConfigSchema
} from "../../proto/envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config_pb.js"
import {
  PreviousPrioritiesConfigSchema
} from "../../proto/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js"
import type { Protocol } from "../../snapshot/Protocol.ts"
import { duration } from "../duration.ts"
import { packAny } from "../packAny.ts"
import { headerMatcher } from "../route/headerMatcher.ts"
import {
  DEFAULT_BASE_INTERVAL,
  DEFAULT_HOST_ATTEMPTS,
  DEFAULT_MAX_INTERVAL,
  DEFAULT_RETRIES,
  omitPreviousHosts,
  onUndelivered,
  RETRY_ANY,
  RETRY_SAFE
} from "../route/retry.ts"
import { recently } from "../share/recently.ts"
import { readerOf } from "./Reader.ts"

export const retries = readerOf("MeshRetry", (spec) => spec)

/** What is retried of requests with a safe method, and of all others; undefined: nothing. */
export interface RouteRetries {
  readonly safe: RetryPolicy | undefined
  readonly other: RetryPolicy | undefined
}

/** https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on */
const CONDITIONS: Readonly<Record<string, string>> = {
  "5xx": "5xx",
  GatewayError: "gateway-error",
  Reset: "reset",
  Retriable4xx: "retriable-4xx",
  ConnectFailure: "connect-failure",
  EnvoyRatelimited: "envoy-ratelimited",
  RefusedStream: "refused-stream",
  Http3PostConnectFailure: "http3-post-connect-failure",
  Canceled: "cancelled",
  DeadlineExceeded: "deadline-exceeded",
  Internal: "internal",
  ResourceExhausted: "resource-exhausted",
  Unavailable: "unavailable"
}

/** Where `retryOn` names methods or statuses alone. */
const OTHERWISE = ["gateway-error", "connect-failure", "refused-stream"]

const METHOD = "HttpMethod"

interface Conditions {
  readonly retryOn: ReadonlyArray<string>
  readonly statuses: ReadonlyArray<number>
  readonly methods: ReadonlyArray<string>
}

const readConditions = (retryOn: ReadonlyArray<string>): Conditions => {
  const conditions = retryOn.flatMap((one) => CONDITIONS[one] ?? [])
  const statuses = retryOn.filter((one) => /^\d+$/.test(one) && CONDITIONS[one] === undefined).map(Number)
  return {
    retryOn: [
      ...(conditions.length > 0 ? conditions : OTHERWISE),
      ...(statuses.length > 0 ? ["retriable-status-codes"] : [])
    ],
    statuses,
    methods: retryOn.filter((one) => one.startsWith(METHOD)).map((one) => one.slice(METHOD.length).toUpperCase())
  }
}

const millis = (text: string | undefined, otherwise: number): number =>
  (text === undefined ? undefined : parseDuration(text)) ?? otherwise

/** Envoy refuses a longest interval that is shorter than the first one, which several policies may add up to. */
const backOff = ({ backOff: said }: HttpRetry | GrpcRetry) => {
  const max = said === undefined || said.maxInterval !== undefined || said.baseInterval === undefined
    ? millis(said?.maxInterval, DEFAULT_MAX_INTERVAL)
    : 10 * millis(said.baseInterval, DEFAULT_BASE_INTERVAL)
  const base = millis(said?.baseInterval, Math.min(DEFAULT_BASE_INTERVAL, max))
  return { baseInterval: duration(base), maxInterval: duration(Math.max(base, max)) }
}

const rateLimitedBackOff = ({ rateLimitedBackOff: said }: HttpRetry | GrpcRetry) => {
  if (said === undefined || (said.resetHeaders ?? []).length === 0) return {}
  const { maxInterval, resetHeaders = [] } = said
  return {
    rateLimitedRetryBackOff: {
      resetHeaders: resetHeaders.map(({ format, name }) => ({
        name,
        format: format === "Seconds"
          ? RetryPolicy_ResetHeaderFormat.SECONDS
          : RetryPolicy_ResetHeaderFormat.UNIX_TIMESTAMP
      })),
      ...(maxInterval === undefined ? {} : { maxInterval: duration(millis(maxInterval, 0)) })
    }
  }
}

const metadata = (tags: HostPredicate["tags"]): JsonObject =>
  Object.fromEntries(Object.entries(tags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)))

const hostPredicate = (
  { predicate, tags }: HostPredicate
): Array<MessageInitShape<typeof RetryPolicy_RetryHostPredicateSchema>> => {
  switch (predicate) {
    case "OmitPreviousHosts":
      return [omitPreviousHosts]
    case "OmitHostsWithTags":
      return [{
        name: "envoy.retry_host_predicates.omit_host_metadata",
        configType: {
          case: "typedConfig",
          value: packAny(OmitHostMetadataConfigSchema, {
            metadataMatch: { filterMetadata: { "envoy.lb": metadata(tags) } }
          })
        }
      } as const]
    case "OmitPreviousPriorities":
      return []
  }
}

const hostSelection = ({ hostSelection: said, hostSelectionMaxAttempts: attempts }: HttpRetry) => {
  if (said === undefined) {
    return {
      retryHostPredicate: [omitPreviousHosts],
      hostSelectionRetryMaxAttempts: BigInt(attempts ?? DEFAULT_HOST_ATTEMPTS)
    }
  }
  const priorities = said.find(({ predicate }) => predicate === "OmitPreviousPriorities")
  return {
    retryHostPredicate: said.flatMap(hostPredicate),
    ...(attempts === undefined ? {} : { hostSelectionRetryMaxAttempts: BigInt(attempts) }),
    ...(priorities === undefined ? {} : {
      retryPriority: {
        name: "envoy.retry_priorities.previous_priorities",
        configType: {
          case: "typedConfig",
          value: packAny(PreviousPrioritiesConfigSchema, { updateFrequency: priorities.updateFrequency ?? 1 })
        }
      } as const
    })
  }
}

const responseHeaders = ({ retriableResponseHeaders = [] }: HttpRetry) => retriableResponseHeaders.map(headerMatcher)

/** What `conf` says of requests for which `retryOn` is what is retried. */
const policyOf = (conf: HttpRetry, { methods, retryOn, statuses }: Conditions, isOurs: boolean): RetryPolicy => {
  const headers = [...(isOurs ? [onUndelivered] : []), ...responseHeaders(conf)]
  const conditions = headers.length === 0 ? retryOn : [...new Set([...retryOn, "retriable-headers"])]
  return create(RetryPolicySchema, {
    retryOn: conditions.join(","),
    numRetries: conf.numRetries ?? DEFAULT_RETRIES,
    ...(conf.perTryTimeout === undefined ? {} : { perTryTimeout: duration(millis(conf.perTryTimeout, 0)) }),
    retriableStatusCodes: [...statuses],
    retriableHeaders: headers,
    retriableRequestHeaders: [
      ...methods.map((value) => headerMatcher({ type: "Exact", name: ":method", value })),
      ...(conf.retriableRequestHeaders ?? []).map(headerMatcher)
    ],
    ...hostSelection(conf),
    retryBackOff: backOff(conf),
    ...rateLimitedBackOff(conf)
  })
}

const ours = (retryOn: string): Conditions => ({ retryOn: retryOn.split(","), statuses: [], methods: [] })

/** A gRPC call says how it went in `grpc-status`: Envoy knows some of its values by name. */
const confOf = (conf: RetryConf | null, protocol: Protocol): HttpRetry =>
  (protocol === "grpc" ? conf?.grpc : conf?.http) ?? {}

const build = recently(1000, (conf: HttpRetry): RouteRetries => {
  if (conf.numRetries === 0) return { safe: undefined, other: undefined }
  if (conf.retryOn === undefined) {
    return { safe: policyOf(conf, ours(RETRY_SAFE), true), other: policyOf(conf, ours(RETRY_ANY), true) }
  }
  const said = policyOf(conf, readConditions(conf.retryOn), false)
  return { safe: said, other: said }
})

/** `conf`: null where no policy says anything. */
export const routeRetries = (conf: RetryConf | null, protocol: Protocol): RouteRetries => build(confOf(conf, protocol))

const DEFAULT_CONNECT_ATTEMPTS = 5

/** How often a connection is tried. */
export const connectAttempts = (conf: RetryConf | null): number =>
  conf?.tcp?.maxConnectAttempt ?? DEFAULT_CONNECT_ATTEMPTS
