/** Clusters behind which a proxy's metrics are: kuma-dp on its socket, or Envoy's own admin interface. */
import { create } from "@bufbuild/protobuf"
import { Cluster_DiscoveryType, ClusterSchema } from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import { type Address, AddressSchema } from "../../proto/envoy/config/core/v3/address_pb.js"
import { duration } from "../duration.ts"
import { statName } from "../names.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import type { SocketAddress } from "../TranslateSettings.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"

/** A path stands for a Unix socket. */
export type MetricsSource = SocketAddress | { readonly path: string }

export const pipeAddress = (path: string): Address =>
  create(AddressSchema, { address: { case: "pipe", value: { path } } })

const addressOf = (source: MetricsSource): Address =>
  "path" in source ? pipeAddress(source.path) : socketAddress(source.address, source.port)

export interface MetricsClusterInput {
  readonly name: string
  readonly source: MetricsSource
}

export const metricsCluster = ({ name, source }: MetricsClusterInput): XdsResource =>
  toXdsResource(TypeUrl.Cluster, name, ClusterSchema, {
    name,
    altStatName: statName(name),
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(5_000),
    loadAssignment: {
      clusterName: name,
      endpoints: [{
        lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address: addressOf(source) } } }]
      }]
    }
  })
