/** The listener of one outbound: the workload dials it and reaches the service behind it. */
import { TrafficDirection } from "../../proto/envoy/config/core/v3/base_pb.js"
import { Listener_DrainType, ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import {
  HttpConnectionManagerSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { SERVICE_TAG, type Tags } from "../../../model/Tags.ts"
import { isHttp, type Protocol } from "../../snapshot/Protocol.ts"
import { accessLog, type AccessLogSubject, type CallerLog } from "../accessLog.ts"
import { duration } from "../duration.ts"
import { outboundListenerName, serviceClusterName, statName } from "../names.ts"
import type { Timeouts } from "../policies/MeshTimeout.ts"
import { outboundRoutes } from "../route/outbound.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { filter, internalAddresses, router, tcpProxy } from "./filters.ts"

export interface OutboundListenerInput {
  readonly mesh: string
  readonly address: string
  readonly port: number
  readonly tags: Tags
  readonly protocol: Protocol
  readonly timeouts: Timeouts
  readonly log: CallerLog | null
}

const chainFilter = (input: OutboundListenerInput, service: string, cluster: string) => {
  const subject: AccessLogSubject = {
    direction: "outbound",
    mesh: input.mesh,
    destination: service,
    http: isHttp(input.protocol)
  }
  if (!subject.http) {
    return tcpProxy({
      statPrefix: statName(cluster),
      cluster,
      idleMillis: input.timeouts.idle,
      maxConnectAttempts: 5,
      log: input.log,
      subject
    })
  }
  return filter("envoy.filters.network.http_connection_manager", HttpConnectionManagerSchema, {
    statPrefix: statName(service),
    // The cluster's idle timeout counts; the workload's own connections may rest as long as it likes.
    commonHttpProtocolOptions: { idleTimeout: duration(0) },
    requestHeadersTimeout: duration(input.timeouts.requestHeaders),
    internalAddressConfig: internalAddresses,
    normalizePath: true,
    routeSpecifier: { case: "routeConfig", value: outboundRoutes(service, cluster, input.timeouts) },
    httpFilters: [router],
    accessLog: accessLog(input.log, subject)
  })
}

export const outboundListener = (input: OutboundListenerInput): XdsResource => {
  const name = outboundListenerName(input.address, input.port)
  const service = input.tags[SERVICE_TAG] ?? ""
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
    filterChains: [{ filters: [chainFilter(input, service, serviceClusterName(input.tags))] }]
  })
}
