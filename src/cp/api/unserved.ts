/**
 * Types of Kuma's that this control plane doesn't have. Of each there is none, so that Kuma's tools go on; one
 * that is written would have no effect, so that it is refused, and says what to take instead. What a control plane
 * computes of others isn't among them: to answer that there is none would be wrong. Pure.
 */
export interface UnservedType {
  readonly type: string
  /** What does the same here. */
  readonly instead: string | null
}

const unserved = (type: string, instead: string | null = null): UnservedType => ({ type, instead })

/** By the path segment of their collections. All of them are of a mesh. */
export const UNSERVED: Readonly<Record<string, UnservedType>> = {
  "circuit-breakers": unserved("CircuitBreaker", "MeshCircuitBreaker"),
  "fault-injections": unserved("FaultInjection", "MeshFaultInjection"),
  "health-checks": unserved("HealthCheck", "MeshHealthCheck"),
  "meshfaultinjections": unserved("MeshFaultInjection"),
  "meshgatewayroutes": unserved("MeshGatewayRoute"),
  "meshgateways": unserved("MeshGateway"),
  "meshhealthchecks": unserved("MeshHealthCheck"),
  "meshidentities": unserved("MeshIdentity"),
  "meshloadbalancingstrategies": unserved("MeshLoadBalancingStrategy"),
  "meshopentelemetrybackends": unserved("MeshOpenTelemetryBackend"),
  "meshpassthroughs": unserved("MeshPassthrough"),
  "meshproxypatches": unserved("MeshProxyPatch"),
  "meshratelimits": unserved("MeshRateLimit"),
  "meshtlses": unserved("MeshTLS"),
  "meshtraces": unserved("MeshTrace"),
  "meshtrusts": unserved("MeshTrust"),
  "meshzoneaddresses": unserved("MeshZoneAddress"),
  "proxytemplates": unserved("ProxyTemplate", "MeshProxyPatch"),
  "rate-limits": unserved("RateLimit", "MeshRateLimit"),
  "retries": unserved("Retry", "MeshRetry"),
  "timeouts": unserved("Timeout", "MeshTimeout"),
  "traffic-logs": unserved("TrafficLog", "MeshAccessLog"),
  "traffic-permissions": unserved("TrafficPermission", "MeshTrafficPermission"),
  "traffic-routes": unserved("TrafficRoute", "MeshHTTPRoute"),
  "traffic-traces": unserved("TrafficTrace", "MeshTrace"),
  "virtual-outbounds": unserved("VirtualOutbound", "HostnameGenerator"),
  "workloads": unserved("Workload")
}
