/** The cluster of an OpenTelemetry collector that takes log records over gRPC. */
import { Cluster_DiscoveryType, Cluster_DnsLookupFamily, ClusterSchema } from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import { isIpAddress } from "../../../model/isIpAddress.ts"
import type { HostPort } from "../../../model/readHostPort.ts"
import { collectorCluster } from "../logging/AccessLogger.ts"
import { duration } from "../duration.ts"
import { statName } from "../names.ts"
import { outboundDefaults } from "../policies/MeshTimeout.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { httpOptions } from "./httpOptions.ts"

export const collectorResource = (collector: HostPort): XdsResource => {
  const name = collectorCluster(collector)
  const { host, port } = collector
  return toXdsResource(TypeUrl.Cluster, name, ClusterSchema, {
    name,
    altStatName: statName(name),
    clusterDiscoveryType: {
      case: "type",
      value: isIpAddress(host) ? Cluster_DiscoveryType.STATIC : Cluster_DiscoveryType.STRICT_DNS
    },
    dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
    // An Envoy that starts takes calls before it has found where it writes them down.
    waitForWarmOnInit: false,
    connectTimeout: duration(5_000),
    loadAssignment: {
      clusterName: name,
      endpoints: [{
        lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address: socketAddress(host, port) } } }]
      }]
    },
    typedExtensionProtocolOptions: httpOptions({ version: "http2", timeouts: outboundDefaults })
  })
}
