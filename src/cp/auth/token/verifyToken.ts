/**
 * A JWT's signature and times. Receives the token and where its keys are; produces its claims, unjudged, and what it
 * may later be revoked by. RS256 is the only algorithm, whatever the header says.
 */
import { hash } from "node:crypto"
import { Effect, Predicate, Result, Schema } from "effect"
import { decodeProtectedHeader, errors, jwtVerify } from "jose"
import { Refused } from "../Authenticator.ts"
import type { SigningKeys } from "./SigningKeys.ts"
import type { TokenScope } from "./TokenScope.ts"
import type { RememberedToken, VerifiedToken } from "./VerifiedToken.ts"

const MAX_TOKEN_LENGTH = 32 * 1024

// Kuma's issuer always gives a token an id; without one it couldn't be revoked.
const Registered = Schema.Struct({
  jti: Schema.NonEmptyString,
  exp: Schema.optionalKey(Schema.Number),
  nbf: Schema.optionalKey(Schema.Number)
})
const decodeRegistered = Schema.decodeUnknownOption(Registered)

const refused = (reason: string, message: string): Refused => new Refused({ reason, message })

/**
 * Whether this is the one way to write these bytes: a decoder that skips padding, foreign characters or unused bits
 * would take several texts for one token.
 */
const isCanonical = (token: string): boolean =>
  token.split(".").every((part) => Buffer.from(part, "base64url").toString("base64url") === part)

/** The serial of the key that a token says it is signed by; nothing is verified yet. */
export const readKeyId = (token: string): Result.Result<string, Refused> => {
  try {
    const { kid } = decodeProtectedHeader(token)
    // The key's serial, and nothing else: it becomes part of a resource's name.
    return Predicate.isString(kid) && /^\d{1,9}$/.test(kid)
      ? Result.succeed(kid)
      : Result.fail(refused("TokenKeyIdMissing", "JWT token must have kid header with the serial of its signing key"))
  } catch {
    return Result.fail(refused("TokenMalformed", "could not parse token: it isn't a JWT. Generate a new one"))
  }
}

/** jose's error by its class; its text may quote claims and isn't passed on. */
const verificationFailure = (error: unknown): Refused => {
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return refused("TokenAlgorithmWrong", "unsupported token alg. The allowed algorithm is RS256")
  }
  if (error instanceof errors.JWTExpired) return refused("TokenExpired", "token is expired: generate a new one")
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf") {
    return refused(
      "TokenNotYetValid",
      "token is not yet valid: 'valid_from' date is in the future. Check if the system clock on the instance that " +
        "issued the token is set correctly"
    )
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refused("TokenSignatureInvalid", "could not parse token: its signature isn't of this control plane's key")
  }
  return refused("TokenMalformed", "could not parse token. Generate a new one")
}

/** Whether its times allow it at this moment, in whole seconds as the verifier counts; else that says why not. */
const isWithin = ({ token: { expiresAt }, validFrom }: RememberedToken, now: number): boolean => {
  const second = Math.floor(now / 1000) * 1000
  return (expiresAt === null || expiresAt > second) && (validFrom === null || validFrom <= second)
}

/** `now`: unix milliseconds. */
export const verifyToken = Effect.fnUntraced(
  function*(
    keys: SigningKeys,
    scope: TokenScope,
    token: string,
    now: number
  ): Effect.fn.Return<VerifiedToken, Refused> {
    if (token.length > MAX_TOKEN_LENGTH) {
      return yield* refused("TokenTooLong", `the token is longer than ${MAX_TOKEN_LENGTH} characters`)
    }
    if (!isCanonical(token)) {
      return yield* refused("TokenMalformed", "the token isn't three parts of unpadded base64url. Generate a new one")
    }
    const keyId = yield* Effect.fromResult(readKeyId(token))
    const { key, fingerprint, verified } = yield* Effect.fromResult(keys.find(scope, keyId))
    const digest = hash("sha256", token, "base64")
    const known = verified.get(digest)
    if (known !== undefined && isWithin(known, now)) return known.token
    const { payload } = yield* Effect.tryPromise({
      try: () => jwtVerify(token, key, { algorithms: ["RS256"], currentDate: new Date(now) }),
      catch: verificationFailure
    })
    const registered = decodeRegistered(payload)
    if (registered._tag === "None") {
      return yield* refused("TokenIdMissing", "the token has no jti, so it couldn't be revoked: generate a new one")
    }
    const { exp, jti, nbf } = registered.value
    const accepted = {
      tokenId: jti,
      keyId,
      keyFingerprint: fingerprint,
      expiresAt: exp === undefined ? null : exp * 1000,
      payload
    }
    verified.set(digest, { token: accepted, validFrom: nbf === undefined ? null : nbf * 1000 })
    return accepted
  }
)
