/**
 * How much one service may be asked for at once, and which of its instances are passed over for a while. Kuma's
 * `MeshCircuitBreaker`; durations are Go's.
 */
import { Schema } from "effect"
import { TargetRef } from "./TargetRef.ts"

const Duration = Schema.optionalKey(Schema.String)
const Whole = Schema.optionalKey(Schema.Number)
/** A number, or a decimal number as text. */
const Decimal = Schema.optionalKey(Schema.Union([Schema.Number, Schema.String]))

const Consecutive = Schema.optionalKey(Schema.Struct({ consecutive: Whole }))

export const Detectors = Schema.Struct({
  totalFailures: Consecutive,
  gatewayFailures: Consecutive,
  localOriginFailures: Consecutive,
  successRate: Schema.optionalKey(
    Schema.Struct({ minimumHosts: Whole, requestVolume: Whole, standardDeviationFactor: Decimal })
  ),
  failurePercentage: Schema.optionalKey(
    Schema.Struct({ minimumHosts: Whole, requestVolume: Whole, threshold: Whole })
  )
})
export type Detectors = typeof Detectors.Type

export const OutlierDetection = Schema.Struct({
  disabled: Schema.optionalKey(Schema.Boolean),
  interval: Duration,
  baseEjectionTime: Duration,
  maxEjectionPercent: Whole,
  splitExternalAndLocalErrors: Schema.optionalKey(Schema.Boolean),
  detectors: Schema.optionalKey(Detectors),
  healthyPanicThreshold: Decimal
})
export type OutlierDetection = typeof OutlierDetection.Type

export const ConnectionLimits = Schema.Struct({
  maxConnections: Whole,
  maxConnectionPools: Whole,
  maxPendingRequests: Whole,
  maxRetries: Whole,
  maxRequests: Whole
})
export type ConnectionLimits = typeof ConnectionLimits.Type

export const BreakerConf = Schema.Struct({
  connectionLimits: Schema.optionalKey(ConnectionLimits),
  outlierDetection: Schema.optionalKey(OutlierDetection)
})
export type BreakerConf = typeof BreakerConf.Type

const Entry = Schema.Struct({ targetRef: TargetRef, default: Schema.optionalKey(BreakerConf) })

export const MeshCircuitBreaker = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  to: Schema.optionalKey(Schema.Array(Entry)),
  from: Schema.optionalKey(Schema.Array(Entry)),
  rules: Schema.optionalKey(Schema.Array(Schema.Struct({ default: Schema.optionalKey(BreakerConf) })))
})
export type MeshCircuitBreaker = typeof MeshCircuitBreaker.Type
