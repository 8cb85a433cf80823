/**
 * A mesh's certificate authority: the port that trust and workload certificates are taken from.
 */
import { Context, type Effect, Schema } from "effect"
import type { Tags } from "../../model/Tags.ts"

/** The authority can't be had now, or the mesh's configuration of it is wrong. */
export class CaUnavailable extends Schema.TaggedError<CaUnavailable>()("CaUnavailable", {
  mesh: Schema.String,
  message: Schema.String
}) {}

/** Nothing that the authority could do: the proxy's own tags give it no name. */
export class NoIdentity extends Schema.TaggedError<NoIdentity>()("NoIdentity", {
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
  /**
   * When another is issued, so that whoever serves it can ask again by then; Unix milliseconds. Between 4/5 and 17/20 of
   * its life, always the same for one proxy: those that were issued together are not all due together.
   */
  readonly renewAt: number
  /** Name of the mTLS backend that issued it. */
  readonly backend: string
}

export interface CertificateRequest {
  /** Name of the Dataplane (or zone proxy) that it is for. */
  readonly proxy: string
  /** Tag sets of its inbounds (or its gateway): SPIFFE and `kuma://` names come from these. */
  readonly tags: ReadonlyArray<Tags>
}

/** A mesh's authority as the mesh configures it at the moment. */
export interface MeshAuthority {
  /** PEM of every CA that the mesh's workloads trust. */
  readonly trustBundle: string
  /** The one that the proxy was given before, where it still is the one to serve; asks nobody. */
  readonly current: (request: CertificateRequest) => WorkloadCertificate | undefined
  /** The one to serve now: `current`, or else another. Those who ask for one proxy at the same time get the same. */
  readonly certificate: (
    request: CertificateRequest
  ) => Effect.Effect<WorkloadCertificate, CaUnavailable | NoIdentity>
}

export class CertificateAuthority extends Context.Service<
  CertificateAuthority,
  {
    /** Creates a builtin CA on first use, once across replicas. */
    readonly open: (mesh: string) => Effect.Effect<MeshAuthority, CaUnavailable>
    /** The proxy left. What it was given is kept for a few minutes, so that coming back costs no other. */
    readonly left: (mesh: string, proxy: string) => void
  }
>()("ecs-mesh/cp/ca/CertificateAuthority") {}
