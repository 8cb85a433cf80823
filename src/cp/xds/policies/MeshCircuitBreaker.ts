/**
 * How much a cluster may be asked for at once, and which of its endpoints are passed over. Receives what the
 * MeshCircuitBreakers say together; changes the cluster where they say something: what they leave out stays as it is
 * without them (`cluster/outbound.ts`).
 */
import { create } from "@bufbuild/protobuf"
import type { BreakerConf, ConnectionLimits, Detectors, OutlierDetection } from "../../../model/MeshCircuitBreaker.ts"
import { parseDuration } from "../../../model/parseDuration.ts"
import {
  type CircuitBreakers_Thresholds,
  CircuitBreakers_ThresholdsSchema,
  CircuitBreakersSchema
} from "../../proto/envoy/config/cluster/v3/circuit_breaker_pb.js"
import { type Cluster, Cluster_CommonLbConfigSchema } from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import {
  type OutlierDetection as EnvoyOutlierDetection,
  OutlierDetectionSchema
} from "../../proto/envoy/config/cluster/v3/outlier_detection_pb.js"
import { RoutingPriority } from "../../proto/envoy/config/core/v3/base_pb.js"
import { PercentSchema } from "../../proto/envoy/type/v3/percent_pb.js"
import { duration } from "../duration.ts"
import { readerOf } from "./Reader.ts"

/** A number of what is allowed at a time outweighs a share of it. */
const thresholds = (known: CircuitBreakers_Thresholds | undefined, limits: ConnectionLimits) => {
  const { $typeName: _, $unknown: __, retryBudget, ...others } = known ??
    create(CircuitBreakers_ThresholdsSchema, { priority: RoutingPriority.DEFAULT })
  const said = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
  return create(CircuitBreakers_ThresholdsSchema, {
    ...others,
    ...(limits.maxRetries === undefined && retryBudget !== undefined ? { retryBudget } : {}),
    ...said,
    trackRemaining: true
  })
}

const consecutive = (said: { readonly consecutive?: number } | undefined): number => said?.consecutive ?? 0

const enforced = (is: boolean): number => (is ? 100 : 0)

const percent = (value: number | string) => create(PercentSchema, { value: Number(value) })

const detect = (into: EnvoyOutlierDetection, detectors: Detectors): void => {
  const { failurePercentage, gatewayFailures, localOriginFailures, successRate, totalFailures } = detectors
  into.enforcingConsecutive5xx = enforced(consecutive(totalFailures) > 0)
  if (totalFailures?.consecutive !== undefined) into.consecutive5xx = totalFailures.consecutive
  into.enforcingConsecutiveGatewayFailure = enforced(consecutive(gatewayFailures) > 0)
  if (gatewayFailures?.consecutive !== undefined) into.consecutiveGatewayFailure = gatewayFailures.consecutive
  // These count where local errors are told from others.
  into.enforcingConsecutiveLocalOriginFailure = enforced(consecutive(localOriginFailures) > 0)
  if (localOriginFailures?.consecutive !== undefined) {
    into.consecutiveLocalOriginFailure = localOriginFailures.consecutive
  }
  into.enforcingSuccessRate = enforced(successRate !== undefined)
  into.enforcingLocalOriginSuccessRate = enforced(successRate !== undefined)
  if (successRate?.minimumHosts !== undefined) into.successRateMinimumHosts = successRate.minimumHosts
  if (successRate?.requestVolume !== undefined) into.successRateRequestVolume = successRate.requestVolume
  if (successRate?.standardDeviationFactor !== undefined) {
    into.successRateStdevFactor = Math.trunc(Number(successRate.standardDeviationFactor) * 1000)
  }
  into.enforcingFailurePercentage = enforced(failurePercentage !== undefined)
  into.enforcingFailurePercentageLocalOrigin = enforced(failurePercentage !== undefined)
  if (failurePercentage?.minimumHosts !== undefined) into.failurePercentageMinimumHosts = failurePercentage.minimumHosts
  if (failurePercentage?.requestVolume !== undefined) {
    into.failurePercentageRequestVolume = failurePercentage.requestVolume
  }
  if (failurePercentage?.threshold !== undefined) into.failurePercentageThreshold = failurePercentage.threshold
}

const outlierDetection = (conf: OutlierDetection): EnvoyOutlierDetection => {
  const time = (text: string) => duration(parseDuration(text) ?? 0)
  const detection = create(OutlierDetectionSchema, {
    ...(conf.interval === undefined ? {} : { interval: time(conf.interval) }),
    ...(conf.baseEjectionTime === undefined ? {} : { baseEjectionTime: time(conf.baseEjectionTime) }),
    ...(conf.maxEjectionPercent === undefined ? {} : { maxEjectionPercent: conf.maxEjectionPercent }),
    ...(conf.splitExternalAndLocalErrors === undefined
      ? {}
      : { splitExternalLocalOriginErrors: conf.splitExternalAndLocalErrors })
  })
  detect(detection, conf.detectors ?? {})
  return detection
}

export const limitCluster = (cluster: Cluster, conf: BreakerConf): void => {
  const { connectionLimits, outlierDetection: detection } = conf
  if (connectionLimits !== undefined) {
    const known = cluster.circuitBreakers?.thresholds.find(({ priority }) => priority === RoutingPriority.DEFAULT)
    cluster.circuitBreakers = create(CircuitBreakersSchema, { thresholds: [thresholds(known, connectionLimits)] })
  }
  if (detection === undefined) return
  if (detection.disabled === true) {
    delete cluster.outlierDetection
    return
  }
  cluster.outlierDetection = outlierDetection(detection)
  if (detection.healthyPanicThreshold !== undefined) {
    cluster.commonLbConfig = create(Cluster_CommonLbConfigSchema, {
      healthyPanicThreshold: percent(detection.healthyPanicThreshold)
    })
  }
}

export const circuitBreakers = readerOf("MeshCircuitBreaker", (spec) => spec)
