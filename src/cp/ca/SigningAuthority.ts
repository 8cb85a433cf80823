/** A CA's certificate and key, checked and ready to sign. */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { type LeafTemplate, leafTemplate } from "./leafTemplate.ts"
import { keyUsages } from "./signCertificate.ts"

/** What is configured or kept of a CA. */
export interface AuthorityPems {
  /** The signing certificate first; others of its chain may follow. */
  readonly certificatePem: string
  readonly keyPem: string
}

export interface SigningAuthority {
  readonly template: LeafTemplate
  /** What follows a leaf that it signed, up to the root and without it; PEM, may be empty. */
  readonly intermediates: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g

/** All that others may be told of it: a CA's certificate and its key often stand in one text. */
export const certificatesOf = (text: string): ReadonlyArray<string> => text.match(CERTIFICATE) ?? []

/** Why a certificate may not sign, in Kuma's words. */
const violations = (pem: string): ReadonlyArray<string> => {
  const usages = keyUsages(pem)
  return [
    ...(new X509Certificate(pem).ca
      ? []
      : ["basic constraint 'CA' must be set to 'true' (see X509-SVID: 4.1. Basic Constraints)"]),
    ...(usages.keyCertSign ? [] : ["key usage extension 'keyCertSign' must be set (see X509-SVID: 4.3. Key Usage)"]),
    ...(usages.keyAgreement
      ? ["key usage extension 'keyAgreement' must NOT be set (see X509-SVID: Appendix A. X.509 Field Reference)"]
      : [])
  ]
}

/** Throws with every reason why this pair can't sign. */
export const signingAuthority = async (pems: AuthorityPems): Promise<SigningAuthority> => {
  const chain = certificatesOf(pems.certificatePem)
  const [certificate] = chain
  if (certificate === undefined) throw new Error("cert: not a valid TLS key pair: there is no PEM certificate in it")
  const parsed = new X509Certificate(certificate)
  if (!parsed.checkPrivateKey(createPrivateKey(pems.keyPem))) {
    throw new Error("cert: not a valid TLS key pair: the key isn't the certificate's")
  }
  const found = chain.flatMap((pem, index) => violations(pem).map((violation) => `cert[${index}]: ${violation}`))
  if (found.length > 0) throw new Error(found.join("; "))
  const intermediates = chain.filter((pem) => {
    const { issuer, subject } = new X509Certificate(pem)
    return issuer !== subject
  })
  return {
    template: await leafTemplate(certificate, pems.keyPem),
    intermediates: intermediates.map((pem) => `${pem}\n`).join(""),
    expiresAt: Date.parse(parsed.validTo)
  }
}
