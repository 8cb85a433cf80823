/** Signs dataplane, zone and user tokens with the newest key of their kind, in the form that Kuma's tools expect. */
import { createPrivateKey, randomUUID } from "node:crypto"
import { Clock, Effect, Schema } from "effect"
import { SignJWT } from "jose"
import type { Store, StoreUnavailable } from "../../../model/Store.ts"
import { latestSigningKey } from "./ensureSigningKey.ts"
import { dataplaneTokens, keySecret, type TokenScope, USER_TOKENS, ZONE_TOKENS } from "./TokenScope.ts"

/** No token could be signed. `message` says what is missing. */
export class TokenNotIssued extends Schema.TaggedError<TokenNotIssued>()("TokenNotIssued", {
  reason: Schema.Literals(["SigningKeyNotFound", "SigningKeyUnusable"]),
  message: Schema.String
}) {}

export interface DataplaneTokenRequest {
  readonly mesh: string
  /** Restricts nothing where empty or absent; likewise the others. */
  readonly name?: string
  readonly tags?: Readonly<Record<string, ReadonlyArray<string>>>
  readonly type?: string
  readonly workload?: string
  readonly validForMillis: number
}

export interface ZoneTokenRequest {
  readonly zone: string
  readonly scope: ReadonlyArray<string>
  readonly validForMillis: number
}

export interface UserTokenRequest {
  readonly name: string
  /** null: none, in Kuma's words. */
  readonly groups: ReadonlyArray<string> | null
  readonly validForMillis: number
}

/** Clocks of control planes may differ by this much. */
const SKEW_SECONDS = 5

const sign = Effect.fn("issueToken")(
  function*(scope: TokenScope, claims: Readonly<Record<string, unknown>>, validForMillis: number): Effect.fn.Return<
    string,
    TokenNotIssued | StoreUnavailable,
    Store
  > {
    const key = yield* latestSigningKey(scope)
    if (key === undefined) {
      return yield* new TokenNotIssued({
        reason: "SigningKeyNotFound",
        message: `Signing Key not found: there is no ${scope.type} "${keySecret(scope, "1").name}"` +
          `${scope.mesh === "" ? "" : ` in mesh "${scope.mesh}": create the mesh first`}`
      })
    }
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    return yield* Effect.tryPromise({
      try: () =>
        new SignJWT({ ...claims })
          .setProtectedHeader({ alg: "RS256", kid: key.keyId, typ: "JWT" })
          .setJti(randomUUID())
          .setIssuedAt(now - SKEW_SECONDS)
          .setNotBefore(now - SKEW_SECONDS)
          .setExpirationTime(now + Math.ceil(validForMillis / 1000))
          .sign(createPrivateKey(key.pem)),
      catch: () =>
        new TokenNotIssued({
          reason: "SigningKeyUnusable",
          message: `the ${scope.type} "${keySecret(scope, key.keyId).name}" holds no private RSA key: tokens of this ` +
            "kind are issued elsewhere"
        })
    })
  }
)

export const issueDataplaneToken = (
  { mesh, name = "", tags = {}, type = "", workload = "", validForMillis }: DataplaneTokenRequest
): Effect.Effect<string, TokenNotIssued | StoreUnavailable, Store> =>
  sign(dataplaneTokens(mesh), { Name: name, Mesh: mesh, Tags: tags, Type: type, Workload: workload }, validForMillis)

export const issueZoneToken = (
  { zone, scope, validForMillis }: ZoneTokenRequest
): Effect.Effect<string, TokenNotIssued | StoreUnavailable, Store> =>
  sign(ZONE_TOKENS, { Zone: zone, Scope: scope }, validForMillis)

export const issueUserToken = (
  { name, groups, validForMillis }: UserTokenRequest
): Effect.Effect<string, TokenNotIssued | StoreUnavailable, Store> =>
  sign(USER_TOKENS, { Name: name, Groups: groups }, validForMillis)
