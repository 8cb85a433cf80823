/** What a mesh says of its CA backends: `mtls.backends[]`, read and checked. */
import { Option, Schema } from "effect"
import { DataSource } from "../../model/DataSource.ts"
import { type CertificateAuthorityBackend, isKeySize, KEY_SIZE } from "../../model/Mesh.ts"
import { parseMeshDuration } from "../../model/parseDuration.ts"

const DAY_MILLIS = 24 * 3_600_000

/** Kuma's: 24 h for a workload, ten years for a builtin CA. */
export const WORKLOAD_LIFETIME_MILLIS = DAY_MILLIS
export const AUTHORITY_LIFETIME_MILLIS = 10 * 365 * DAY_MILLIS

const optional = Schema.optionalKey

const DpCert = Schema.Struct({ rotation: optional(Schema.Struct({ expiration: optional(Schema.String) })) })

const BuiltinConf = Schema.Struct({
  caCert: optional(Schema.Struct({ RSAbits: optional(Schema.Number), expiration: optional(Schema.String) }))
})

const ProvidedConf = Schema.Struct({ cert: DataSource, key: DataSource })

const duration = (field: string, text: string | undefined, absent: number): number => {
  if (text === undefined || text === "") return absent
  const millis = parseMeshDuration(text)
  if (millis === undefined || millis <= 0) {
    throw new Error(`${field}: not a valid duration: ${JSON.stringify(text)}; write one such as 24h or 10d`)
  }
  return millis
}

const decode = <S extends Schema.Codec<unknown, unknown>>(schema: S, value: unknown, advice: string): S["Type"] =>
  Option.getOrThrowWith(Schema.decodeUnknownOption(schema)(value), () => new Error(advice))

/** Milliseconds that a workload's certificate is to live. Throws where it can't be read. */
export const workloadLifetime = (backend: CertificateAuthorityBackend): number => {
  const dpCert = decode(DpCert, backend.dpCert ?? {}, "dpCert.rotation.expiration has to be a duration such as 24h")
  return duration("dpCert.rotation.expiration", dpCert.rotation?.expiration, WORKLOAD_LIFETIME_MILLIS)
}

/** How a builtin CA is to be made. Throws where it can't be read. */
export const builtinConf = (
  backend: CertificateAuthorityBackend
): { readonly rsaBits: number | undefined; readonly lifetimeMillis: number } => {
  const { caCert } = decode(BuiltinConf, backend.conf ?? {}, "conf.caCert has to hold RSAbits and expiration")
  const rsaBits = caCert?.RSAbits
  // Also where the mesh's author asked for nothing to be checked.
  if (rsaBits !== undefined && !isKeySize(rsaBits)) {
    throw new Error(`conf.caCert.RSAbits: ${KEY_SIZE}`)
  }
  return {
    rsaBits,
    lifetimeMillis: duration("conf.caCert.expiration", caCert?.expiration, AUTHORITY_LIFETIME_MILLIS)
  }
}

/** Where a provided CA is. Throws where it can't be read. */
export const providedConf = (backend: CertificateAuthorityBackend): typeof ProvidedConf.Type =>
  decode(
    ProvidedConf,
    backend.conf,
    "conf.cert and conf.key have to be defined, each by one of secret, inline, inlineString and file"
  )
