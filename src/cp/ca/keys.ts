/** Private keys: made, written as PEM, and read from whichever PEM their owner has. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, webcrypto } from "node:crypto"

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

/** How a key signs: node:crypto's name of the digest, and DER of the AlgorithmIdentifier. Throws where it can't. */
export const signatureOf = (key: KeyObject): { readonly digest: string; readonly algorithm: Uint8Array } => {
  const { algorithm, identifier } = algorithmOf(key)
  return { digest: algorithm.hash.replace("-", ""), algorithm: Buffer.from(identifier, "hex") }
}

/**
 * A new ECDSA P-256 key: PKCS #8 PEM, and DER of its public half. At once: making it takes 20 µs and writing it down,
 * which the thread pool leaves to this thread anyway, 60 µs.
 */
export const generateWorkloadKey = (): { readonly privateKeyPem: string; readonly spki: Uint8Array } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", {
    namedCurve: "prime256v1",
    privateKeyEncoding: { format: "pem", type: "pkcs8" },
    publicKeyEncoding: { format: "der", type: "spki" }
  })
  return { privateKeyPem: privateKey, spki: publicKey }
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
