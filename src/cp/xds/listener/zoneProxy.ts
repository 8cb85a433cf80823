/** The listener of a zone proxy: by its SNI, each TLS connection is passed on unread to the service that it names. */
import { TrafficDirection } from "../../proto/envoy/config/core/v3/base_pb.js"
import { ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import { inboundListenerName, statName } from "../names.ts"
import { socketAddress } from "../socketAddress.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { tcpProxy, tlsInspector } from "./filters.ts"

export interface ZoneProxyListenerInput {
  readonly proxy: string
  readonly address: string
  readonly port: number
  /** Each SNI once, in a fixed order. */
  readonly services: ReadonlyArray<{
    readonly sni: string
    readonly cluster: string
    readonly mesh: string
    readonly service: string
  }>
  readonly accessLogPath: string | null
}

/** Null where there is no service: Envoy takes no listener without a chain. */
export const zoneProxyListener = (input: ZoneProxyListenerInput): XdsResource | null => {
  if (input.services.length === 0) return null
  const name = inboundListenerName(input.address, input.port)
  return toXdsResource(TypeUrl.Listener, name, ListenerSchema, {
    name,
    address: socketAddress(input.address, input.port),
    enableReusePort: false,
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: [tlsInspector],
    filterChains: input.services.map(({ sni, cluster, mesh, service }) => ({
      filterChainMatch: { transportProtocol: "tls", serverNames: [sni] },
      filters: [
        tcpProxy({
          statPrefix: statName(cluster),
          cluster,
          maxConnectAttempts: 5,
          accessLogPath: input.accessLogPath,
          subject: {
            direction: "inbound",
            mesh,
            proxy: input.proxy,
            source: null,
            destination: service,
            http: false
          }
        })
      ]
    }))
  })
}
