/** Private keys: made, written as PEM, and read from whichever PEM their owner has. */
import { createECDH, createPrivateKey, createPublicKey, type KeyObject, webcrypto } from "node:crypto"
import { pem } from "./der.ts"

export interface SigningKey {
  readonly key: webcrypto.CryptoKey
  readonly publicKey: webcrypto.CryptoKey
  /** What certificates signed with the key say. */
  readonly algorithm: { readonly name: string; readonly hash: string }
}

const P256 = { name: "ECDSA", namedCurve: "P-256" } as const
const USAGES: ReadonlyArray<webcrypto.KeyUsage> = ["sign", "verify"]

/** `identifier`: DER of the AlgorithmIdentifier of a signature, ecdsa-with-SHA256 and so on. */
const CURVES: Readonly<
  Record<string, { readonly namedCurve: string; readonly hash: string; readonly identifier: string }>
> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256", identifier: "300a06082a8648ce3d040302" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384", identifier: "300a06082a8648ce3d040303" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512", identifier: "300a06082a8648ce3d040304" }
}
/** sha256WithRSAEncryption */
const RSA_IDENTIFIER = "300d06092a864886f70d01010b0500"

/** PKCS #8 PEM of a new key: ECDSA P-256, or RSA of so many bits where a number is given. */
export const generateKeyPem = async (rsaBits?: number): Promise<string> => {
  const { privateKey } = rsaBits === undefined
    ? await webcrypto.subtle.generateKey(P256, true, [...USAGES])
    : await webcrypto.subtle.generateKey(
      { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: rsaBits, publicExponent: new Uint8Array([1, 0, 1]) },
      true,
      [...USAGES]
    )
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey))
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" })
  return key.export({ format: "pem", type: "pkcs8" }).toString()
}

const algorithmOf = (key: KeyObject) => {
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  const curve = CURVES[namedCurve ?? ""]
  if (key.asymmetricKeyType === "ec" && curve !== undefined) {
    return {
      importAs: { name: "ECDSA", namedCurve: curve.namedCurve },
      algorithm: { name: "ECDSA", hash: curve.hash },
      identifier: curve.identifier
    }
  }
  if (key.asymmetricKeyType === "rsa") {
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
    return { importAs: algorithm, algorithm, identifier: RSA_IDENTIFIER }
  }
  const kind = namedCurve ?? key.asymmetricKeyType
  throw new Error(`a key of type ${kind} can't sign: use RSA, or EC on P-256, P-384 or P-521`)
}

export interface Signature {
  /** As node:crypto knows it. */
  readonly digest: string
  /** DER of the AlgorithmIdentifier. */
  readonly algorithm: Uint8Array
  /** Takes less than handing it to the thread pool does. */
  readonly isQuick: boolean
}

/** How a key signs. Throws where it can't. */
export const signatureOf = (key: KeyObject): Signature => {
  const { algorithm, identifier } = algorithmOf(key)
  return {
    digest: algorithm.hash.replace("-", ""),
    algorithm: Buffer.from(identifier, "hex"),
    isQuick: identifier === CURVES["prime256v1"]?.identifier
  }
}

/**
 * How a P-256 key is written down, but for its private number and its public point: PKCS #8 around SEC 1, and
 * SubjectPublicKeyInfo. https://www.rfc-editor.org/rfc/rfc5915#section-3, https://www.rfc-editor.org/rfc/rfc5480
 */
const PKCS8 = Buffer.from("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420", "hex")
const PKCS8_POINT = Buffer.from("a144034200", "hex")
const SPKI = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex")
const P256_OCTETS = 32

/** Each of its keys replaces the one before; what they are used for is not its business. */
const p256 = createECDH("prime256v1")

/** A new ECDSA P-256 private key as PKCS #8 PEM, and DER of its public half. */
export interface WorkloadKey {
  readonly privateKeyPem: string
  readonly spki: Uint8Array
}

/** `secret`: the private number without leading zeros; `point`: the public one, uncompressed. */
export const writeWorkloadKey = (secret: Buffer, point: Buffer): WorkloadKey => {
  // "privateKey is the private key. It is an octet string of length ceiling (log2(n)/8)".
  const zeros = Buffer.alloc(P256_OCTETS - secret.length)
  return {
    privateKeyPem: pem("PRIVATE KEY", Buffer.concat([PKCS8, zeros, secret, PKCS8_POINT, point])),
    spki: Buffer.concat([SPKI, point])
  }
}

/**
 * At once: making it takes 20 µs, and handing it to the thread pool and back costs more. OpenSSL's own writer, which
 * works on this thread in either case, takes three times as long as the rest together.
 */
export const generateWorkloadKey = (): WorkloadKey => {
  const point = p256.generateKeys()
  return writeWorkloadKey(p256.getPrivateKey(), point)
}

/** Reads PKCS #8, PKCS #1 and SEC 1. Throws where it is no private key, or of a kind that Envoy doesn't take. */
export const readSigningKey = async (pem: string): Promise<SigningKey> => {
  const key = createPrivateKey(pem)
  const { algorithm, importAs } = algorithmOf(key)
  const pkcs8 = key.export({ format: "der", type: "pkcs8" })
  const spki = createPublicKey(key).export({ format: "der", type: "spki" })
  return {
    key: await webcrypto.subtle.importKey("pkcs8", pkcs8, importAs, false, ["sign"]),
    publicKey: await webcrypto.subtle.importKey("spki", spki, importAs, true, ["verify"]),
    algorithm
  }
}
