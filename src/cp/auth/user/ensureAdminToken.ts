/**
 * The administrator's token, for whoever may read secrets on the machine: there before anybody asks for it, and made
 * anew where the keys of users' tokens have changed under it, as what points to it would find a token that nobody knows.
 */
import { Clock, Effect, Option, Result, Schema } from "effect"
import { decodeJwt } from "jose"
import { isType, type Resource, type ResourceKey } from "../../../model/Resource.ts"
import { Store } from "../../../model/Store.ts"
import { UserClaims } from "../token/claims.ts"
import { ensureSigningKey } from "../token/ensureSigningKey.ts"
import { issueUserToken } from "../token/issueToken.ts"
import { makeSigningKeys } from "../token/SigningKeys.ts"
import { keySecret, USER_TOKENS } from "../token/TokenScope.ts"
import { readKeyId, verifyToken } from "../token/verifyToken.ts"
import { ADMIN_GROUP, ADMIN_NAME } from "./User.ts"

export const ADMIN_TOKEN = "admin-user-token"

const KEY = { type: "GlobalSecret", mesh: "", name: ADMIN_TOKEN } as const

const TEN_YEARS = 10 * 365 * 24 * 3_600_000

const find = Effect.fnUntraced(function*(key: ResourceKey<"Secret" | "GlobalSecret">) {
  const store = yield* Store
  const found: Resource<"Secret" | "GlobalSecret"> | null = yield* store.get(key).pipe(
    Effect.catchTag("NotFound", () => Effect.succeed(null))
  )
  return found
})

/** `before`: what it takes the place of; null where there was none. */
const make = Effect.fnUntraced(function*(before: Resource | null) {
  const store = yield* Store
  yield* issueUserToken({ name: ADMIN_NAME, groups: [ADMIN_GROUP], validForMillis: TEN_YEARS }).pipe(
    Effect.flatMap((token) =>
      store.put(
        { ...KEY, labels: {}, spec: { data: Buffer.from(token, "utf8").toString("base64") } },
        { expect: before?.version ?? "absent" }
      )
    ),
    Effect.andThen(
      before === null
        ? Effect.logInfo("The first administrator's token was made: on this machine, `curl " +
          `localhost:5681/global-secrets/${ADMIN_TOKEN}\` shows it in base64`)
        : Effect.logWarning(`The GlobalSecret ${ADMIN_TOKEN} was made anew: what it held was signed by a key that is ` +
          "there no more")
    ),
    Effect.catchTags({
      // Another replica came first.
      Conflict: () => Effect.void,
      // Who keeps only the public half signs elsewhere.
      TokenNotIssued: ({ message }) =>
        Effect.logWarning("No admin user token was made").pipe(Effect.annotateLogs({ why: message }))
    })
  )
})

const decodeClaims = Schema.decodeUnknownOption(UserClaims)

/** Whether a token says that it is an administrator's, as those say that are made here. */
const isAdmins = (token: string): boolean => {
  try {
    return Option.exists(decodeClaims(decodeJwt(token)), ({ Name }) => Name === ADMIN_NAME)
  } catch {
    return false
  }
}

/** What a token is refused for that a change of keys brought about. */
const LOST: ReadonlySet<string> = new Set(["SigningKeyNotFound", "SigningKeyUnusable", "TokenSignatureInvalid"])

/** Whether it is a token such as is made here, and its key isn't there any more. Other data is somebody's own. */
const isOrphan = Effect.fnUntraced(function*({ spec }: Resource<"Secret" | "GlobalSecret">) {
  const token = Buffer.from(spec.data ?? "", "base64").toString("utf8").trim()
  const keyId = Result.getOrElse(readKeyId(token), () => null)
  if (keyId === null || !isAdmins(token)) return false
  const secret = yield* find(keySecret(USER_TOKENS, keyId))
  const keys = makeSigningKeys({
    get: <T extends Resource["type"]>({ type }: ResourceKey<T>): Resource<T> | undefined =>
      secret !== null && isType(type, secret) ? secret : undefined
  })
  return yield* verifyToken(keys, USER_TOKENS, token, yield* Clock.currentTimeMillis).pipe(
    Effect.match({ onSuccess: () => false, onFailure: ({ reason }) => LOST.has(reason) })
  )
})

/** At start. Who wants another one removes the secret and starts again, or generates one. */
export const ensureAdminToken = Effect.fn("ensureAdminToken")(function*() {
  const before = yield* find(KEY)
  if (before !== null && !(yield* isOrphan(before))) return
  yield* ensureSigningKey(USER_TOKENS)
  yield* make(before)
})

/** After the keys of users' tokens were changed. One that was removed stays so until a start. */
export const renewAdminToken = Effect.fn("renewAdminToken")(
  function*() {
    const before = yield* find(KEY)
    if (before !== null && (yield* isOrphan(before))) yield* make(before)
  },
  // The keys are changed, and whoever changed them is told so; a start tries it again.
  Effect.catchTag("StoreUnavailable", ({ message }) =>
    Effect.logWarning(`The GlobalSecret ${ADMIN_TOKEN} couldn't be looked after`).pipe(
      Effect.annotateLogs({ why: message })
    ))
)
