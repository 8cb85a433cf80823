/**
 * The cluster of something outside of the mesh. Where it is stands in the cluster itself; the proxy of its caller is
 * what speaks TLS to it, and looks its hostnames up.
 */
import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf"
import { type TransportSocket, TransportSocketSchema } from "../../proto/envoy/config/core/v3/base_pb.js"
import {
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  ClusterSchema
} from "../../proto/envoy/config/cluster/v3/cluster_pb.js"
import type {
  LocalityLbEndpointsSchema
} from "../../proto/envoy/config/endpoint/v3/endpoint_components_pb.js"
import {
  type CertificateValidationContextSchema,
  SubjectAltNameMatcher_SanType,
  TlsParameters_TlsProtocol
} from "../../proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js"
import { UpstreamTlsContextSchema } from "../../proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import { isIpAddress } from "../../../model/isIpAddress.ts"
import { SERVICE_TAG } from "../../../model/Tags.ts"
import type { ExternalTlsView, TlsVersion } from "../../snapshot/ExternalBackend.ts"
import { isHttp, type Protocol } from "../../snapshot/Protocol.ts"
import type { OutsideInput } from "../Callable.ts"
import { duration } from "../duration.ts"
import { statName } from "../names.ts"
import { packAny } from "../packAny.ts"
import { applyToCluster, type Confs } from "../policies/effects.ts"
import type { ClusterTimeouts } from "../policies/MeshTimeout.ts"
import { socketAddress } from "../socketAddress.ts"
import { TLS } from "../tls.ts"
import { toXdsResource } from "../toXdsResource.ts"
import { TypeUrl, type XdsResource } from "../XdsResource.ts"
import { httpOptions } from "./httpOptions.ts"
import { circuitBreakers, outlierDetection } from "./outbound.ts"

export interface ExternalClusterInput {
  readonly name: string
  /** At least one. */
  readonly outside: ReadonlyArray<OutsideInput>
  readonly protocol: Protocol
  readonly timeouts: ClusterTimeouts
  readonly confs: Confs
  /** File with the CAs that the proxy's system trusts. */
  readonly systemCaPath: string
}

/** By which an endpoint's transport socket is found where there are several. */
const EXTERNAL_TAG = "kuma.io/external-service-name"

const TLS_VERSION: Readonly<Record<TlsVersion, TlsParameters_TlsProtocol>> = {
  TLSAuto: TlsParameters_TlsProtocol.TLS_AUTO,
  TLS10: TlsParameters_TlsProtocol.TLSv1_0,
  TLS11: TlsParameters_TlsProtocol.TLSv1_1,
  TLS12: TlsParameters_TlsProtocol.TLSv1_2,
  TLS13: TlsParameters_TlsProtocol.TLSv1_3
}

const inline = (pem: string) => ({ specifier: { case: "inlineBytes", value: Buffer.from(pem) } }) as const

/** A name may be a host's or an address's. */
const nameMatchers = ({ names }: ExternalTlsView) =>
  [SubjectAltNameMatcher_SanType.DNS, SubjectAltNameMatcher_SanType.IP_ADDRESS].flatMap((sanType) =>
    names.map(({ type, value }) => ({
      sanType,
      matcher: { matchPattern: { case: type === "Prefix" ? "prefix" : "exact", value } } as const
    })))

const validation = (tls: ExternalTlsView, systemCaPath: string) => {
  if (tls.trust._tag === "Anybody") return {}
  const value: MessageInitShape<typeof CertificateValidationContextSchema> = {
    trustedCa: tls.trust._tag === "Pem"
      ? inline(tls.trust.pem)
      : { specifier: { case: "filename", value: systemCaPath } },
    matchTypedSubjectAltNames: nameMatchers(tls)
  }
  return { validationContextType: { case: "validationContext", value } as const }
}

const transportSocket = (tls: ExternalTlsView, systemCaPath: string, protocol: Protocol): TransportSocket =>
  create(TransportSocketSchema, {
    name: TLS,
    configType: {
      case: "typedConfig",
      value: packAny(UpstreamTlsContextSchema, {
        allowRenegotiation: tls.allowRenegotiation,
        ...(tls.serverName === null ? {} : { sni: tls.serverName }),
        commonTlsContext: {
          ...validation(tls, systemCaPath),
          tlsParams: {
            tlsMinimumProtocolVersion: TLS_VERSION[tls.minVersion],
            tlsMaximumProtocolVersion: TLS_VERSION[tls.maxVersion]
          },
          alpnProtocols: protocol === "http2" || protocol === "grpc" ? ["h2"] : [],
          tlsCertificates: tls.clientCertificate === null || tls.clientKey === null
            ? []
            : [{ certificateChain: inline(tls.clientCertificate), privateKey: inline(tls.clientKey) }]
        }
      })
    }
  })

const metadataOf = ({ name, tags }: OutsideInput): JsonObject => {
  const { [SERVICE_TAG]: _, ...others } = tags
  return Object.fromEntries(
    Object.entries({ ...others, [EXTERNAL_TAG]: name }).sort(([a], [b]) => (a < b ? -1 : 1))
  )
}

type Locality = MessageInitShape<typeof LocalityLbEndpointsSchema>

/** Priorities without gaps, as Envoy wants them. */
const localities = (outside: ReadonlyArray<OutsideInput>): Array<Locality> => {
  const endpoints = outside.flatMap((one) =>
    one.backend.endpoints.map((endpoint) => ({ ...endpoint, metadata: metadataOf(one) })))
  return [...Map.groupBy(endpoints, ({ priority }) => priority)]
    .sort(([a], [b]) => a - b)
    .map(([, ofPriority], priority): Locality => ({
      priority,
      locality: { subZone: `priority-${priority}` },
      lbEndpoints: ofPriority.map(({ address, metadata, port }) => ({
        hostIdentifier: { case: "endpoint", value: { address: socketAddress(address, port) } } as const,
        loadBalancingWeight: 1,
        metadata: { filterMetadata: { "envoy.lb": metadata, "envoy.transport_socket_match": metadata } }
      }))
    }))
}

const sockets = ({ outside, protocol, systemCaPath }: ExternalClusterInput) => {
  const [first, ...others] = outside
  if (first !== undefined && others.length === 0) {
    const { tls } = first.backend
    return tls === null ? {} : { transportSocket: transportSocket(tls, systemCaPath, protocol) }
  }
  return {
    transportSocketMatches: outside.flatMap(({ backend: { tls }, name }) =>
      tls === null ? [] : [{
        name,
        match: { [EXTERNAL_TAG]: name },
        transportSocket: transportSocket(tls, systemCaPath, protocol)
      }])
  }
}

export const hasHostnames = (outside: ReadonlyArray<OutsideInput>): boolean =>
  outside.some(({ backend }) => backend.endpoints.some(({ address }) => !isIpAddress(address)))

export const externalCluster = (input: ExternalClusterInput): XdsResource => {
  const { confs, name, outside, protocol, timeouts } = input
  const cluster = create(ClusterSchema, {
    name,
    altStatName: statName(name),
    clusterDiscoveryType: {
      case: "type",
      value: hasHostnames(outside) ? Cluster_DiscoveryType.STRICT_DNS : Cluster_DiscoveryType.STATIC
    },
    dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
    connectTimeout: duration(timeouts.connection),
    circuitBreakers,
    outlierDetection,
    loadAssignment: { clusterName: name, endpoints: localities(outside) },
    ...sockets(input),
    ...(isHttp(protocol)
      ? { typedExtensionProtocolOptions: httpOptions({ version: protocol === "http" ? "http1" : "http2", timeouts }) }
      : {})
  })
  return toXdsResource(TypeUrl.Cluster, name, ClusterSchema, applyToCluster(cluster, confs))
}
