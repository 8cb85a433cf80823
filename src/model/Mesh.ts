/** A mesh: who may join it and which authority signs its workloads' certificates. Kuma's `Mesh`. */
import { Schema } from "effect"

export const CertificateAuthorityBackend = Schema.Struct({
  name: Schema.String,
  type: Schema.String,
  mode: Schema.optionalKey(Schema.Literals(["STRICT", "PERMISSIVE"])),
  dpCert: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  conf: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  rootChain: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
export type CertificateAuthorityBackend = typeof CertificateAuthorityBackend.Type

export const Mtls = Schema.Struct({
  enabledBackend: Schema.optionalKey(Schema.String),
  skipValidation: Schema.optionalKey(Schema.Boolean),
  backends: Schema.optionalKey(Schema.Array(CertificateAuthorityBackend))
})

export const Mesh = Schema.Struct({
  mtls: Schema.optionalKey(Mtls),
  skipCreatingInitialPolicies: Schema.optionalKey(Schema.Array(Schema.String)),
  meshServices: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  networking: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  routing: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  constraints: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  logging: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  metrics: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  tracing: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})
export type Mesh = typeof Mesh.Type

/** The backend that signs, or undefined where mTLS is off. */
export const enabledBackend = (mesh: Mesh): CertificateAuthorityBackend | undefined => {
  const name = mesh.mtls?.enabledBackend
  return name === undefined || name === ""
    ? undefined
    : mesh.mtls?.backends?.find((backend) => backend.name === name)
}
