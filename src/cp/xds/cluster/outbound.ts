/** The cluster of a service that the workload calls; its endpoints come as a ClusterLoadAssignment of the same name. */
import { create } from "@bufbuild/protobuf"
import { RoutingPriority } from "../../proto/envoy/config/core/v3/base_pb.js"
import { CircuitBreakersSchema } from "../../proto/envoy/config/cluster/v3/circuit_breaker_pb.js"
import { Cluster_DiscoveryType, ClusterSchema } from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import { OutlierDetectionSchema } from "../../proto/envoy/config/cluster/v3/outlier_detection_pb.js"
import { SERVICE_TAG, type Tags } from "../../../model/Tags.ts"
import { isHttp, type Protocol } from "../../snapshot/Protocol.ts"
import { overAds } from "../configSource.ts"
import { duration } from "../duration.ts"
import { serviceClusterName, sniOf, statName } from "../names.ts"
import { outboundDefaults, type Timeouts } from "../policies/MeshTimeout.ts"
import { upstreamMtls } from "../tls.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { httpOptions } from "./httpOptions.ts"

/**
 * Kuma's limits, but for retries: its 3 at a time run out the moment an instance with more requests than that
 * under way goes. A share of the requests holds back a storm as well.
 */
const circuitBreakers = create(CircuitBreakersSchema, {
  thresholds: [{
    priority: RoutingPriority.DEFAULT,
    maxConnections: 1024,
    maxPendingRequests: 1024,
    maxRequests: 1024,
    retryBudget: { budgetPercent: { value: 50 }, minRetryConcurrency: 64 }
  }]
})

/**
 * An instance that can't even be connected to is passed over for a while: it died without a word, and the news of
 * it hasn't come yet. What a workload answers is its own business and takes nothing out.
 */
const outlierDetection = create(OutlierDetectionSchema, {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailure: 3,
  enforcingConsecutiveLocalOriginFailure: 100,
  enforcingLocalOriginSuccessRate: 0,
  enforcingConsecutive5xx: 0,
  enforcingConsecutiveGatewayFailure: 0,
  enforcingSuccessRate: 0,
  interval: duration(1_000),
  baseEjectionTime: duration(5_000),
  maxEjectionPercent: 50
})

/**
 * An endpoint that leaves the assignment gets no new request from that moment; what is under way on its connections
 * ends there. So nothing here closes connections on removal, and no health verdict keeps a removed endpoint.
 */
const edsCluster = (name: string) => ({
  name,
  clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
  edsClusterConfig: { edsConfig: overAds },
  ignoreHealthOnHostRemoval: true
} as const)

export interface OutboundClusterInput {
  readonly mesh: string
  /** Tags that the endpoints must have; more than the service makes it a cluster of its own. */
  readonly tags: Tags
  readonly protocol: Protocol
  readonly timeouts: Timeouts
  readonly mtls: boolean
}

export const outboundCluster = ({ mesh, tags, protocol, timeouts, mtls }: OutboundClusterInput): XdsResource => {
  const name = serviceClusterName(tags)
  return toXdsResource(TypeUrl.Cluster, name, ClusterSchema, {
    ...edsCluster(name),
    connectTimeout: duration(timeouts.connection),
    circuitBreakers,
    outlierDetection,
    ...(mtls ? { transportSocket: upstreamMtls(mesh, tags[SERVICE_TAG] ?? "", sniOf(mesh, tags)) } : {}),
    // The other end is a proxy of this mesh, which takes HTTP/2 whatever its workload speaks.
    ...(isHttp(protocol) ? { typedExtensionProtocolOptions: httpOptions({ version: "http2", timeouts }) } : {})
  })
}

/** A service seen from a zone proxy: bytes of somebody else's TLS, passed on. */
export const passthroughCluster = ({ name }: { readonly name: string }): XdsResource =>
  toXdsResource(TypeUrl.Cluster, name, ClusterSchema, {
    ...edsCluster(name),
    altStatName: statName(name),
    connectTimeout: duration(outboundDefaults.connection),
    circuitBreakers
  })
