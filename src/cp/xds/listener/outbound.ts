/** The listener of one outbound: the workload dials it and reaches the service behind it. */
import { TrafficDirection } from "../../proto/envoy/config/core/v3/base_pb.js"
import { Listener_DrainType, ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import {
  HttpConnectionManagerSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import type { RetryConf } from "../../../model/MeshRetry.ts"
import { SERVICE_TAG, type Tags } from "../../../model/Tags.ts"
import { isHttp, type Protocol } from "../../snapshot/Protocol.ts"
import { accessLog, type AccessLogSubject, type CallerLog } from "../accessLog.ts"
import { duration } from "../duration.ts"
import { type AccessLogger, accessLoggers } from "../logging/AccessLogger.ts"
import { outboundListenerName, serviceClusterName, statName } from "../names.ts"
import { connectAttempts } from "../policies/MeshRetry.ts"
import type { ListenerTimeouts, RouteTimeouts } from "../policies/MeshTimeout.ts"
import { type OutboundRoute, outboundRoutes, routeOfAll, type WeightedCluster } from "../route/outbound.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { filter, internalAddresses, router, tcpProxy } from "./filters.ts"

export interface OutboundListenerInput {
  readonly mesh: string
  readonly address: string
  readonly port: number
  readonly tags: Tags
  /** For what isn't called by its tags. */
  readonly named?: {
    readonly service: string
    readonly cluster: string
  }
  readonly protocol: Protocol
  /** Its routes are its own. */
  readonly timeouts: ListenerTimeouts & RouteTimeouts
  readonly retry: RetryConf | null
  /** Null: everything goes to its one cluster. */
  readonly routes: ReadonlyArray<OutboundRoute> | null
  /** Where its connections go, whatever it speaks; null: requests go by the routes, connections to its one cluster. */
  readonly connections: ReadonlyArray<WeightedCluster> | null
  /** What it leads to goes by its own hostname: requests are told to it by that. */
  readonly rewritesHost?: boolean
  readonly log: CallerLog | null
  /** What policies have it write. */
  readonly loggers?: ReadonlyArray<AccessLogger>
}

const chainFilter = (input: OutboundListenerInput, service: string, cluster: string) => {
  const subject: AccessLogSubject = {
    direction: "outbound",
    mesh: input.mesh,
    destination: service,
    http: isHttp(input.protocol) && input.connections === null
  }
  if (!subject.http) {
    return tcpProxy({
      statPrefix: statName(cluster),
      clusters: input.connections ?? [{ cluster, weight: 1 }],
      idleMillis: input.timeouts.idle,
      maxConnectAttempts: connectAttempts(input.retry),
      log: input.log,
      subject,
      loggers: input.loggers
    })
  }
  return filter("envoy.filters.network.http_connection_manager", HttpConnectionManagerSchema, {
    statPrefix: statName(service),
    // The cluster's idle timeout counts; the workload's own connections may rest as long as it likes.
    commonHttpProtocolOptions: { idleTimeout: duration(0) },
    requestHeadersTimeout: duration(input.timeouts.requestHeaders),
    internalAddressConfig: internalAddresses,
    normalizePath: true,
    routeSpecifier: { case: "routeConfig", value: outboundRoutes({
      service,
      routes: input.routes ?? [
        routeOfAll(cluster, {
          timeouts: input.timeouts,
          retry: input.retry,
          rewritesHost: input.rewritesHost === true
        })
      ],
      protocol: input.protocol
    }) },
    httpFilters: [router],
    accessLog: [...accessLog(input.log, subject), ...accessLoggers(input.loggers)]
  })
}

export const outboundListener = (input: OutboundListenerInput): XdsResource => {
  const name = outboundListenerName(input.address, input.port)
  const service = input.named?.service ?? input.tags[SERVICE_TAG] ?? ""
  const cluster = input.named?.cluster ?? serviceClusterName(input.tags)
  return toXdsResource(TypeUrl.Listener, name, ListenerSchema, {
    name,
    address: socketAddress(input.address, input.port),
    enableReusePort: false,
    trafficDirection: TrafficDirection.OUTBOUND,
    // While the sidecar leaves, its workload goes on calling: only a new listener drains an old one.
    drainType: Listener_DrainType.MODIFY_ONLY,
    metadata: {
      filterMetadata: {
        "io.kuma.tags": Object.fromEntries(Object.entries(input.tags).sort(([a], [b]) => (a < b ? -1 : 1)))
      }
    },
    filterChains: [{ filters: [chainFilter(input, service, cluster)] }]
  })
}
