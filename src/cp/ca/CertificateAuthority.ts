/**
 * A mesh's certificate authority: the port that snapshots take trust and workload certificates from.
 */
import { Context, type Effect, Schema } from "effect"
import type { Tags } from "../../model/Tags.ts"

/** The authority can't be had now, or the mesh's configuration of it is wrong. */
export class CaUnavailable extends Schema.TaggedError<CaUnavailable>()("CaUnavailable", {
  mesh: Schema.String,
  message: Schema.String
}) {}

export interface WorkloadCertificate {
  /** Leaf first, then intermediates. */
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** Unix milliseconds. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** When another is issued (4/5 of its life), so that whoever serves it can ask again by then; Unix milliseconds. */
  readonly renewAt: number
  /** Name of the mTLS backend that issued it. */
  readonly backend: string
}

export interface CertificateRequest {
  readonly mesh: string
  /** Name of the Dataplane (or zone proxy) that it is for. */
  readonly proxy: string
  /** Tag sets of its inbounds (or its gateway): SPIFFE and `kuma://` names come from these. */
  readonly tags: ReadonlyArray<Tags>
}

export class CertificateAuthority extends Context.Service<
  CertificateAuthority,
  {
    /** PEM of every CA that the mesh's workloads trust; creates a builtin CA on first use, once across replicas. */
    readonly trustBundle: (mesh: string) => Effect.Effect<string, CaUnavailable>
    /**
     * The certificate to serve now. The same request gives the same certificate until 4/5 of its life,
     * or until the CA or the tags change.
     */
    readonly certificate: (request: CertificateRequest) => Effect.Effect<WorkloadCertificate, CaUnavailable>
    /** Drops what is kept for a proxy that left. */
    readonly forget: (mesh: string, proxy: string) => void
  }
>()("ecs-mesh/cp/ca/CertificateAuthority") {}
