/** The listener of a zone proxy: by its SNI, each TLS connection is passed on unread to the service that it names. */
import { create } from "@bufbuild/protobuf"
import { TrafficDirection } from "../../proto/envoy/config/core/v3/base_pb.js"
import { FilterChainSchema } from "../../proto/envoy/config/listener/v3/listener_components_pb.js"
import { ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import type { ProxyLog } from "../accessLog.ts"
import { inboundListenerName, statName } from "../names.ts"
import { recently } from "../share/recently.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { tcpProxy, tlsInspector } from "./filters.ts"

export interface PassedService {
  readonly sni: string
  readonly cluster: string
  readonly mesh: string
  readonly service: string
}

export interface ZoneProxyListenerInput {
  readonly address: string
  readonly port: number
  /** Each SNI once, in a fixed order; at least one. */
  readonly services: ReadonlyArray<PassedService>
  readonly log: ProxyLog | null
}

/** A zone may have many services, of which one comes or goes at a time. */
const chainOf = recently(2000, ({ cluster, log, mesh, service, sni }: PassedService & { log: ProxyLog | null }) =>
  create(FilterChainSchema, {
    filterChainMatch: { transportProtocol: "tls", serverNames: [sni] },
    filters: [
      tcpProxy({
        statPrefix: statName(cluster),
        clusters: [{ cluster, weight: 1 }],
        maxConnectAttempts: 5,
        log,
        subject: { direction: "inbound", mesh, destination: service, http: false }
      })
    ]
  })
)

export const zoneProxyListener = (input: ZoneProxyListenerInput): XdsResource => {
  const name = inboundListenerName(input.address, input.port)
  return toXdsResource(TypeUrl.Listener, name, ListenerSchema, {
    name,
    address: socketAddress(input.address, input.port),
    enableReusePort: false,
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: [tlsInspector],
    filterChains: input.services.map((service) => chainOf({ ...service, log: input.log }))
  })
}
