/** One certificate for one workload: a new key, the names that it is known by, a short life. */
import type { WorkloadCertificate } from "./CertificateAuthority.ts"
import { generateWorkloadKey } from "./keys.ts"
import { signFromTemplate } from "./leafTemplate.ts"
import type { SigningAuthority } from "./SigningAuthority.ts"

/** How far a peer's clock may be behind. */
const CLOCK_SKEW_MILLIS = 10_000
const SECOND = 1_000

export interface WorkloadOrder {
  readonly names: ReadonlyArray<string>
  readonly lifetimeMillis: number
  readonly backend: string
  /** Unix milliseconds. */
  readonly now: number
}

/** Never outlives its authority. */
export const issueWorkload = async (
  authority: SigningAuthority,
  { backend, lifetimeMillis, names, now }: WorkloadOrder
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
    renewAt: now + Math.floor((expiresAt - now) * 4 / 5),
    backend
  }
}
