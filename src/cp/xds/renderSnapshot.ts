/** Envoy resources as the JSON that Envoy itself reads: for dumps, goldens and people. */
import { createRegistry, type JsonObject, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf"
import { ClusterSchema } from "../proto/envoy/config/cluster/v3/cluster_pb.js"
import { ClusterLoadAssignmentSchema } from "../proto/envoy/config/endpoint/v3/endpoint_pb.js"
import { ListenerSchema } from "../proto/envoy/config/listener/v3/listener_pb.js"
import { RouteConfigurationSchema } from "../proto/envoy/config/route/v3/route_pb.js"
import { file_envoy_extensions_access_loggers_file_v3_file } from "../proto/envoy/extensions/access_loggers/file/v3/file_pb.js"
import { file_envoy_extensions_access_loggers_stream_v3_stream } from "../proto/envoy/extensions/access_loggers/stream/v3/stream_pb.js"
import { file_envoy_extensions_filters_http_rbac_v3_rbac } from "../proto/envoy/extensions/filters/http/rbac/v3/rbac_pb.js"
import { file_envoy_extensions_filters_http_router_v3_router } from "../proto/envoy/extensions/filters/http/router/v3/router_pb.js"
import { file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector } from "../proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js"
import { file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager } from "../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { file_envoy_extensions_filters_network_rbac_v3_rbac } from "../proto/envoy/extensions/filters/network/rbac/v3/rbac_pb.js"
import { file_envoy_extensions_filters_network_tcp_proxy_v3_tcp_proxy } from "../proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js"
import { file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts } from "../proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js"
import { file_envoy_extensions_transport_sockets_tls_v3_tls } from "../proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import { file_envoy_extensions_upstreams_http_v3_http_protocol_options } from "../proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js"
import { TypeUrl, type XdsResource } from "./XdsResource.ts"

/** Every resource, and every message that this room packs into an Any. */
const registry: Registry = createRegistry(
  ClusterSchema,
  ClusterLoadAssignmentSchema,
  ListenerSchema,
  RouteConfigurationSchema,
  file_envoy_extensions_access_loggers_file_v3_file,
  file_envoy_extensions_access_loggers_stream_v3_stream,
  file_envoy_extensions_filters_http_rbac_v3_rbac,
  file_envoy_extensions_filters_http_router_v3_router,
  file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector,
  file_envoy_extensions_filters_network_http_connection_manager_v3_http_connection_manager,
  file_envoy_extensions_filters_network_rbac_v3_rbac,
  file_envoy_extensions_filters_network_tcp_proxy_v3_tcp_proxy,
  file_envoy_extensions_retry_host_previous_hosts_v3_previous_hosts,
  file_envoy_extensions_transport_sockets_tls_v3_tls,
  file_envoy_extensions_upstreams_http_v3_http_protocol_options
)

/** One resource, without `@type`. A secret's content never leaves this way: only its name does. */
export const renderResource = ({ typeUrl, name, message }: XdsResource): JsonValue => {
  if (typeUrl === TypeUrl.Secret) return { name }
  const schema = registry.getMessage(message.$typeName)
  if (schema === undefined) throw new Error(`${message.$typeName} is missing in the registry of renderSnapshot.ts`)
  return toJson(schema, message, { registry })
}

export interface RenderedSnapshot {
  readonly listeners: ReadonlyArray<JsonValue>
  readonly routes: ReadonlyArray<JsonValue>
  readonly clusters: ReadonlyArray<JsonValue>
  readonly endpoints: ReadonlyArray<JsonValue>
  /** Names alone. */
  readonly secrets: ReadonlyArray<JsonValue>
}

/** Ordered by name within each type. */
export const renderSnapshot = (resources: Iterable<XdsResource>): RenderedSnapshot & JsonObject => {
  const ordered = [...resources].sort((a, b) => (a.name < b.name ? -1 : 1))
  const of = (typeUrl: TypeUrl): Array<JsonValue> =>
    ordered.filter((resource) => resource.typeUrl === typeUrl).map(renderResource)
  return {
    listeners: of(TypeUrl.Listener),
    routes: of(TypeUrl.RouteConfiguration),
    clusters: of(TypeUrl.Cluster),
    endpoints: of(TypeUrl.ClusterLoadAssignment),
    secrets: of(TypeUrl.Secret)
  }
}
