/**
 * Dataplane and zone tokens: JWTs that this mesh, or this zone, signed before. Receives one credential and the claim;
 * knows keys, revocations and Dataplanes from the cache alone and asks nobody.
 */
import { Clock, Effect, Option, Result, Schema } from "effect"
import { ResourceCache } from "../../snapshot/ResourceCache.ts"
import type { Identity, ProxyClaim, Refused } from "../Authenticator.ts"
import { declaredProxy } from "../declaredProxy.ts"
import { refuse } from "../refuse.ts"
import { DataplaneClaims, ZoneClaims } from "./claims.ts"
import { isRevoked } from "./isRevoked.ts"
import { judgeDataplaneClaims, judgeTokenTags, judgeZoneClaims } from "./judgeClaims.ts"
import { makeSigningKeys } from "./SigningKeys.ts"
import { dataplaneTokens, type TokenScope, ZONE_TOKENS } from "./TokenScope.ts"
import type { VerifiedToken } from "./VerifiedToken.ts"
import { verifyToken } from "./verifyToken.ts"

export type TokenIdentity = Extract<Identity, { readonly method: "dataplane-token" | "zone-token" }>

export interface TokenAuthenticator {
  readonly authenticate: (credential: string, claim: ProxyClaim) => Effect.Effect<TokenIdentity, Refused>
  /** `now`: unix milliseconds. */
  readonly lost: (identity: TokenIdentity, claim: ProxyClaim, now: number) => Refused | null
}

/** Undefined where they are none. A remembered token has the very payload that it had: it is decoded once. */
const decodeOnce = <A>(claims: Schema.Decoder<A>): (payload: object) => A | undefined => {
  const decode = Schema.decodeUnknownOption(claims)
  const known = new WeakMap<object, A | undefined>()
  return (payload) => {
    if (known.has(payload)) return known.get(payload)
    const decoded = Option.getOrUndefined(decode(payload))
    known.set(payload, decoded)
    return decoded
  }
}
const dataplaneClaims = decodeOnce(DataplaneClaims)
const zoneClaims = decodeOnce(ZoneClaims)

const malformed = () => refuse("TokenClaimsMalformed", "the token's claims aren't those of a token of this kind")

const scopeOf = (method: TokenIdentity["method"], claim: ProxyClaim): TokenScope =>
  method === "dataplane-token" ? dataplaneTokens(claim.mesh) : ZONE_TOKENS

export const makeTokenAuthenticator = (zone: string): Effect.Effect<TokenAuthenticator, never, ResourceCache> =>
  Effect.gen(function*() {
    const resources = yield* ResourceCache
    const keys = makeSigningKeys(resources)

    /** What may change while a stream is open. Each is asked about every few seconds: no generator, nor what it leaves. */
    const judgeNow = (identity: TokenIdentity, claim: ProxyClaim, now: number): Result.Result<void, Refused> => {
      if (identity.expiresAt !== null && identity.expiresAt <= now) {
        return refuse("TokenExpired", "token is expired: generate a new one")
      }
      const scope = scopeOf(identity.method, claim)
      const key = keys.find(scope, identity.keyId)
      if (Result.isFailure(key)) return Result.fail(key.failure)
      if (key.success.fingerprint !== identity.keyFingerprint) {
        return refuse("SigningKeyReplaced", "the token's signing key was replaced: generate a new token")
      }
      if (isRevoked(resources, scope, identity.tokenId)) {
        return refuse("TokenRevoked", "token is revoked: generate a new one")
      }
      // Most tokens demand nothing of a Dataplane.
      if (identity.workload === null && Object.keys(identity.tags).length === 0) return Result.void
      const declared = declaredProxy(resources, claim)
      return declared === undefined ? Result.void : judgeTokenTags(identity.tags, identity.workload, declared)
    }

    const identityOf = (
      { payload, ...proof }: VerifiedToken,
      claim: ProxyClaim
    ): Result.Result<TokenIdentity, Refused> =>
      Result.gen(function*() {
        if (claim.proxyType === "dataplane") {
          const claims = dataplaneClaims(payload)
          if (claims === undefined) return yield* malformed()
          yield* judgeDataplaneClaims(claims, claim)
          const workload = claims.Workload === undefined || claims.Workload === "" ? null : claims.Workload
          return { method: "dataplane-token" as const, ...proof, tags: claims.Tags ?? {}, workload }
        }
        const claims = zoneClaims(payload)
        if (claims === undefined) return yield* malformed()
        yield* judgeZoneClaims(claims, claim, zone)
        return { method: "zone-token" as const, ...proof, tags: {}, workload: null }
      })

    return {
      authenticate: Effect.fnUntraced(function*(credential: string, claim: ProxyClaim) {
        const now = yield* Clock.currentTimeMillis
        const method = claim.proxyType === "dataplane" ? "dataplane-token" : "zone-token"
        const verified = yield* verifyToken(keys, scopeOf(method, claim), credential, now)
        const identity = yield* Effect.fromResult(identityOf(verified, claim))
        yield* Effect.fromResult(judgeNow(identity, claim, now))
        return identity
      }),
      lost: (identity, claim, now) => {
        const judged = judgeNow(identity, claim, now)
        return Result.isFailure(judged) ? judged.failure : null
      }
    }
  })
