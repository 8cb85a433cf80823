/**
 * Who calls the API. Receives what a caller brings and where it comes from; produces a user, whom nobody is by
 * accident: what isn't proved is anonymous, and a token that is wrong is refused rather than passed over. Keys and
 * revocations are read from the store each time, so that a token is over with the answer to who revoked it.
 */
import { Clock, Effect, Option, Schema } from "effect"
import { isType, type Resource, type ResourceKey } from "../../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../../model/Store.ts"
import { RecentlyUsed } from "../../RecentlyUsed.ts"
import { Refused } from "../Authenticator.ts"
import { UserClaims } from "../token/claims.ts"
import { isRevoked } from "../token/isRevoked.ts"
import { makeSigningKeys } from "../token/SigningKeys.ts"
import { keySecret, USER_TOKENS } from "../token/TokenScope.ts"
import { readKeyId, verifyToken } from "../token/verifyToken.ts"
import { admin, ANONYMOUS, authenticated, type User } from "./User.ts"

export interface Caller {
  /** Made on this machine, for this machine, with nobody in between. */
  readonly isDirectLoopback: boolean
  /** Brought a certificate that one of ours vouches for. */
  readonly hasClientCertificate: boolean
  /** Every value of `authorization`, unaltered. */
  readonly credentials: ReadonlyArray<string>
}

export interface UserAuthnConfig {
  /** `adminClientCerts`: a client certificate makes an administrator. `tokens`: it opens the connection, no more. */
  readonly type: "tokens" | "adminClientCerts"
  readonly localhostIsAdmin: boolean
}

export type UserAuthenticator = (
  caller: Caller,
  config: UserAuthnConfig
) => Effect.Effect<User, Refused | StoreUnavailable, Store>

// Kuma takes this spelling alone, and whoever uses another scheme is nobody.
const BEARER = "Bearer "

const isToken = (credential: string): boolean => credential.startsWith(BEARER)

/** A user who needs no token, or null. */
export const userWithoutToken = (
  { credentials, hasClientCertificate, isDirectLoopback }: Caller,
  { localhostIsAdmin, type }: UserAuthnConfig
): User | null => {
  if (localhostIsAdmin && isDirectLoopback) return admin("localhost")
  if (type === "adminClientCerts" && hasClientCertificate) return admin("clientCertificate")
  return credentials.some(isToken) ? null : ANONYMOUS
}

const refused = (reason: string, message: string) => Effect.fail(new Refused({ reason, message }))

const decodeClaims = Schema.decodeUnknownOption(UserClaims)

/** A serial that is guessed pushes out none that is used for long. */
const REMEMBERED_SECRETS = 64

type StoredSecret = Resource<"Secret" | "GlobalSecret">

export const makeUserAuthenticator = (): UserAuthenticator => {
  const remembered = new RecentlyUsed<StoredSecret>(REMEMBERED_SECRETS)

  /** One that says what it said before is the same object, by which is known what was made of it. */
  const read = Effect.fnUntraced(function*(key: ResourceKey<"Secret" | "GlobalSecret">) {
    const store = yield* Store
    const now: StoredSecret | null = yield* store.get(key).pipe(
      Effect.catchTag("NotFound", () => Effect.succeed(null))
    )
    if (now === null) return []
    const before = remembered.get(now.name)
    if (before !== undefined && before.spec.data === now.spec.data) return [before]
    remembered.set(now.name, now)
    return [now]
  })

  /** What the store holds of one key and of the revocations, at this moment. */
  const readSecrets = Effect.fnUntraced(function*(keyId: string) {
    const { mesh, revocations, type } = USER_TOKENS
    // Side by side they are one statement.
    const found = yield* Effect.forEach(
      [keySecret(USER_TOKENS, keyId), { type, mesh, name: revocations }], read, { concurrency: 2 }
    )
    const secrets = found.flat()
    return {
      get: <T extends Resource["type"]>({ name, type }: ResourceKey<T>): Resource<T> | undefined =>
        secrets.filter((secret) => isType(type, secret)).find((secret) => secret.name === name)
    }
  })

  return Effect.fn("UserAuthenticator.authenticate")(function*(caller, config) {
    const user = userWithoutToken(caller, config)
    if (user !== null) return user
    const [credential = "", ...others] = caller.credentials
    if (others.length > 0) {
      return yield* refused(
        "CredentialRepeated",
        `the request brings ${caller.credentials.length} values of \`authorization\`: bring exactly one`
      )
    }
    const token = credential.slice(BEARER.length)
    const secrets = yield* readSecrets(yield* Effect.fromResult(readKeyId(token)))
    const now = yield* Clock.currentTimeMillis
    const { payload, tokenId } = yield* verifyToken(makeSigningKeys(secrets), USER_TOKENS, token, now)
    if (isRevoked(secrets, USER_TOKENS, tokenId)) {
      return yield* refused("TokenRevoked", "token is revoked: generate a new one")
    }
    const claims = Option.getOrUndefined(decodeClaims(payload))
    if (claims === undefined) {
      return yield* refused("TokenClaimsMalformed", "the token's claims aren't those of a user token")
    }
    return authenticated(claims.Name, claims.Groups ?? [], "token")
  })
}
