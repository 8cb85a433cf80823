/** A MeshCircuitBreaker: what it is about, limits above nothing, and detectors that can be told of. */
import type {
  BreakerConf, ConnectionLimits, Detectors, MeshCircuitBreaker, OutlierDetection
} from "../MeshCircuitBreaker.ts"
import type { Violation } from "../Violation.ts"
import {
  decimalOf, greaterThanZero, validateDuration, validatePercentage, validateWhole, validateWholePercentage
} from "./validateNumber.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const TOP_KINDS = ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"]
const DESTINATIONS = ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService"]

const DETECTORS: ReadonlyArray<keyof Detectors> = [
  "totalFailures", "gatewayFailures", "localOriginFailures", "successRate", "failurePercentage"
]

const LIMITS: ReadonlyArray<keyof ConnectionLimits> = [
  "maxConnections", "maxConnectionPools", "maxPendingRequests", "maxRetries", "maxRequests"
]

const validateFactor = (path: string, value: number | string | undefined): ReadonlyArray<Violation> => {
  if (value === undefined) return []
  const factor = decimalOf(value)
  if (factor === undefined) return [{ field: path, message: "invalid number" }]
  return violationIf(factor <= 0, path, "must be greater than 0")
}

const validateDetectors = (detectors: Detectors | undefined, path: string): ReadonlyArray<Violation> => {
  if (detectors === undefined) return [{ field: path, message: "must be defined" }]
  if (DETECTORS.every((name) => detectors[name] === undefined)) {
    return [{ field: path, message: `must have at least one defined: ${DETECTORS.join(", ")}` }]
  }
  const { failurePercentage, gatewayFailures, localOriginFailures, successRate, totalFailures } = detectors
  const consecutive = { totalFailures, gatewayFailures, localOriginFailures }
  const at = (name: string): string => field(path, name)
  return [
    ...Object.entries(consecutive).flatMap(([name, said]) =>
      validateWhole(at(`${name}.consecutive`), said?.consecutive, 1)),
    ...validateWhole(at("successRate.minimumHosts"), successRate?.minimumHosts, 1),
    ...validateWhole(at("successRate.requestVolume"), successRate?.requestVolume, 1),
    ...validateFactor(at("successRate.standardDeviationFactor"), successRate?.standardDeviationFactor),
    ...validateWhole(at("failurePercentage.minimumHosts"), failurePercentage?.minimumHosts, 1),
    ...validateWhole(at("failurePercentage.requestVolume"), failurePercentage?.requestVolume, 1),
    ...validateWholePercentage(at("failurePercentage.threshold"), failurePercentage?.threshold)
  ]
}

const validateOutlierDetection = (detection: OutlierDetection, path: string): ReadonlyArray<Violation> => [
  ...validateDuration(field(path, "interval"), detection.interval, greaterThanZero),
  ...validateDuration(field(path, "baseEjectionTime"), detection.baseEjectionTime, greaterThanZero),
  ...validateWholePercentage(field(path, "maxEjectionPercent"), detection.maxEjectionPercent),
  ...validatePercentage(field(path, "healthyPanicThreshold"), detection.healthyPanicThreshold),
  ...validateDetectors(detection.detectors, field(path, "detectors"))
]

const validateConf = (conf: BreakerConf, path: string): ReadonlyArray<Violation> => {
  const { connectionLimits, outlierDetection } = conf
  if (connectionLimits === undefined && outlierDetection === undefined) {
    return [{
      field: path,
      message: "at least one of: 'connectionLimits' or 'outlierDetection' should be configured"
    }]
  }
  const limits = field(path, "connectionLimits")
  return [
    ...LIMITS.flatMap((name) => validateWhole(field(limits, name), connectionLimits?.[name], 1)),
    ...(outlierDetection === undefined
      ? []
      : validateOutlierDetection(outlierDetection, field(path, "outlierDetection")))
  ]
}

export const validateMeshCircuitBreaker = (spec: MeshCircuitBreaker): ReadonlyArray<Violation> => {
  const { from = [], rules = [], targetRef, to = [] } = spec
  const isInbound = from.length > 0 || rules.length > 0
  return [
    ...(targetRef === undefined ? [] : validateTargetRef(targetRef, "spec.targetRef", { kinds: TOP_KINDS, isInbound })),
    ...violationIf(rules.length > 0 && (to.length > 0 || from.length > 0), "spec",
      "fields 'to' and 'from' must be empty when 'rules' is defined"),
    ...violationIf(rules.length + to.length + from.length === 0, "spec",
      "at least one of 'from', 'to' or 'rules' has to be defined"),
    // Under `from`, as in Kuma's violations, though they stand in `rules`.
    ...inEach("spec.from", rules, (rule, path) => validateConf(rule.default ?? {}, field(path, "default"))),
    ...inEach("spec.from", from, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: ["Mesh"] }),
      ...validateConf(item.default ?? {}, field(path, "default"))
    ]),
    ...inEach("spec.to", to, (item, path) => [
      ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: DESTINATIONS }),
      ...validateConf(item.default ?? {}, field(path, "default"))
    ])
  ]
}
