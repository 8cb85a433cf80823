/** Clusters with one place on the proxy's own host that stays: its sidecar, or Envoy's own admin interface. */
import { create } from "@bufbuild/protobuf"
import { Cluster_DiscoveryType, ClusterSchema } from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import { type Address, AddressSchema } from "../../proto/envoy/config/core/v3/address_pb.js"
import { duration } from "../duration.ts"
import { statName } from "../names.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import type { Place } from "../TranslateSettings.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"

export const pipeAddress = (path: string): Address =>
  create(AddressSchema, { address: { case: "pipe", value: { path } } })

export const placeAddress = (place: Place): Address =>
  "path" in place ? pipeAddress(place.path) : socketAddress(place.address, place.port)

export interface FixedClusterInput {
  readonly name: string
  readonly place: Place
}

export const fixedCluster = ({ name, place }: FixedClusterInput): XdsResource =>
  toXdsResource(TypeUrl.Cluster, name, ClusterSchema, {
    name,
    altStatName: statName(name),
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(5_000),
    loadAssignment: {
      clusterName: name,
      endpoints: [{
        lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address: placeAddress(place) } } }]
      }]
    }
  })
