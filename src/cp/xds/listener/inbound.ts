/**
 * The listener of one inbound: other proxies dial it, the workload stands behind it. With mTLS, STRICT takes the
 * mesh's TLS only; PERMISSIVE also takes what the workload itself would take, in the clear or as its own TLS.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { TrafficDirection } from "../../proto/envoy/config/core/v3/base_pb.js"
import type { Filter, FilterChainSchema } from "../../proto/envoy/config/listener/v3/listener_components_pb.js"
import { Listener_DrainType, ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import { RBACSchema as HttpRbacSchema } from "../../proto/envoy/extensions/filters/http/rbac/v3/rbac_pb.js"
import {
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManagerSchema,
  LocalReplyConfigSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { RBACSchema as NetworkRbacSchema } from "../../proto/envoy/extensions/filters/network/rbac/v3/rbac_pb.js"
import { isHttp, type Protocol } from "../../snapshot/Protocol.ts"
import type { Tags } from "../../../model/Tags.ts"
import { accessLog, type ProxyLog } from "../accessLog.ts"
import { overAds } from "../configSource.ts"
import { duration } from "../duration.ts"
import { type AccessLogger, accessLoggers } from "../logging/AccessLogger.ts"
import { inboundListenerName, statName } from "../names.ts"
import type { ListenerTimeouts } from "../policies/MeshTimeout.ts"
import type { Permissions } from "../policies/MeshTrafficPermission.ts"
import { HTTP_RBAC } from "../route/inbound.ts"
import { UNDELIVERED } from "../route/retry.ts"
import { socketAddress } from "../socketAddress.ts"
import type { SocketAddress } from "../TranslateSettings.ts"
import { downstreamMtls, KUMA_ALPN } from "../tls.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { filter, httpFilter, internalAddresses, router, tcpProxy, tlsInspector } from "./filters.ts"

export interface InboundMtls {
  readonly mode: "STRICT" | "PERMISSIVE"
  /** Who may connect. Null for HTTP: there the route says who may call, and the listener lets nobody. */
  readonly permissions: Permissions | null
}

export interface InboundListenerInput {
  readonly mesh: string
  readonly address: string
  readonly port: number
  /** Where it really listens, if not there: Docker maps the address and port of the host to it. */
  readonly bind: SocketAddress | null
  readonly service: string
  readonly tags: Tags
  readonly protocol: Protocol
  readonly cluster: string
  readonly timeouts: ListenerTimeouts
  readonly mtls: InboundMtls | null
  readonly log: ProxyLog | null
  /** What policies have it write. */
  readonly loggers?: ReadonlyArray<AccessLogger>
  /** Whether one of them goes by what a connection asks for. */
  readonly readsSni?: boolean
}

type FilterChain = MessageInitShape<typeof FilterChainSchema>

const subjectOf = (input: InboundListenerInput) => ({
  direction: "inbound",
  mesh: input.mesh,
  destination: input.service,
  http: isHttp(input.protocol)
} as const)

/**
 * Denies everybody: the inbound's route says whom not (see route/inbound.ts). A route that is late, or says nothing,
 * lets nobody in.
 */
const denyAll = httpFilter(HTTP_RBAC, HttpRbacSchema, { rules: {} })

/** Marks responses that Envoy makes up because it could not connect to the workload: their callers may go elsewhere. */
const markUndelivered = create(LocalReplyConfigSchema, {
  mappers: [{
    filter: {
      filterSpecifier: {
        case: "responseFlagFilter",
        // UF: connecting failed. UH: no healthy endpoint. UO: the connection pool took no more.
        value: { flags: ["UF", "UH", "UO"] }
      }
    },
    headersToAdd: [{ header: { key: UNDELIVERED, value: "true" } }]
  }]
})

const httpConnectionManager = (input: InboundListenerInput, secured: boolean): Filter =>
  filter("envoy.filters.network.http_connection_manager", HttpConnectionManagerSchema, {
    statPrefix: statName(input.cluster),
    commonHttpProtocolOptions: { idleTimeout: duration(input.timeouts.idle) },
    streamIdleTimeout: duration(input.timeouts.streamIdle),
    requestHeadersTimeout: duration(input.timeouts.requestHeaders),
    // The workload learns who calls from `x-forwarded-client-cert`, and only from this proxy.
    forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE_SET,
    setCurrentClientCertDetails: { uri: true },
    internalAddressConfig: internalAddresses,
    routeSpecifier: {
      case: "rds",
      value: { configSource: overAds, routeConfigName: inboundListenerName(input.address, input.port) }
    },
    httpFilters: secured ? [denyAll, router] : [router],
    localReplyConfig: markUndelivered,
    accessLog: [...accessLog(input.log, subjectOf(input)), ...accessLoggers(input.loggers)]
  })

/**
 * Bytes have no requests: a connection is judged once, when its first bytes come. A denial ends those that are open
 * when the old chain has drained (`--drain-time-s`), not before: Envoy gives a chain's filters nothing new.
 */
const networkRbac = (input: InboundListenerInput, permissions: Permissions | null): Filter =>
  filter("envoy.filters.network.rbac", NetworkRbacSchema, {
    statPrefix: `${statName(inboundListenerName(input.address, input.port))}.`,
    rules: permissions?.rules ?? {},
    ...(permissions?.shadowRules === undefined ? {} : { shadowRules: permissions.shadowRules })
  })

const filters = (input: InboundListenerInput, mtls: InboundMtls | null): Array<Filter> =>
  isHttp(input.protocol)
    ? [httpConnectionManager(input, mtls !== null)]
    : [
      ...(mtls === null ? [] : [networkRbac(input, mtls.permissions)]),
      tcpProxy({
        statPrefix: statName(input.cluster),
        clusters: [{ cluster: input.cluster, weight: 1 }],
        idleMillis: input.timeouts.idle,
        log: input.log,
        subject: subjectOf(input),
        loggers: input.loggers
      })
    ]

const chains = (input: InboundListenerInput): Array<FilterChain> => {
  if (input.mtls === null) return [{ filters: filters(input, null) }]
  const secured = {
    filters: filters(input, input.mtls),
    transportSocket: downstreamMtls(input.mesh)
  }
  if (input.mtls.mode === "STRICT") return [secured]
  const open = filters(input, null)
  return [
    { filterChainMatch: { transportProtocol: "raw_buffer" }, filters: open },
    { filterChainMatch: { transportProtocol: "tls" }, filters: open },
    { filterChainMatch: { transportProtocol: "tls", applicationProtocols: [KUMA_ALPN] }, ...secured }
  ]
}

export const inboundListener = (input: InboundListenerInput): XdsResource => {
  const name = inboundListenerName(input.address, input.port)
  const bind = input.bind ?? input
  return toXdsResource(TypeUrl.Listener, name, ListenerSchema, {
    name,
    address: socketAddress(bind.address, bind.port),
    // Two proxies that are given the same address by mistake must not share its connections in silence.
    enableReusePort: false,
    trafficDirection: TrafficDirection.INBOUND,
    // Drains when the proxy's health is failed, as a sidecar does before it leaves.
    drainType: Listener_DrainType.DEFAULT,
    metadata: {
      filterMetadata: {
        "io.kuma.tags": Object.fromEntries(Object.entries(input.tags).sort(([a], [b]) => (a < b ? -1 : 1)))
      }
    },
    listenerFilters: input.mtls?.mode === "PERMISSIVE" || input.readsSni === true ? [tlsInspector] : [],
    filterChains: chains(input)
  })
}
