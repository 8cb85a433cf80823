/** The cluster of the workload behind an inbound. */
import { create } from "@bufbuild/protobuf"
import { Cluster_DiscoveryType, ClusterSchema } from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import { isHttp, type Protocol } from "../../snapshot/Protocol.ts"
import { duration } from "../duration.ts"
import { localClusterName, statName } from "../names.ts"
import { applyToCluster, type Confs } from "../policies/effects.ts"
import type { ClusterTimeouts } from "../policies/MeshTimeout.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import type { SocketAddress } from "../TranslateSettings.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { httpOptions } from "./httpOptions.ts"

const assignmentOf = (name: string, { address, port }: SocketAddress) => ({
  clusterName: name,
  endpoints: [{
    lbEndpoints: [{
      hostIdentifier: { case: "endpoint", value: { address: socketAddress(address, port) } }
    } as const]
  }]
})

export interface LocalClusterInput {
  readonly workload: SocketAddress
  readonly protocol: Protocol
  readonly timeouts: ClusterTimeouts
  readonly confs: Confs
}

/** HTTP/1.1 for http, HTTP/2 for http2 and grpc, bytes for the rest. */
export const localCluster = ({ confs, protocol, timeouts, workload }: LocalClusterInput): XdsResource => {
  const name = localClusterName(workload.port)
  const cluster = create(ClusterSchema, {
    name,
    altStatName: statName(name),
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(timeouts.connection),
    loadAssignment: assignmentOf(name, workload),
    ...(isHttp(protocol)
      ? { typedExtensionProtocolOptions: httpOptions({ version: protocol === "http" ? "http1" : "http2", timeouts }) }
      : {})
  })
  return toXdsResource(TypeUrl.Cluster, name, ClusterSchema, applyToCluster(cluster, confs))
}
