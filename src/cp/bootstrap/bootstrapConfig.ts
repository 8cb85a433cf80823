/**
 * Envoy's bootstrap for one proxy: where its control plane is, how to trust it and how to prove who it is itself.
 * Everything else comes over ADS. Pure; answers the JSON form of envoy.config.bootstrap.v3.Bootstrap.
 */
import { isIP } from "node:net"
import type { BootstrapRequest } from "../../model/Bootstrap.ts"
import { NODE_ADDRESS, NODE_PROXY, NODE_SOURCE } from "../../model/nodeMetadata.ts"
import { nodeId, type ProxyId } from "../../model/ProxyType.ts"
import { joinHostPort } from "../joinHostPort.ts"
import { RecentlyUsed } from "../RecentlyUsed.ts"
import { BOUNDED_SINCE, DNS_RESOLVER } from "./dnsResolver.ts"
import { envoyAtLeast } from "./envoyAtLeast.ts"
import { renderedOnce } from "./renderYaml.ts"

export interface BootstrapParams {
  readonly proxy: ProxyId
  /** Envoy's `cluster`: the proxy's own service, `ingress` or `egress`. */
  readonly service: string
  /** The proxy's own address, as others know it. */
  readonly address: string
  /** The control plane as the proxy reaches it. */
  readonly xdsHost: string
  readonly xdsPort: number
  readonly connectTimeoutMillis: number
  /** PEM that the control plane's certificate is verified with. */
  readonly caPem: string
  readonly adminAddress: string
  readonly adminPort: number
  readonly readinessPort: number
  /** Envoy rereads its token from `dataplaneTokenPath`, where the request has one. */
  readonly reloadableTokens: boolean
  readonly variant: "delta" | "sotw"
  /** Whether it is to look at itself and its workload, and report. */
  readonly reportsHealth?: boolean
}

type Json = Readonly<Record<string, unknown>>

const ADS_CLUSTER = "ads_cluster"
const CP_VALIDATION = "cp_validation_ctx"
/** Connections that all listeners together take at a time. */
const MAX_CONNECTIONS = 50_000
/** Larger than any response that the control plane puts together. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
/** A control plane that vanished without a word is noticed within the sum of both. */
const KEEPALIVE_MILLIS = 10_000
const KEEPALIVE_TIMEOUT_MILLIS = 10_000
/**
 * Between two tries to connect at the most; each is moved by chance. The clients' own bounds, 30 s of Envoy's and two
 * minutes of Google's, would keep a proxy from its control plane for long after that is back.
 */
const RECONNECT_MILLIS = 15_000
/** How old the address of the control plane's name may be when a connection failed; Envoy's own client has the same. */
const NAME_MILLIS = 5_000

const ADS = renderedOnce({ resource_api_version: "V3", ads: {}, initial_fetch_timeout: "0s" })

/**
 * A pattern whose program has more than 100 instructions, `[a-z0-9-]{1,63}` say, would have its whole route refused.
 * Whoever may write policies may write it.
 * https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/type/matcher/v3/regex.proto#type-matcher-v3-regexmatcher-googlere2
 */
const RUNTIME = renderedOnce({
  layers: [{
    name: "mesh",
    static_layer: { "re2.max_program_size.error_level": 2 ** 32 - 1, "re2.max_program_size.warn_level": 1_000 }
  }]
})

const type = (name: string): Json => ({ "@type": `type.googleapis.com/${name}` })
const seconds = (millis: number): string => `${millis / 1_000}s`
const socketAddress = (address: string, port: number): Json => ({
  socket_address: { address, port_value: port }
})

export const bootstrapConfig = (request: BootstrapRequest, params: BootstrapParams): Json => {
  const { google, overload, statics } = commonParts(request, params)
  const services = [google ?? envoyGrpc(request)]
  return {
    node: { id: nodeId(params.proxy), cluster: params.service, metadata: nodeMetadata(request, params) },
    admin: { address: socketAddress(params.adminAddress, params.adminPort) },
    dynamic_resources: {
      lds_config: ADS,
      cds_config: ADS,
      ads_config: {
        api_type: params.variant === "delta" ? "DELTA_GRPC" : "GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: services
      }
    },
    ...(params.reportsHealth === true ? {
      hds_config: {
        api_type: "GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: services
      }
    } : {}),
    static_resources: statics,
    overload_manager: overload,
    ...(envoyAtLeast(request, BOUNDED_SINCE) ? { typed_dns_resolver_config: DNS_RESOLVER } : {}),
    layered_runtime: RUNTIME,
    stats_config: STATS
  }
}

/** What all proxies that reach their control plane in one way have in common. */
interface CommonParts {
  /** Null where Envoy's own client is used. */
  readonly google: Json | null
  readonly statics: Json
  readonly overload: Json
}

/** By all that they are made from. A proxy may bring a CA of its own, so there may be many. */
const common = new RecentlyUsed<CommonParts>(64)

const commonParts = (request: BootstrapRequest, params: BootstrapParams): CommonParts => {
  const tokenPath = params.reloadableTokens ? request.dataplaneTokenPath || null : null
  const heap = Number(request.resources?.["maxHeapSizeBytes"] ?? 0)
  const { caPem, connectTimeoutMillis, xdsHost, xdsPort } = params
  const name = JSON.stringify([tokenPath, heap, xdsHost, xdsPort, connectTimeoutMillis, caPem])
  const known = common.get(name)
  if (known !== undefined) return known
  const parts = {
    google: tokenPath === null ? null : renderedOnce(googleGrpc(tokenPath, params)),
    statics: renderedOnce({
      ...(tokenPath === null ? { clusters: [adsCluster(params)] } : {}),
      secrets: [validationContext(params)]
    }),
    overload: renderedOnce(overloadManager(heap))
  }
  common.set(name, parts)
  return parts
}

const given = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== ""))

/**
 * Whether its Envoy can log what stands in its node's metadata: since 1.34 it takes `%CEL(...)%` without being asked.
 * https://www.envoyproxy.io/docs/envoy/v1.34.0/api-v3/extensions/formatter/cel/v3/cel.proto
 */
const readsItsNode = (request: BootstrapRequest): boolean => envoyAtLeast(request, 34)

/** Ports are text, as Kuma has them. */
const nodeMetadata = (request: BootstrapRequest, params: BootstrapParams): Json =>
  given({
    "dataplane.admin.port": String(params.adminPort),
    "dataplane.admin.address": params.adminAddress,
    "dataplane.readinessReporter.port": String(params.readinessPort),
    "dataplane.dns.port": request.dnsPort ? String(request.dnsPort) : null,
    "dataplane.proxyType": params.proxy.proxyType,
    "dataplane.resource": request.dataplaneResource,
    ...(readsItsNode(request) ? {
      [NODE_PROXY]: params.proxy.name, [NODE_SOURCE]: params.service, [NODE_ADDRESS]: params.address
    } : {}),
    // True means enabled, whatever the field's name says.
    "dataplane.appProbeProxy.enabled": request.appProbeProxyDisabled === true ? "true" : null,
    dynamicMetadata: request.dynamicMetadata,
    features: request.features ?? [],
    version: request.version,
    workdir: request.workdir,
    metricsCertPath: request.metricsResources?.["certPath"],
    metricsKeyPath: request.metricsResources?.["keyPath"],
    systemCaPath: request.systemCaPath,
    ipv6Enabled: request.ipv6Enabled
  })

const envoyGrpc = (request: BootstrapRequest): Json => ({
  envoy_grpc: {
    cluster_name: ADS_CLUSTER,
    retry_policy: { retry_back_off: { base_interval: "0.5s", max_interval: seconds(RECONNECT_MILLIS) } }
  },
  ...(request.dataplaneToken
    ? { initial_metadata: [{ key: "authorization", value: request.dataplaneToken }] }
    : {})
})

/**
 * Google's client is the one whose credentials come from a file for each new stream: a token that was renewed
 * meanwhile needs no restart.
 */
const googleGrpc = (tokenPath: string, params: BootstrapParams): Json => ({
  google_grpc: {
    target_uri: joinHostPort(params.xdsHost, params.xdsPort),
    stat_prefix: "ads",
    channel_credentials: { ssl_credentials: { root_certs: { inline_string: params.caPem } } },
    credentials_factory_name: "envoy.grpc_credentials.file_based_metadata",
    call_credentials: [
      {
        from_plugin: {
          name: "envoy.grpc_credentials.file_based_metadata",
          typed_config: {
            ...type("envoy.config.grpc_credential.v3.FileBasedMetadataConfig"),
            secret_data: { filename: tokenPath }
          }
        }
      }
    ],
    channel_args: {
      args: {
        "grpc.keepalive_time_ms": { int_value: KEEPALIVE_MILLIS },
        "grpc.keepalive_timeout_ms": { int_value: KEEPALIVE_TIMEOUT_MILLIS },
        // Without it an unanswered ping is waited for a minute, whatever the line above says.
        "grpc.http2.ping_timeout_ms": { int_value: KEEPALIVE_TIMEOUT_MILLIS },
        "grpc.max_reconnect_backoff_ms": { int_value: RECONNECT_MILLIS },
        "grpc.dns_min_time_between_resolutions_ms": { int_value: NAME_MILLIS },
        "grpc.http2.max_pings_without_data": { int_value: 0 },
        "grpc.max_receive_message_length": { int_value: MAX_MESSAGE_BYTES }
      }
    }
  }
})

const adsCluster = (params: BootstrapParams): Json => ({
  name: ADS_CLUSTER,
  // Where a name has addresses of both families, one of them may lead nowhere, as `localhost` with a server on IPv4
  // alone: Envoy tries both. Its default takes IPv6 where there is any.
  ...(isIP(params.xdsHost) === 0 ? { type: "STRICT_DNS", dns_lookup_family: "ALL" } : { type: "STATIC" }),
  connect_timeout: seconds(params.connectTimeoutMillis),
  load_assignment: {
    cluster_name: ADS_CLUSTER,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(params.xdsHost, params.xdsPort) } }] }]
  },
  typed_extension_protocol_options: {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
      ...type("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
      explicit_http_config: {
        http2_protocol_options: {
          connection_keepalive: { interval: seconds(KEEPALIVE_MILLIS), timeout: seconds(KEEPALIVE_TIMEOUT_MILLIS) }
        }
      }
    }
  },
  upstream_connection_options: {
    tcp_keepalive: { keepalive_probes: 3, keepalive_time: 10, keepalive_interval: 10 }
  },
  transport_socket: {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      ...type("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"),
      // RFC 6066, 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
      ...(isIP(params.xdsHost) === 0 ? { sni: params.xdsHost } : {}),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
        alpn_protocols: ["h2"],
        validation_context_sds_secret_config: { name: CP_VALIDATION }
      }
    }
  }
})

const validationContext = (params: BootstrapParams): Json => ({
  name: CP_VALIDATION,
  validation_context: {
    trusted_ca: { inline_string: params.caPem },
    match_typed_subject_alt_names: ["DNS", "IP_ADDRESS"].map((sanType) => ({
      san_type: sanType,
      matcher: { exact: params.xdsHost }
    }))
  }
})

const overloadManager = (heap: number): Json => {
  const connections = {
    name: "envoy.resource_monitors.global_downstream_max_connections",
    typed_config: {
      ...type("envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"),
      max_active_downstream_connections: MAX_CONNECTIONS
    }
  }
  if (!Number.isSafeInteger(heap) || heap <= 0) return { resource_monitors: [connections] }
  const monitor = "envoy.resource_monitors.fixed_heap"
  const action = (name: string, value: number): Json => ({
    name: `envoy.overload_actions.${name}`,
    triggers: [{ name: monitor, threshold: { value } }]
  })
  return {
    resource_monitors: [
      connections,
      {
        name: monitor,
        typed_config: {
          ...type("envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig"),
          max_heap_size_bytes: heap
        }
      }
    ],
    actions: [action("shrink_heap", 0.95), action("stop_accepting_requests", 0.98)]
  }
}

/** The tags by which Kuma's dashboards read Envoy's statistics. */
const STATS = renderedOnce({
  stats_tags: [
    { tag_name: "name", regex: "^grpc\\.((.+)\\.)" },
    { tag_name: "status", regex: "^grpc.*streams_closed(_([0-9]+))" },
    { tag_name: "worker", regex: "(worker_([0-9]+)\\.)" },
    { tag_name: "listener", regex: "((.+?)\\.)rbac\\." }
  ]
})
