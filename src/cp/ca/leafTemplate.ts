/**
 * Workloads' certificates, from a template: whatever is the same in all that a CA signs is encoded once, by the
 * library, and each one then costs its key, its names, its dates and a signature.
 */
import "./reflectMetadata.ts"
import { createPrivateKey, type KeyObject, randomBytes, sign } from "node:crypto"
import { promisify } from "node:util"
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate
} from "@peculiar/x509"
import { bitString, element, explicit, integer, octetString, pem, sequence, time } from "./der.ts"
import { type Signature, signatureOf } from "./keys.ts"
import type { Validity } from "./signCertificate.ts"

export interface LeafTemplate extends Signature {
  readonly key: KeyObject
  /** Name of the CA. */
  readonly issuer: Uint8Array
  /** All but the names. */
  readonly extensions: Uint8Array
}

const VERSION_3 = explicit(0, integer(Uint8Array.of(2)))
const NO_SUBJECT = sequence()
const SUBJECT_ALTERNATIVE_NAME = Buffer.from("0603551d11", "hex")
const CRITICAL = Buffer.from("0101ff", "hex")
/** `uniformResourceIdentifier [6] IA5String` */
const URI = 0x86

const signInThePool = promisify(sign)

/** For a CA by its certificate, which is checked already, and its key; both PEM. */
export const leafTemplate = async (certificatePem: string, keyPem: string): Promise<LeafTemplate> => {
  const key = createPrivateKey(keyPem)
  const ca = new X509Certificate(certificatePem)
  // "The value of the keyIdentifier field SHOULD be derived from the public key used to verify the certificate's
  // signature or a method that generates unique values", and has to be what the CA's own certificate says.
  // https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.1
  const known = ca.getExtension(SubjectKeyIdentifierExtension)
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(
      KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyAgreement,
      true
    ),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    known === null
      ? await AuthorityKeyIdentifierExtension.create(ca.publicKey)
      : new AuthorityKeyIdentifierExtension(known.keyId)
  ]
  return {
    key,
    ...signatureOf(key),
    issuer: new Uint8Array(ca.subjectName.toArrayBuffer()),
    extensions: Buffer.concat(extensions.map(({ rawData }) => new Uint8Array(rawData)))
  }
}

/** Whether a certificate can say it: what no IA5String holds would be read as other characters, as another's name. */
export const isUri = (name: string): boolean => /^[\x21-\x7e]+$/.test(name)

const uri = (name: string): Buffer => {
  if (!isUri(name)) throw new Error(`${JSON.stringify(name)} can't be a certificate's name: use ASCII`)
  return element(URI, Buffer.from(name, "latin1"))
}

/** 127 random bits: "Conforming CAs MUST NOT use serialNumber values longer than 20 octets", nor any twice. */
const serialNumber = (): Buffer => {
  const octets = randomBytes(16)
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40
  return integer(octets)
}

/** PEM of a leaf without a subject, for both ends of a connection. `spki`: DER of its public key. */
export const signFromTemplate = async (
  { algorithm, digest, extensions, isQuick, issuer, key }: LeafTemplate,
  spki: Uint8Array,
  names: ReadonlyArray<string>,
  { notAfter, notBefore }: Validity
): Promise<string> => {
  // "If the subject field contains an empty sequence, then the issuing CA MUST include a subjectAltName extension
  // that is marked as critical." https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6
  const alternatives = sequence(SUBJECT_ALTERNATIVE_NAME, CRITICAL, octetString(sequence(...names.map(uri))))
  const certificate = sequence(
    VERSION_3,
    serialNumber(),
    algorithm,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    NO_SUBJECT,
    spki,
    explicit(3, sequence(extensions, alternatives))
  )
  // An RSA key's takes a quarter of a millisecond and more, one on P-256 a tenth of that.
  const signature = isQuick ? sign(digest, certificate, key) : await signInThePool(digest, certificate, key)
  return pem("CERTIFICATE", sequence(certificate, algorithm, bitString(signature)))
}
