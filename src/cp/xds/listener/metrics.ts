/**
 * Where Prometheus scrapes a proxy. In the clear, by a certificate that lies on the proxy's host, or by the mesh's mTLS:
 * then whoever shares the proxy's address, a Prometheus beside it, needs none.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { isIPv6 } from "node:net"
import { TrafficDirection, type TransportSocket, TransportSocketSchema } from "../../proto/envoy/config/core/v3/base_pb.js"
import type { FilterChainSchema } from "../../proto/envoy/config/listener/v3/listener_components_pb.js"
import { ListenerSchema } from "../../proto/envoy/config/listener/v3/listener_pb.js"
import {
  HttpConnectionManagerSchema
} from "../../proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { TlsParameters_TlsProtocol } from "../../proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js"
import { DownstreamTlsContextSchema } from "../../proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import { statName } from "../names.ts"
import { packAny } from "../packAny.ts"
import { socketAddress } from "../socketAddress.ts"
import { downstreamMtls, TLS } from "../tls.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { filter, internalAddresses, router } from "./filters.ts"

/** Files on the proxy's host. */
export interface CertificateFiles {
  readonly certPath: string
  readonly keyPath: string
}

export interface MetricsListenerInput {
  readonly name: string
  readonly cluster: string
  readonly address: string
  readonly port: number
  readonly path: string
  /** What is asked of the cluster instead. */
  readonly rewrite: string
  /** The mesh whose mTLS it asks for, the certificate that it shows, or null. */
  readonly tls: { readonly mesh: string } | CertificateFiles | null
}

const http = ({ cluster, name, path, rewrite }: MetricsListenerInput) =>
  filter("envoy.filters.network.http_connection_manager", HttpConnectionManagerSchema, {
    statPrefix: statName(name),
    internalAddressConfig: internalAddresses,
    httpFilters: [router],
    routeSpecifier: {
      case: "routeConfig",
      value: {
        validateClusters: false,
        virtualHosts: [{
          name,
          domains: ["*"],
          routes: [{
            match: { pathSpecifier: { case: "path", value: path } },
            action: {
              case: "route",
              value: { clusterSpecifier: { case: "cluster", value: cluster }, prefixRewrite: rewrite }
            }
          }]
        }]
      }
    }
  })

const ownCertificate = ({ certPath, keyPath }: CertificateFiles): TransportSocket =>
  create(TransportSocketSchema, {
    name: TLS,
    configType: {
      case: "typedConfig",
      value: packAny(DownstreamTlsContextSchema, {
        commonTlsContext: {
          tlsParams: { tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2 },
          tlsCertificates: [{
            certificateChain: { specifier: { case: "filename", value: certPath } },
            privateKey: { specifier: { case: "filename", value: keyPath } }
          }]
        }
      })
    }
  })

const chains = (input: MetricsListenerInput): Array<MessageInitShape<typeof FilterChainSchema>> => {
  const { address, tls } = input
  const filters = [http(input)]
  if (tls === null) return [{ filters }]
  if ("certPath" in tls) return [{ filters, transportSocket: ownCertificate(tls) }]
  return [
    {
      filterChainMatch: { sourcePrefixRanges: [{ addressPrefix: address, prefixLen: isIPv6(address) ? 128 : 32 }] },
      filters
    },
    { filters, transportSocket: downstreamMtls(tls.mesh) }
  ]
}

export const metricsListener = (input: MetricsListenerInput): XdsResource =>
  toXdsResource(TypeUrl.Listener, input.name, ListenerSchema, {
    name: input.name,
    address: socketAddress(input.address, input.port),
    enableReusePort: false,
    trafficDirection: TrafficDirection.INBOUND,
    filterChains: chains(input)
  })
