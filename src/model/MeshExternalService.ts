/** Something outside of the mesh that is called through the sidecar. Kuma's `MeshExternalService`. */
import { Effect, Schema } from "effect"
import { MeshDataSource } from "./DataSource.ts"
import { Extension } from "./Extension.ts"

const Flag = Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))

export const TLS_VERSIONS = ["TLSAuto", "TLS10", "TLS11", "TLS12", "TLS13"] as const

const TlsVersion = Schema.Literals(TLS_VERSIONS).pipe(
  Schema.withDecodingDefaultKey(Effect.succeed("TLSAuto" as const))
)

export const SanMatch = Schema.Struct({
  type: Schema.Literals(["Exact", "Prefix"]).pipe(Schema.withDecodingDefaultKey(Effect.succeed("Exact" as const))),
  value: Schema.String
})
export type SanMatch = typeof SanMatch.Type

export const Verification = Schema.Struct({
  mode: Schema.Literals(["SkipSAN", "SkipCA", "Secured", "SkipAll"]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("Secured" as const))
  ),
  /** Asked for by SNI; an endpoint's own hostname where absent. */
  serverName: Schema.optionalKey(Schema.String),
  subjectAltNames: Schema.optionalKey(Schema.Array(SanMatch)),
  caCert: Schema.optionalKey(MeshDataSource),
  clientCert: Schema.optionalKey(MeshDataSource),
  clientKey: Schema.optionalKey(MeshDataSource)
})
export type Verification = typeof Verification.Type

export const ExternalTls = Schema.Struct({
  enabled: Flag,
  version: Schema.optionalKey(Schema.Struct({ min: TlsVersion, max: TlsVersion })),
  allowRenegotiation: Flag,
  verification: Schema.optionalKey(Verification)
})
export type ExternalTls = typeof ExternalTls.Type

export const ExternalEndpoint = Schema.Struct({
  /** An IP address or a hostname. */
  address: Schema.String,
  port: Schema.Number,
  /** Envoy's, 0 is the highest. */
  priority: Schema.optionalKey(Schema.Number)
})
export type ExternalEndpoint = typeof ExternalEndpoint.Type

export const MeshExternalService = Schema.Struct({
  match: Schema.Struct({
    type: Schema.Literals(["HostnameGenerator"]).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed("HostnameGenerator" as const))
    ),
    port: Schema.Number,
    protocol: Schema.Literals(["tcp", "grpc", "http", "http2"]).pipe(
      Schema.withDecodingDefaultKey(Effect.succeed("tcp" as const))
    )
  }),
  extension: Schema.optionalKey(Extension),
  endpoints: Schema.optionalKey(Schema.Array(ExternalEndpoint)),
  tls: Schema.optionalKey(ExternalTls)
})
export type MeshExternalService = typeof MeshExternalService.Type
