/** Filters of a listener's chains, the parts that several listeners have in common. */
import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf"
import {
  type Filter,
  FilterSchema,
  ListenerFilterSchema
} from "../../proto/envoy/config/listener/v3/listener_components_pb.js"
import { RouterSchema } from "../../proto/envoy/extensions/filters/http/router/v3/router_pb.js"
import { TlsInspectorSchema } from "../../proto/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js"
import {
  type HttpFilter,
  HttpConnectionManager_InternalAddressConfigSchema,
  HttpFilterSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import {
  TcpProxy_WeightedClusterSchema,
  TcpProxySchema
} from "../../proto/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js"
import { accessLog, type AccessLogSubject, type CallerLog, type ProxyLog } from "../accessLog.ts"
import { duration } from "../duration.ts"
import { type AccessLogger, accessLoggers } from "../logging/AccessLogger.ts"
import { packAny } from "../packAny.ts"
import type { WeightedCluster } from "../route/outbound.ts"

export const filter = <D extends DescMessage>(name: string, schema: D, init: MessageInitShape<D>): Filter =>
  create(FilterSchema, { name, configType: { case: "typedConfig", value: packAny(schema, init) } })

export const httpFilter = <D extends DescMessage>(
  name: string,
  schema: D,
  init: MessageInitShape<D>
): HttpFilter => create(HttpFilterSchema, { name, configType: { case: "typedConfig", value: packAny(schema, init) } })

/** The last of every HTTP chain. */
export const router = httpFilter("envoy.filters.http.router", RouterSchema, {})

/** Reads SNI and ALPN of a TLS connection before a chain is chosen. */
export const tlsInspector = create(ListenerFilterSchema, {
  name: "envoy.filters.listener.tls_inspector",
  configType: { case: "typedConfig", value: packAny(TlsInspectorSchema) }
})

/** Envoy is to trust no header about addresses but from its own host. */
export const internalAddresses = create(HttpConnectionManager_InternalAddressConfigSchema, {
  cidrRanges: [
    { addressPrefix: "127.0.0.1", prefixLen: 32 },
    { addressPrefix: "::1", prefixLen: 128 }
  ]
})

export interface TcpProxyInput {
  readonly statPrefix: string
  readonly clusters: ReadonlyArray<WeightedCluster>
  readonly idleMillis?: number
  readonly maxConnectAttempts?: number
  readonly log: ProxyLog | CallerLog | null
  readonly subject: AccessLogSubject
  readonly loggers?: ReadonlyArray<AccessLogger> | undefined
}

const clusterSpecifier = (
  clusters: ReadonlyArray<WeightedCluster>
): NonNullable<MessageInitShape<typeof TcpProxySchema>["clusterSpecifier"]> => {
  const [only, ...others] = clusters
  return only !== undefined && others.length === 0
    ? { case: "cluster", value: only.cluster }
    : {
      case: "weightedClusters",
      value: create(TcpProxy_WeightedClusterSchema, {
        clusters: clusters.map(({ cluster, weight }) => ({ name: cluster, weight }))
      })
    }
}

export const tcpProxy = (input: TcpProxyInput): Filter =>
  filter("envoy.filters.network.tcp_proxy", TcpProxySchema, {
    statPrefix: input.statPrefix,
    clusterSpecifier: clusterSpecifier(input.clusters),
    ...(input.idleMillis === undefined ? {} : { idleTimeout: duration(input.idleMillis) }),
    ...(input.maxConnectAttempts === undefined ? {} : { maxConnectAttempts: input.maxConnectAttempts }),
    accessLog: [...accessLog(input.log, input.subject), ...accessLoggers(input.loggers)]
  })
