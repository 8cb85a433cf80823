/** One certificate for one workload: a new key, the names that it is known by, a short life. */
import { createHash } from "node:crypto"
import type { WorkloadCertificate } from "./CertificateAuthority.ts"
import { generateWorkloadKey } from "./keys.ts"
import { signFromTemplate } from "./leafTemplate.ts"
import type { SigningAuthority } from "./SigningAuthority.ts"

/** How far a peer's clock may be behind. */
const CLOCK_SKEW_MILLIS = 10_000
const SECOND = 1_000

export interface WorkloadOrder {
  /** Whom it is for: decides at which moment of the window it is renewed. */
  readonly proxy: string
  readonly names: ReadonlyArray<string>
  readonly lifetimeMillis: number
  readonly backend: string
  /** Unix milliseconds. */
  readonly now: number
}

/** The part of a certificate's life in which it is to be renewed: those issued together are renewed one by one. */
const RENEWED_FROM = 4 / 5
const RENEWED_BY = 17 / 20

/** From 0 to 1, evenly; for one name always the same, so that proxies that were spread stay so. */
const spreadOf = (name: string): number => createHash("sha256").update(name).digest().readUInt32BE() / 2 ** 32

/** Never outlives its authority. */
export const issueWorkload = async (
  authority: SigningAuthority,
  { backend, lifetimeMillis, names, now, proxy }: WorkloadOrder
): Promise<WorkloadCertificate> => {
  const { privateKeyPem, spki } = generateWorkloadKey()
  // Certificates count in seconds.
  const expiresAt = Math.floor(Math.min(now + lifetimeMillis, authority.expiresAt) / SECOND) * SECOND
  const leaf = await signFromTemplate(authority.template, spki, names, {
    notBefore: now - CLOCK_SKEW_MILLIS,
    notAfter: expiresAt
  })
  return {
    certificatePem: leaf + authority.intermediates,
    privateKeyPem,
    issuedAt: now,
    expiresAt,
    renewAt: now + Math.floor((expiresAt - now) * (RENEWED_FROM + (RENEWED_BY - RENEWED_FROM) * spreadOf(proxy))),
    backend
  }
}
