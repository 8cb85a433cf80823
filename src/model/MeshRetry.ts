/** Which failed calls are tried again. Kuma's `MeshRetry`; durations are Go's. */
import { Schema } from "effect"
import { HeaderMatch } from "./HeaderMatch.ts"
import { Tags } from "./Tags.ts"
import { TargetRef } from "./TargetRef.ts"

const Duration = Schema.optionalKey(Schema.String)
const Whole = Schema.optionalKey(Schema.Number)

const RateLimitedBackOff = Schema.Struct({
  resetHeaders: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String, format: Schema.Literals(["Seconds", "UnixTimestamp"]) }))
  ),
  maxInterval: Duration
})

const common = {
  numRetries: Whole,
  perTryTimeout: Duration,
  backOff: Schema.optionalKey(Schema.Struct({ baseInterval: Duration, maxInterval: Duration })),
  rateLimitedBackOff: Schema.optionalKey(RateLimitedBackOff)
}

const HostPredicate = Schema.Struct({
  predicate: Schema.Literals(["OmitPreviousHosts", "OmitHostsWithTags", "OmitPreviousPriorities"]),
  tags: Schema.optionalKey(Tags),
  updateFrequency: Whole
})
export type HostPredicate = typeof HostPredicate.Type

export const HttpRetry = Schema.Struct({
  ...common,
  /** `5xx`, `GatewayError`, ..., `HttpMethodGet`, or a status: `503`. */
  retryOn: Schema.optionalKey(Schema.Array(Schema.String)),
  retriableResponseHeaders: Schema.optionalKey(Schema.Array(HeaderMatch)),
  retriableRequestHeaders: Schema.optionalKey(Schema.Array(HeaderMatch)),
  hostSelection: Schema.optionalKey(Schema.Array(HostPredicate)),
  hostSelectionMaxAttempts: Whole
})
export type HttpRetry = typeof HttpRetry.Type

export const GrpcRetry = Schema.Struct({
  ...common,
  retryOn: Schema.optionalKey(
    Schema.Array(Schema.Literals(["Canceled", "DeadlineExceeded", "Internal", "ResourceExhausted", "Unavailable"]))
  )
})
export type GrpcRetry = typeof GrpcRetry.Type

export const RetryConf = Schema.Struct({
  tcp: Schema.optionalKey(Schema.Struct({ maxConnectAttempt: Whole })),
  http: Schema.optionalKey(HttpRetry),
  grpc: Schema.optionalKey(GrpcRetry)
})
export type RetryConf = typeof RetryConf.Type

export const MeshRetry = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  to: Schema.optionalKey(
    Schema.Array(Schema.Struct({ targetRef: TargetRef, default: Schema.optionalKey(RetryConf) }))
  )
})
export type MeshRetry = typeof MeshRetry.Type
