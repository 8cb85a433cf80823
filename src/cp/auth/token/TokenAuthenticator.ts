/**
 * Dataplane and zone tokens: JWTs that this mesh, or this zone, signed before. Receives one credential and the claim;
 * knows keys, revocations and Dataplanes from the cache alone and asks nobody.
 */
import { Clock, Effect, Option, Result, Schema } from "effect"
import { decodeJwt } from "jose"
import { ResourceCache } from "../../snapshot/ResourceCache.ts"
import { type Identity, type ProxyClaim, Refused } from "../Authenticator.ts"
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

const decodeMesh = Schema.decodeUnknownOption(Schema.Struct({ Mesh: Schema.String }))

/** The mesh that a token names, before anything of it is verified. */
const namedMesh = (token: string): string | null => {
  try {
    return Option.match(decodeMesh(decodeJwt(token)), { onNone: () => null, onSome: ({ Mesh }) => Mesh })
  } catch {
    return null
  }
}

/** What may be the other kind of token, signed with its own key. */
const MISTAKABLE: ReadonlySet<string> = new Set(["TokenSignatureInvalid", "SigningKeyNotFound"])

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

    /**
     * One that was taken for the other kind is told so, where a key of that kind vouches for it: who brings it has it
     * from here, and learns nothing else.
     */
    const mistaken = Effect.fnUntraced(function*(
      refused: Refused,
      method: TokenIdentity["method"],
      token: string,
      now: number
    ) {
      const mesh = method === "zone-token" ? namedMesh(token) : null
      const other = method === "dataplane-token" ? ZONE_TOKENS : mesh === null ? null : dataplaneTokens(mesh)
      if (other === null || !MISTAKABLE.has(refused.reason)) return yield* refused
      const isOther = yield* verifyToken(keys, other, token, now).pipe(Effect.match({
        onSuccess: () => true, onFailure: () => false
      }))
      if (!isOther) return yield* refused
      return yield* new Refused({
        reason: refused.reason,
        message: method === "zone-token"
          ? "it is a dataplane token, and an ingress or egress needs a zone token: `kumactl generate zone-token`"
          : "it is a zone token, and a workload's proxy needs a dataplane token: `kumactl generate dataplane-token`"
      })
    })

    return {
      authenticate: Effect.fnUntraced(function*(credential: string, claim: ProxyClaim) {
        const now = yield* Clock.currentTimeMillis
        const method = claim.proxyType === "dataplane" ? "dataplane-token" : "zone-token"
        const verified = yield* verifyToken(keys, scopeOf(method, claim), credential, now).pipe(
          Effect.catch((refused) => mistaken(refused, method, credential, now))
        )
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
