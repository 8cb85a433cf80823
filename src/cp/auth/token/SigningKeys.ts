/** The public halves of signing keys, by `kid`, read from the cache alone. Each secret's text is parsed once. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto"
import { Result } from "effect"
import type { Resource } from "../../../model/Resource.ts"
import type { ResourceCache } from "../../snapshot/ResourceCache.ts"
import { RecentlyUsed } from "../../RecentlyUsed.ts"
import type { Refused } from "../Authenticator.ts"
import { refuse } from "../refuse.ts"
import { keySecret, type TokenScope } from "./TokenScope.ts"
import type { RememberedToken } from "./VerifiedToken.ts"

export interface VerifyingKey {
  readonly key: KeyObject
  /** SHA-256 of the public key: another key under the same `kid` has another. */
  readonly fingerprint: string
  /**
   * What this key's signature vouches for, by the token's digest: that it does never changes. It is forgotten with the
   * key, so that one that is replaced or removed lets nobody in.
   */
  readonly verified: RecentlyUsed<RememberedToken>
}

/** A proxy brings its token to its bootstrap and to each stream. */
const REMEMBERED_TOKENS = 4_096

export interface SigningKeys {
  readonly find: (scope: TokenScope, keyId: string) => Result.Result<VerifyingKey, Refused>
}

/**
 * Kuma keeps a PEM: `RSA PRIVATE KEY`, or `RSA PUBLIC KEY` or `PUBLIC KEY` where tokens are only verified. Its first
 * versions kept the DER of the private key.
 */
const readKey = (base64: string): VerifyingKey | undefined => {
  const bytes = Buffer.from(base64, "base64")
  try {
    const key = bytes.includes("-----BEGIN ")
      ? createPublicKey(bytes)
      : createPublicKey(createPrivateKey({ key: bytes, format: "der", type: "pkcs1" }))
    // RFC 7518, 3.3: "A key of size 2048 bits or larger MUST be used".
    if (key.asymmetricKeyType !== "rsa" || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return undefined
    const der = key.export({ type: "spki", format: "der" })
    const fingerprint = createHash("sha256").update(der).digest("hex")
    return { key, fingerprint, verified: new RecentlyUsed(REMEMBERED_TOKENS) }
  } catch {
    return undefined
  }
}

/** Resources are never altered, only replaced. */
const parsed = new WeakMap<Resource, VerifyingKey>()

export const makeSigningKeys = (resources: Pick<ResourceCache["Service"], "get">): SigningKeys => ({
  find: (scope, keyId) => {
    const name = keySecret(scope, keyId)
    const secret = resources.get(name)
    if (secret === undefined) {
      return refuse(
        "SigningKeyNotFound",
        `there is no signing key with KID ${keyId}. ${scope.type} of name "${name.name}"` +
          `${scope.mesh === "" ? "" : ` in mesh "${scope.mesh}"`} is not found. ` +
          "If signing key was rotated, regenerate the token"
      )
    }
    const known = parsed.get(secret) ?? readKey(secret.spec.data ?? "")
    if (known === undefined) {
      return refuse(
        "SigningKeyUnusable",
        `the ${scope.type} "${name.name}" holds no RSA key of 2048 bits or more: put a signing key there anew`
      )
    }
    parsed.set(secret, known)
    return Result.succeed(known)
  }
})
