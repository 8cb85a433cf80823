/** The first administrator's token, for whoever may read secrets on the machine: there before anybody asks for it. */
import { Effect } from "effect"
import { Store } from "../../../model/Store.ts"
import { ensureSigningKey } from "../token/ensureSigningKey.ts"
import { issueUserToken } from "../token/issueToken.ts"
import { USER_TOKENS } from "../token/TokenScope.ts"
import { ADMIN_GROUP, ADMIN_NAME } from "./User.ts"

export const ADMIN_TOKEN = "admin-user-token"

const TEN_YEARS = 10 * 365 * 24 * 3_600_000

/** Made once; who wants another one removes the secret and starts again, or generates one. */
export const ensureAdminToken = Effect.fn("ensureAdminToken")(function*() {
  const store = yield* Store
  const key = { type: "GlobalSecret", mesh: "", name: ADMIN_TOKEN } as const
  const missing = yield* store.get(key).pipe(
    Effect.as(false),
    Effect.catchTag("NotFound", () => Effect.succeed(true))
  )
  if (!missing) return
  yield* ensureSigningKey(USER_TOKENS)
  yield* issueUserToken({ name: ADMIN_NAME, groups: [ADMIN_GROUP], validForMillis: TEN_YEARS }).pipe(
    Effect.flatMap((token) =>
      store.put(
        { ...key, labels: {}, spec: { data: Buffer.from(token, "utf8").toString("base64") } },
        { expect: "absent" }
      )
    ),
    Effect.andThen(
      Effect.logInfo("The first administrator's token was made: on this machine, `curl localhost:5681/global-secrets/" +
        `${ADMIN_TOKEN}\` shows it in base64`)
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
