/**
 * The control plane as an issuer of dataplane tokens for whoever runs in the same program. Signs with the mesh's newest
 * key, and judges a token as the servers do: by the keys and revocations that the store holds at this moment.
 */
import { Clock, Effect, Layer, Redacted, Stream } from "effect"
import { isType, type Resource, type ResourceKey } from "../../../model/Resource.ts"
import { type Change, Store, type StoreUnavailable } from "../../../model/Store.ts"
import { SERVICE_TAG } from "../../../model/Tags.ts"
import { type ServiceToken, TokenIssuer, TokenIssuerFailed } from "../../../model/TokenIssuer.ts"
import { isRevoked } from "./isRevoked.ts"
import { issueDataplaneToken, type TokenNotIssued } from "./issueToken.ts"
import { makeSigningKeys } from "./SigningKeys.ts"
import { dataplaneTokens, keySerial } from "./TokenScope.ts"
import { verifyToken } from "./verifyToken.ts"

const failed = (failure: TokenNotIssued | StoreUnavailable): TokenIssuerFailed =>
  new TokenIssuerFailed({
    kind: failure._tag === "StoreUnavailable" ? "unavailable" : "unknownMesh",
    message: failure.message
  })

/** A mesh's secrets as they are stored now. */
const secretsOf = Effect.fnUntraced(function*(mesh: string) {
  const secrets: ReadonlyArray<Resource> = yield* (yield* Store).list("Secret", mesh)
  return {
    get: <T extends Resource["type"]>({ name, type }: ResourceKey<T>): Resource<T> | undefined =>
      secrets.filter((secret) => isType(type, secret)).find((secret) => secret.name === name)
  }
})

const objection = Effect.fn("TokenIssuerLive.objection")(
  function*(token: Redacted.Redacted, mesh: string) {
    const secrets = yield* secretsOf(mesh)
    const scope = dataplaneTokens(mesh)
    const now = yield* Clock.currentTimeMillis
    return yield* verifyToken(makeSigningKeys(secrets), scope, Redacted.value(token), now).pipe(
      Effect.map(({ tokenId }) => isRevoked(secrets, scope, tokenId) ? "the token is revoked" : null),
      Effect.catchTag("Refused", ({ message }) => Effect.succeed(message))
    )
  },
  Effect.catchTag("StoreUnavailable", (failure) => Effect.fail(failed(failure)))
)

const issue = ({ mesh, service, validForMillis }: ServiceToken) =>
  issueDataplaneToken({ mesh, tags: { [SERVICE_TAG]: [service] }, validForMillis }).pipe(
    Effect.map((token) => Redacted.make(token)),
    Effect.mapError(failed)
  )

/** Whether it may change which tokens are good. */
export const concernsTokens = (change: Change): boolean => {
  if (change._tag === "Resynced") return true
  const { mesh, name, type } = change.key
  const scope = dataplaneTokens(mesh)
  return type === "Secret" && (name === scope.revocations || keySerial(scope, name) !== undefined)
}

export const TokenIssuerLive: Layer.Layer<TokenIssuer, never, Store> = Layer.effect(
  TokenIssuer,
  Effect.gen(function*() {
    const store = yield* Effect.context<Store>()
    const { changes } = yield* Store
    return {
      issue: (wanted) => issue(wanted).pipe(Effect.provide(store)),
      objection: (token, mesh) => objection(token, mesh).pipe(Effect.provide(store)),
      changes: changes.pipe(Stream.filter(concernsTokens), Stream.map(() => undefined))
    }
  })
)
