/**
 * A dataplane token's claims, unverified: enough to tell whom it is for and when it ends. Who trusts it verifies it.
 * Pure.
 */
import { Option, Schema } from "effect"
import { parseJson } from "../../model/parseJson.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"

export interface TokenClaims {
  /** The empty string restricts nothing. */
  readonly mesh: string
  /** Values of `kuma.io/service` that it allows; null: every one. */
  readonly services: ReadonlyArray<string> | null
  /** `jti`: what it is revoked by. */
  readonly id: string | null
  /** Unix milliseconds; null where it doesn't say. */
  readonly issuedAt: number | null
  /** Null: never. */
  readonly expiresAt: number | null
}

const Payload = Schema.Struct({
  Mesh: Schema.optionalKey(Schema.String),
  Tags: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Array(Schema.String)))),
  jti: Schema.optionalKey(Schema.String),
  iat: Schema.optionalKey(Schema.Number),
  exp: Schema.optionalKey(Schema.Number)
})

const decodePayload = Schema.decodeUnknownOption(Payload)

const PART = /^[A-Za-z0-9_-]+$/

const millis = (seconds: number | undefined): number | null => seconds === undefined ? null : seconds * 1000

/** Null where it isn't a token of this kind. */
export const readToken = (token: string): TokenClaims | null => {
  const parts = token.split(".")
  const [, payload = ""] = parts
  if (parts.length !== 3 || !parts.every((part) => PART.test(part))) return null
  const parsed = parseJson(Buffer.from(payload, "base64url").toString("utf8"))
  if (!("value" in parsed)) return null
  const claims = Option.getOrNull(decodePayload(parsed.value))
  if (claims === null) return null
  return {
    mesh: claims.Mesh ?? "",
    services: claims.Tags?.[SERVICE_TAG] ?? null,
    id: claims.jti ?? null,
    issuedAt: millis(claims.iat),
    expiresAt: millis(claims.exp)
  }
}
