/** One Envoy resource, built once and serialised once, and what one proxy is to have of them. */
import type { Message } from "@bufbuild/protobuf"

export const TypeUrl = {
  Cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  ClusterLoadAssignment: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  Listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  RouteConfiguration: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  Secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
} as const
export type TypeUrl = (typeof TypeUrl)[keyof typeof TypeUrl]

export interface XdsResource {
  readonly typeUrl: TypeUrl
  readonly name: string
  /** Hash of the content: equal versions mean equal bytes, on every replica. */
  readonly version: string
  /** The message itself, serialised (the `value` of a google.protobuf.Any). */
  readonly bytes: Uint8Array
  /** For dumps and goldens: read from the bytes whenever it is asked for. */
  readonly message: Message
}

/** All that one proxy is to have, by type and name. */
export type ProxySnapshot = ReadonlyMap<TypeUrl, ReadonlyMap<string, XdsResource>>
