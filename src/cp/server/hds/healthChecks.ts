/**
 * What a proxy is asked to look at: a connection to each workload that is to be probed, and its own Envoy's readiness.
 * Pure. https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/health/v3/hds.proto
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import type { Inbound } from "../../../model/Dataplane.ts"
import { parseProtobufDuration } from "../../../model/parseDuration.ts"
import type { Resource } from "../../../model/Resource.ts"
import type { HealthConfig } from "../../config/HealthConfig.ts"
import type { HealthCheckSchema } from "../../proto/envoy/config/core/v3/health_check_pb.js"
import { HealthStatus } from "../../proto/envoy/config/core/v3/health_check_pb.js"
import {
  type ClusterHealthCheckSchema,
  type EndpointHealthResponse,
  HealthCheckSpecifierSchema
} from "../../proto/envoy/service/health/v3/hds_pb.js"
import { placeAddress } from "../../xds/cluster/fixed.ts"
import { duration } from "../../xds/duration.ts"
import { ADMIN, localClusterName } from "../../xds/names.ts"
import type { Place } from "../../xds/TranslateSettings.ts"
import { type HealthReport, isProbed, watchedInbounds, workloadPort } from "../../hds/serviceProbes.ts"

type Check = MessageInitShape<typeof HealthCheckSchema>
type ClusterCheck = MessageInitShape<typeof ClusterHealthCheckSchema>

const clusterCheck = (clusterName: string, place: Place, check: Check): ClusterCheck => ({
  clusterName,
  localityEndpoints: [{ endpoints: [{ address: placeAddress(place) }] }],
  healthChecks: [check]
})

const common = ({ check }: HealthConfig, probe: NonNullable<Inbound["serviceProbe"]> = {}) => {
  const millis = (value: unknown, otherwise: number): number =>
    (typeof value === "string" ? parseProtobufDuration(value) : undefined) ?? otherwise
  const count = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise)
  return {
    timeout: duration(millis(probe["timeout"], check.timeoutMillis)),
    interval: duration(millis(probe["interval"], check.intervalMillis)),
    noTrafficInterval: duration(check.noTrafficIntervalMillis),
    healthyThreshold: count(probe["healthyThreshold"], check.healthyThreshold),
    unhealthyThreshold: count(probe["unhealthyThreshold"], check.unhealthyThreshold)
  }
}

/** The bytes of a HealthCheckSpecifier; of no inbound it asks nothing. `admin`: where its Envoy answers `/ready`. */
export const healthChecks = (
  dataplane: Resource<"Dataplane"> | undefined,
  admin: Place | null,
  config: HealthConfig
): Buffer => {
  const watched = dataplane === undefined ? [] : watchedInbounds(dataplane)
  const address = dataplane?.spec.networking?.address ?? ""
  const workloads = watched.filter(isProbed).map((inbound) => {
    const port = workloadPort(inbound)
    return clusterCheck(localClusterName(port), { address: inbound.serviceAddress || inbound.address || address, port }, {
      ...common(config, inbound.serviceProbe),
      healthChecker: { case: "tcpHealthCheck", value: {} }
    })
  })
  const own = admin === null || watched.length === 0 ? [] : [
    clusterCheck(ADMIN, admin, {
      ...common(config),
      healthChecker: { case: "httpHealthCheck", value: { path: "/ready" } }
    })
  ]
  const specifier = create(HealthCheckSpecifierSchema, {
    clusterHealthChecks: [...own, ...workloads],
    interval: duration(config.reportMillis)
  })
  return Buffer.from(toBinary(HealthCheckSpecifierSchema, specifier))
}

const WELL: ReadonlySet<HealthStatus> = new Set([HealthStatus.HEALTHY, HealthStatus.DEGRADED])

const LOCAL = /^localhost:(\d{1,5})$/

/** What one says of itself; an Envoy that is too busy to answer in time says nothing, and serves on. */
const ownWord = (status: HealthStatus): boolean | null => status === HealthStatus.TIMEOUT ? null : WELL.has(status)

/** A cluster has one endpoint here; of any other name nothing is read. */
export const readReport = (
  { clusterEndpointsHealth }: EndpointHealthResponse
): Pick<HealthReport, "ports" | "proxy"> => {
  const ports = new Map<number, boolean>()
  let proxy: boolean | null = null
  for (const { clusterName, localityEndpointsHealth } of clusterEndpointsHealth) {
    const endpoint = localityEndpointsHealth[0]?.endpointsHealth[0]
    if (endpoint === undefined) continue
    const port = LOCAL.exec(clusterName)?.[1]
    if (clusterName === ADMIN) proxy = ownWord(endpoint.healthStatus)
    else if (port !== undefined) ports.set(Number(port), WELL.has(endpoint.healthStatus))
  }
  return { proxy, ports }
}
