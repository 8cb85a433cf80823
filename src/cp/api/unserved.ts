/**
 * Types of Kuma's that this control plane doesn't have. Of each there is none, so that Kuma's tools go on; one
 * that is written would have no effect, so that it is refused, and says what to take instead. What a control plane
 * computes of others isn't among them: to answer that there is none would be wrong. Pure.
 */
export interface UnservedType {
  readonly type: string
  /** The type that does the same here, or the newer one that says the same. */
  readonly instead: string | null
  /** What to do where no type does the same. */
  readonly advice: string | null
}

const unserved = (type: string, instead: string | null = null, advice: string | null = null): UnservedType =>
  ({ type, instead, advice })

const advised = (type: string, advice: string): UnservedType => unserved(type, null, advice)

const DELEGATED =
  "builtin gateways aren't offered yet; run a Dataplane with networking.gateway.type DELEGATED beside a gateway of your own"

/** By the path segment of their collections. All of them are of a mesh. */
export const UNSERVED: Readonly<Record<string, UnservedType>> = {
  "circuit-breakers": unserved("CircuitBreaker", "MeshCircuitBreaker"),
  "fault-injections": unserved("FaultInjection", "MeshFaultInjection"),
  "health-checks": unserved("HealthCheck", "MeshHealthCheck"),
  "meshfaultinjections": unserved("MeshFaultInjection"),
  "meshgatewayroutes": advised("MeshGatewayRoute", DELEGATED),
  "meshgateways": advised("MeshGateway", DELEGATED),
  "meshhealthchecks": advised("MeshHealthCheck",
    "use MeshCircuitBreaker with outlierDetection, and health checks of the tasks"),
  "meshidentities": advised("MeshIdentity", "proxies are given certificates of the Mesh's mtls backend"),
  "meshloadbalancingstrategies": advised("MeshLoadBalancingStrategy",
    "leave it out; all endpoints of a service share the load, whatever their zone"),
  "meshopentelemetrybackends": unserved("MeshOpenTelemetryBackend"),
  "meshpassthroughs": advised("MeshPassthrough",
    "leave it out; traffic isn't redirected here, so that calls outside of the mesh don't pass the proxy"),
  "meshproxypatches": unserved("MeshProxyPatch"),
  "meshratelimits": unserved("MeshRateLimit"),
  "meshtlses": unserved("MeshTLS"),
  "meshtraces": unserved("MeshTrace"),
  "meshtrusts": advised("MeshTrust", "whom proxies trust is the Mesh's mtls backend"),
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
