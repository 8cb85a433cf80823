/** What a kind of token has to sign with, and what it is given where it has nothing. The highest serial signs. */
import { generateKeyPair } from "node:crypto"
import { Effect } from "effect"
import type { DesiredResource, Resource } from "../../../model/Resource.ts"
import { type PutOptions, Store, type StoreUnavailable } from "../../../model/Store.ts"
import { keySecret, keySerial, type TokenScope } from "./TokenScope.ts"

export interface SigningKey {
  /** Serial of the key, the `kid` of its tokens. */
  readonly keyId: string
  /** PEM (PKCS #1), as Kuma keeps it. */
  readonly pem: string
}

const RSA_BITS = 2048

const generatePem: Effect.Effect<string> = Effect.callback<string>((resume) => {
  generateKeyPair("rsa", { modulusLength: RSA_BITS }, (error, _, key) => {
    if (error !== null) return resume(Effect.die(error))
    resume(Effect.succeed(key.export({ type: "pkcs1", format: "pem" }).toString()))
  })
})

/** Undefined where the scope has no key yet. What its secret holds isn't judged here. */
export const latestSigningKey = (
  scope: TokenScope
): Effect.Effect<SigningKey | undefined, StoreUnavailable, Store> =>
  Effect.gen(function*() {
    const store = yield* Store
    const secrets: ReadonlyArray<Resource<"Secret" | "GlobalSecret">> = yield* store.list(scope.type, scope.mesh)
    const [latest] = secrets
      .flatMap((secret) => {
        const serial = keySerial(scope, secret.name)
        return serial === undefined ? [] : [{ secret, serial }]
      })
      .sort((a, b) => b.serial - a.serial)
    return latest === undefined
      ? undefined
      : { keyId: String(latest.serial), pem: Buffer.from(latest.secret.spec.data ?? "", "base64").toString("utf8") }
  })

const secretOf = (scope: TokenScope, pem: string): DesiredResource<"Secret" | "GlobalSecret"> =>
  ({ ...keySecret(scope, "1"), labels: {}, spec: { data: Buffer.from(pem, "utf8").toString("base64") } })

/** The secret of a first key, to be put where nothing is; none where the scope has a key. */
export const missingSigningKey = Effect.fnUntraced(function*(
  scope: TokenScope
): Effect.fn.Return<ReadonlyArray<DesiredResource<"Secret" | "GlobalSecret">>, StoreUnavailable, Store> {
  return (yield* latestSigningKey(scope)) === undefined ? [secretOf(scope, yield* generatePem)] : []
})

/** The key that signs; made with serial 1 where there is none. Replicas that do so at once end with the same key. */
export const ensureSigningKey = Effect.fn("ensureSigningKey")(
  function*(scope: TokenScope, options: Pick<PutOptions, "given"> = {}): Effect.fn.Return<SigningKey, StoreUnavailable, Store> {
    const existing = yield* latestSigningKey(scope)
    if (existing !== undefined) return existing
    const store = yield* Store
    const pem = yield* generatePem
    const written = yield* store.put(secretOf(scope, pem), { ...options, expect: "absent" }).pipe(
      Effect.as({ keyId: "1", pem }),
      // Another replica was first: its key is the key.
      Effect.catchTag("Conflict", () => latestSigningKey(scope))
    )
    return written ?? { keyId: "1", pem }
  }
)
