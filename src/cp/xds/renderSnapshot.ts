/** Envoy resources as the JSON that Envoy itself reads: for dumps, goldens and people. */
import { createRegistry, type JsonObject, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf"
import { ClusterSchema } from "../proto/envoy/config/cluster/v3/cluster_pb.js"
import { ClusterLoadAssignmentSchema } from "../proto/envoy/config/endpoint/v3/endpoint_pb.js"
import { ListenerSchema } from "../proto/envoy/config/listener/v3/listener_pb.js"
import { RouteConfigurationSchema } from "../proto/envoy/config/route/v3/route_pb.js"
import { FileAccessLogSchema } from "../proto/envoy/extensions/access_loggers/file/v3/file_pb.js"
import { ExpressionFilterSchema } from "../proto/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js"
import {
  OpenTelemetryAccessLogConfigSchema
} from "../proto/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb.js"
import {
  StderrAccessLogSchema,
  StdoutAccessLogSchema
} from "../proto/envoy/extensions/access_loggers/stream/v3/stream_pb.js"
import {
  RBACPerRouteSchema,
  RBACSchema as HttpRbacSchema
} from "../proto/envoy/extensions/filters/http/rbac/v3/rbac_pb.js"
import { RouterSchema } from "../proto/envoy/extensions/filters/http/router/v3/router_pb.js"
import { TlsInspectorSchema } from "../proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js"
import {
  HttpConnectionManagerSchema
} from "../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { RBACSchema as NetworkRbacSchema } from "../proto/envoy/extensions/filters/network/rbac/v3/rbac_pb.js"
import { TcpProxySchema } from "../proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js"
import {
  OmitHostMetadataConfigSchema
} from "../proto/envoy/extensions/retry/host/omit_host_metadata/v3/omit_host_metadata_config_pb.js"
import {
  PreviousHostsPredicateSchema
} from "../proto/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js"
import {
  PreviousPrioritiesConfigSchema
} from "../proto/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js"
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema
} from "../proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import { HttpProtocolOptionsSchema } from "../proto/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js"
import { publicParts } from "./publicParts.ts"
import { TypeUrl, type XdsResource } from "./XdsResource.ts"

/** Every resource, and every message that this room packs into an Any. */
export const registry: Registry = createRegistry(
  ClusterSchema,
  ClusterLoadAssignmentSchema,
  ListenerSchema,
  RouteConfigurationSchema,
  FileAccessLogSchema,
  ExpressionFilterSchema,
  OpenTelemetryAccessLogConfigSchema,
  StderrAccessLogSchema,
  StdoutAccessLogSchema,
  RBACPerRouteSchema,
  HttpRbacSchema,
  RouterSchema,
  TlsInspectorSchema,
  HttpConnectionManagerSchema,
  NetworkRbacSchema,
  TcpProxySchema,
  OmitHostMetadataConfigSchema,
  PreviousHostsPredicateSchema,
  PreviousPrioritiesConfigSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
  HttpProtocolOptionsSchema
)

const REDACTED: JsonObject = { inlineString: "[redacted]" }

/** One resource, without `@type`, and without its keys. Of a secret only the name leaves this way. */
export const renderResource = ({ typeUrl, name, message }: XdsResource): JsonValue => {
  if (typeUrl === TypeUrl.Secret) return { name }
  const schema = registry.getMessage(message.$typeName)
  if (schema === undefined) throw new Error(`${message.$typeName} is missing in the registry of renderSnapshot.ts`)
  return publicParts(toJson(schema, message, { registry }), REDACTED)
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
