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
import { applyToCluster, type Confs } from "../policies/effects.ts"
import { type ClusterTimeouts, outboundDefaults } from "../policies/MeshTimeout.ts"
import { upstreamMtls } from "../tls.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { httpOptions } from "./httpOptions.ts"

/**
 * Kuma's limits, but for retries: its 3 at a time run out the moment an instance with more requests than that
 * under way goes. A share of the requests holds back a storm as well.
 */
export const circuitBreakers = create(CircuitBreakersSchema, {
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
export const outlierDetection = create(OutlierDetectionSchema, {
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
  readonly timeouts: ClusterTimeouts
  readonly confs: Confs
  readonly mtls: boolean
  /** For what is called by reference: the cluster's name, whom it must prove to be one of, what it is asked for. */
  readonly named?: {
    readonly cluster: string
    readonly identities: ReadonlyArray<string>
    readonly sni: string
  }
}

export const outboundCluster = (
  { confs, mesh, mtls, named, protocol, tags, timeouts }: OutboundClusterInput
): XdsResource => {
  const name = named?.cluster ?? serviceClusterName(tags)
  const identities = named?.identities ?? [tags[SERVICE_TAG] ?? ""]
  const cluster = create(ClusterSchema, {
    ...edsCluster(name),
    connectTimeout: duration(timeouts.connection),
    circuitBreakers,
    outlierDetection,
    ...(mtls ? { transportSocket: upstreamMtls(mesh, identities, named?.sni ?? sniOf(mesh, tags)) } : {}),
    // The other end is a proxy of this mesh, which takes HTTP/2 whatever its workload speaks.
    ...(isHttp(protocol) ? { typedExtensionProtocolOptions: httpOptions({ version: "http2", timeouts }) } : {})
  })
  return toXdsResource(TypeUrl.Cluster, name, ClusterSchema, applyToCluster(cluster, confs))
}

/** A service seen from a zone proxy: bytes of somebody else's TLS, passed on. */
export const passthroughCluster = ({ name }: { readonly name: string }): XdsResource =>
  toXdsResource(TypeUrl.Cluster, name, ClusterSchema, {
    ...edsCluster(name),
    altStatName: statName(name),
    connectTimeout: duration(outboundDefaults.connection),
    circuitBreakers
  })
