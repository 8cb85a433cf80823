/**
 * Types of Kuma's that this control plane doesn't have (yet). Of each there is none, so that Kuma's tools go on; one
 * that is written would have no effect, so that it is refused, and says what to take instead. What a control plane
 * computes of others isn't among them: to answer that there is none would be wrong. Pure.
 */
export interface UnservedType {
  readonly type: string
  readonly scope: "Mesh" | "Global"
  /** What does the same here. */
  readonly instead: string | null
}

const inMesh = (type: string, instead: string | null = null): UnservedType => ({ type, scope: "Mesh", instead })
const global = (type: string): UnservedType => ({ type, scope: "Global", instead: null })

/** By the path segment of their collections. A type that is served is found before this. */
export const UNSERVED: Readonly<Record<string, UnservedType>> = {
  "circuit-breakers": inMesh("CircuitBreaker", "MeshCircuitBreaker"),
  "external-services": inMesh("ExternalService", "MeshExternalService"),
  "fault-injections": inMesh("FaultInjection", "MeshFaultInjection"),
  "health-checks": inMesh("HealthCheck", "MeshHealthCheck"),
  "hostnamegenerators": global("HostnameGenerator"),
  "meshaccesslogs": inMesh("MeshAccessLog"),
  "meshcircuitbreakers": inMesh("MeshCircuitBreaker"),
  "meshexternalservices": inMesh("MeshExternalService"),
  "meshfaultinjections": inMesh("MeshFaultInjection"),
  "meshgatewayroutes": inMesh("MeshGatewayRoute"),
  "meshgateways": inMesh("MeshGateway"),
  "meshhealthchecks": inMesh("MeshHealthCheck"),
  "meshhttproutes": inMesh("MeshHTTPRoute"),
  "meshidentities": inMesh("MeshIdentity"),
  "meshloadbalancingstrategies": inMesh("MeshLoadBalancingStrategy"),
  "meshmetrics": inMesh("MeshMetric"),
  "meshmultizoneservices": inMesh("MeshMultiZoneService"),
  "meshopentelemetrybackends": inMesh("MeshOpenTelemetryBackend"),
  "meshpassthroughs": inMesh("MeshPassthrough"),
  "meshproxypatches": inMesh("MeshProxyPatch"),
  "meshratelimits": inMesh("MeshRateLimit"),
  "meshretries": inMesh("MeshRetry"),
  "meshservices": inMesh("MeshService"),
  "meshtcproutes": inMesh("MeshTCPRoute"),
  "meshtlses": inMesh("MeshTLS"),
  "meshtraces": inMesh("MeshTrace"),
  "meshtrusts": inMesh("MeshTrust"),
  "meshzoneaddresses": inMesh("MeshZoneAddress"),
  "proxytemplates": inMesh("ProxyTemplate", "MeshProxyPatch"),
  "rate-limits": inMesh("RateLimit", "MeshRateLimit"),
  "retries": inMesh("Retry", "MeshRetry"),
  "timeouts": inMesh("Timeout", "MeshTimeout"),
  "traffic-logs": inMesh("TrafficLog", "MeshAccessLog"),
  "traffic-permissions": inMesh("TrafficPermission", "MeshTrafficPermission"),
  "traffic-routes": inMesh("TrafficRoute", "MeshHTTPRoute"),
  "traffic-traces": inMesh("TrafficTrace", "MeshTrace"),
  "virtual-outbounds": inMesh("VirtualOutbound", "HostnameGenerator"),
  "workloads": inMesh("Workload"),
  "zones": global("Zone")
}
