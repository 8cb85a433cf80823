/**
 * The policies that a new mesh begins with, as Kuma makes them. They say what holds without them (`cp/xds/policies`),
 * so that it stands where people look for it, and can be changed there.
 *
 * One thing is left out on purpose: Kuma's `maxRetries: 3`. Three retries at a time in a whole service run out the
 * moment that an instance with more requests than that under way goes, and then a deploy loses requests. A share of the
 * requests holds back a storm as well, which is what an upstream has for as long as no policy names a number.
 */
import type { BreakerConf } from "./MeshCircuitBreaker.ts"
import type { RetryConf } from "./MeshRetry.ts"
import type { TimeoutConf } from "./MeshTimeout.ts"
import type { PolicyType } from "./policies.ts"
import type { DesiredResource } from "./Resource.ts"
import type { TargetRef } from "./TargetRef.ts"

const MESH: TargetRef = { kind: "Mesh" }

/** To, or from, everybody. */
const everybody = <C>(conf: C) => [{ targetRef: MESH, default: conf }]

const policy = <T extends PolicyType>(
  type: T,
  prefix: string,
  mesh: string,
  spec: DesiredResource<T>["spec"]
): DesiredResource<T> => ({ type, mesh, name: `${prefix}-${mesh}`, labels: {}, spec })

const callTimeouts: TimeoutConf = {
  connectionTimeout: "5s",
  idleTimeout: "1h0m0s",
  http: { requestTimeout: "15s", streamIdleTimeout: "30m0s" }
}

/** Longer than any caller's, or none: it is the caller who gives up. */
const inboundTimeouts: TimeoutConf = {
  connectionTimeout: "10s",
  idleTimeout: "2h0m0s",
  http: { requestTimeout: "0s", streamIdleTimeout: "1h0m0s", maxStreamDuration: "0s" }
}

const gatewayTimeouts: TimeoutConf = {
  idleTimeout: "5m0s",
  http: { streamIdleTimeout: "5s", requestHeadersTimeout: "500ms" }
}

const gatewayCallTimeouts: TimeoutConf = { idleTimeout: "1h0m0s", http: { streamIdleTimeout: "5s" } }

const limits: BreakerConf = {
  connectionLimits: { maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024 }
}

const ofRequests = {
  numRetries: 5,
  perTryTimeout: "16s",
  backOff: { baseInterval: "25ms", maxInterval: "250ms" }
}

const retries: RetryConf = { tcp: { maxConnectAttempt: 5 }, http: ofRequests, grpc: ofRequests }

const EVERYTHING = "*"

/** But those of the types that its `skipCreatingInitialPolicies` names; `*` names all. */
export const initialPolicies = (
  { name, spec }: DesiredResource<"Mesh">
): ReadonlyArray<DesiredResource<PolicyType>> => {
  const skipped = spec.skipCreatingInitialPolicies ?? []
  if (skipped.includes(EVERYTHING)) return []
  return [
    policy("MeshTimeout", "mesh-timeout-all", name, {
      targetRef: { kind: "Mesh", proxyTypes: ["Sidecar"] },
      from: everybody(inboundTimeouts),
      to: everybody(callTimeouts)
    }),
    policy("MeshTimeout", "mesh-gateways-timeout-all", name, {
      targetRef: { kind: "Mesh", proxyTypes: ["Gateway"] },
      from: everybody(gatewayTimeouts),
      to: everybody(gatewayCallTimeouts)
    }),
    policy("MeshCircuitBreaker", "mesh-circuit-breaker-all", name, { targetRef: MESH, to: everybody(limits) }),
    policy("MeshRetry", "mesh-retry-all", name, { targetRef: MESH, to: everybody(retries) })
  ].filter(({ type }) => !skipped.includes(type))
}
