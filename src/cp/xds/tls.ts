/**
 * Both ends of the mesh's mTLS. The certificate and the CA come as secrets over ADS, so that a new certificate
 * changes no listener and no cluster and ends no connection.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { type TransportSocket, TransportSocketSchema } from "../proto/envoy/config/core/v3/base_pb.js"
import {
  type SubjectAltNameMatcherSchema,
  SubjectAltNameMatcher_SanType
} from "../proto/envoy/extensions/transport_sockets/tls/v3/common_pb.js"
import {
  type CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema
} from "../proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import { overAds } from "./configSource.ts"
import { caSecretName, identitySecretName, spiffeId } from "./names.ts"
import { packAny } from "./packAny.ts"
import { recently } from "./share/recently.ts"

/** ALPN by which a permissive inbound tells the mesh's TLS from the workload's own. */
export const KUMA_ALPN = "kuma"

export const TLS = "envoy.transport_sockets.tls"

type SanMatcher = MessageInitShape<typeof SubjectAltNameMatcherSchema>

const commonContext = (
  mesh: string,
  sans: ReadonlyArray<SanMatcher>
): MessageInitShape<typeof CommonTlsContextSchema> => ({
  tlsCertificateSdsSecretConfigs: [{ name: identitySecretName(mesh), sdsConfig: overAds }],
  validationContextType: {
    case: "combinedValidationContext",
    value: {
      defaultValidationContext: { matchTypedSubjectAltNames: [...sans] },
      validationContextSdsSecretConfig: { name: caSecretName(mesh), sdsConfig: overAds }
    }
  }
})

/** Server end that takes nobody without a certificate. */
export const mutualDownstream = (commonTlsContext: MessageInitShape<typeof CommonTlsContextSchema>): TransportSocket =>
  create(TransportSocketSchema, {
    name: TLS,
    configType: {
      case: "typedConfig",
      value: packAny(DownstreamTlsContextSchema, { requireClientCertificate: true, commonTlsContext })
    }
  })

/** Server end: takes any client of the mesh; who may call is the permissions' business. */
export const downstreamMtls = recently(100, (mesh: string): TransportSocket =>
  mutualDownstream(commonContext(mesh, [{
    sanType: SubjectAltNameMatcher_SanType.URI,
    matcher: { matchPattern: { case: "prefix", value: spiffeId(mesh, "") } }
  }]))
)

/** Client end: takes only a server that proves to be one of those services, of which there must be one at least. */
export const upstreamMtls = (mesh: string, services: ReadonlyArray<string>, sni: string): TransportSocket =>
  create(TransportSocketSchema, {
    name: TLS,
    configType: {
      case: "typedConfig",
      value: packAny(UpstreamTlsContextSchema, {
        sni,
        commonTlsContext: {
          ...commonContext(mesh, services.map((service) => ({
            sanType: SubjectAltNameMatcher_SanType.URI,
            matcher: { matchPattern: { case: "exact", value: spiffeId(mesh, service) } }
          }))),
          alpnProtocols: [KUMA_ALPN]
        }
      })
    }
  })
