/** Makes X.509 certificates: a root that signs itself, or a leaf that an authority signs. */
import "./reflectMetadata.ts"
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator
} from "@peculiar/x509"
import { readSigningKey, type SigningKey } from "./keys.ts"

/** Unix milliseconds; certificates count in seconds. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

const dates = ({ notAfter, notBefore }: Validity) => ({
  notBefore: new Date(notBefore),
  notAfter: new Date(notAfter)
})

/** PEM of a root certificate. `subject` as RFC 4514 writes it: `O=ecs-mesh, CN=default`. */
export const signRoot = async (
  keyPem: string,
  subject: string,
  names: JsonGeneralNames,
  validity: Validity
): Promise<string> => {
  const { algorithm, key, publicKey } = await readSigningKey(keyPem)
  const certificate = await X509CertificateGenerator.create({
    ...dates(validity),
    subject,
    issuer: subject,
    publicKey,
    signingKey: key,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(publicKey),
      ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)])
    ]
  })
  return `${certificate.toString("pem")}\n`
}

export interface Issuer {
  /** PEM. */
  readonly certificate: string
  readonly signingKey: SigningKey
}

/** PEM of a leaf without a subject, for servers, clients or both; its names say who it is. */
export const signLeaf = async (
  issuer: Issuer,
  keyPem: string,
  names: JsonGeneralNames,
  usages: ReadonlyArray<"server" | "client">,
  validity: Validity
): Promise<string> => {
  const { publicKey } = await readSigningKey(keyPem)
  const parent = new X509Certificate(issuer.certificate)
  const known = parent.getExtension(SubjectKeyIdentifierExtension)
  const certificate = await X509CertificateGenerator.create({
    ...dates(validity),
    issuer: parent.subjectName,
    publicKey,
    signingKey: issuer.signingKey.key,
    signingAlgorithm: issuer.signingKey.algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(
        KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyAgreement,
        true
      ),
      new ExtendedKeyUsageExtension(usages.map((usage) =>
        usage === "server" ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
      )),
      // As the CA calls its key itself: others count it otherwise.
      known === null
        ? await AuthorityKeyIdentifierExtension.create(parent.publicKey)
        : new AuthorityKeyIdentifierExtension(known.keyId),
      // "If the subject field contains an empty sequence, then the issuing CA MUST include a subjectAltName extension
      // that is marked as critical." https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
      new SubjectAlternativeNameExtension(names, true)
    ]
  })
  return `${certificate.toString("pem")}\n`
}

/** What a certificate's key may be used for. */
export const keyUsages = (pem: string): { readonly keyCertSign: boolean; readonly keyAgreement: boolean } => {
  const usages = new X509Certificate(pem).getExtension(KeyUsagesExtension)?.usages ?? 0
  return {
    keyCertSign: (usages & KeyUsageFlags.keyCertSign) !== 0,
    keyAgreement: (usages & KeyUsageFlags.keyAgreement) !== 0
  }
}
