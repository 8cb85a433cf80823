/** A mesh: who may join it and which authority signs its workloads' certificates. Kuma's `Mesh`. */
import { Effect, Schema } from "effect"
import { Tags } from "./Tags.ts"

const Unknowns = Schema.Record(Schema.String, Schema.Unknown)
/** Missing is empty, as protobuf has it. */
const Text = Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))
const Flag = Schema.optionalKey(Schema.Boolean)

export const CertificateAuthorityBackend = Schema.Struct({
  name: Text,
  type: Text,
  dpCert: Schema.optionalKey(
    Schema.Struct({
      /** `24h`, `1d`: see `parseMeshDuration`. */
      rotation: Schema.optionalKey(Schema.Struct({ expiration: Schema.optionalKey(Schema.String) })),
      requestTimeout: Schema.optionalKey(Schema.String)
    })
  ),
  conf: Schema.optionalKey(Unknowns),
  mode: Schema.optionalKey(Schema.Literals(["STRICT", "PERMISSIVE"])),
  rootChain: Schema.optionalKey(Schema.Struct({ requestTimeout: Schema.optionalKey(Schema.String) }))
})
export type CertificateAuthorityBackend = typeof CertificateAuthorityBackend.Type

export const Mtls = Schema.Struct({
  enabledBackend: Schema.optionalKey(Schema.String),
  backends: Schema.optionalKey(Schema.Array(CertificateAuthorityBackend)),
  skipValidation: Flag
})

const TagRules = Schema.optionalKey(Schema.Array(Schema.Struct({ tags: Schema.optionalKey(Tags) })))

export const Constraints = Schema.Struct({
  dataplaneProxy: Schema.optionalKey(Schema.Struct({ requirements: TagRules, restrictions: TagRules }))
})

export const Mesh = Schema.Struct({
  mtls: Schema.optionalKey(Mtls),
  tracing: Schema.optionalKey(Unknowns),
  logging: Schema.optionalKey(Unknowns),
  metrics: Schema.optionalKey(Unknowns),
  networking: Schema.optionalKey(
    Schema.Struct({ outbound: Schema.optionalKey(Schema.Struct({ passthrough: Flag })) })
  ),
  routing: Schema.optionalKey(
    Schema.Struct({
      localityAwareLoadBalancing: Flag,
      zoneEgress: Flag,
      defaultForbidMeshExternalServiceAccess: Flag
    })
  ),
  constraints: Schema.optionalKey(Constraints),
  skipCreatingInitialPolicies: Schema.optionalKey(Schema.Array(Schema.String)),
  meshServices: Schema.optionalKey(
    Schema.Struct({
      mode: Schema.optionalKey(Schema.Literals(["Disabled", "Everywhere", "ReachableBackends", "Exclusive"]))
    })
  )
})
export type Mesh = typeof Mesh.Type

/**
 * Bits of an RSA key that a builtin backend may ask for. One of 8,192 takes longer to make than a client waits for its
 * Mesh to be written, and a thread for all that time.
 */
const LEAST_RSA_BITS = 2_048
const MOST_RSA_BITS = 4_096

export const KEY_SIZE = `has to be a whole number from ${LEAST_RSA_BITS} to ${MOST_RSA_BITS}; a larger key can be brought ` +
  "as a provided backend"

export const isKeySize = (bits: unknown): boolean =>
  Number.isInteger(bits) && Number(bits) >= LEAST_RSA_BITS && Number(bits) <= MOST_RSA_BITS

/** The backend that signs, or undefined where mTLS is off. */
export const enabledBackend = (mesh: Mesh): CertificateAuthorityBackend | undefined => {
  const name = mesh.mtls?.enabledBackend
  return name === undefined || name === ""
    ? undefined
    : mesh.mtls?.backends?.find((backend) => backend.name === name)
}
