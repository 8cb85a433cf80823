/** Where a kind of token keeps its signing keys and its revocations, by Kuma's names. */
import type { ResourceKey } from "../../../model/Resource.ts"

export interface TokenScope {
  readonly type: "Secret" | "GlobalSecret"
  /** The empty string for keys that belong to no mesh. */
  readonly mesh: string
  /** A key is called `<keyPrefix>-<serial>`. */
  readonly keyPrefix: string
  readonly revocations: string
}

/** Dataplane tokens are signed by a key of their mesh. */
export const dataplaneTokens = (mesh: string): TokenScope => ({
  type: "Secret",
  mesh,
  keyPrefix: `dataplane-token-signing-key-${mesh}`,
  revocations: `dataplane-token-revocations-${mesh}`
})

export const ZONE_TOKENS: TokenScope = {
  type: "GlobalSecret",
  mesh: "",
  keyPrefix: "zone-token-signing-key",
  revocations: "zone-token-revocations"
}

/** What people and their tools bring to the API. */
export const USER_TOKENS: TokenScope = {
  type: "GlobalSecret",
  mesh: "",
  keyPrefix: "user-token-signing-key",
  revocations: "user-token-revocations"
}

/** The serial of the signing key that a secret of this name is, or undefined where it's none of this scope. */
export const keySerial = ({ keyPrefix }: TokenScope, name: string): number | undefined => {
  const serial = name.startsWith(`${keyPrefix}-`) ? name.slice(keyPrefix.length + 1) : ""
  return /^\d{1,9}$/.test(serial) ? Number(serial) : undefined
}

/** `keyId`: the key's serial, which is the token's header `kid`. */
export const keySecret = (
  { type, mesh, keyPrefix }: TokenScope,
  keyId: string
): ResourceKey<"Secret" | "GlobalSecret"> => ({ type, mesh, name: `${keyPrefix}-${keyId}` })
