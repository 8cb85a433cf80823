/**
 * Asks the issuer for a token once at the start, so that what is wrong with its address, certificate or user token is
 * said then, and not when the first task waits. The token is for nobody, lives a second and is dropped.
 */
import { Effect } from "effect"
import { TokenIssuer } from "../../model/TokenIssuer.ts"

const FIRST_MILLIS = 1_000
const LAST_MILLIS = 60_000

/** Until it issues one. A mesh that isn't there is no fault of the issuer's. */
export const tryIssuer = Effect.fn("tryIssuer")(function*() {
  const issuer = yield* TokenIssuer
  let told: string | null = null
  for (let wait = FIRST_MILLIS;; wait = Math.min(2 * wait, LAST_MILLIS)) {
    const problem = yield* issuer.issue({ mesh: "default", service: "ecs-mesh-try", validForMillis: 1_000 }).pipe(
      Effect.as(null),
      Effect.catchTag("TokenIssuerFailed", ({ kind, message }) => Effect.succeed(kind === "unknownMesh" ? null : message))
    )
    if (problem === null) return yield* Effect.logInfo("The control plane's API issues dataplane tokens")
    if (problem !== told) {
      told = problem
      yield* Effect.logWarning("The control plane issues no dataplane token; it is tried again, less and less often").pipe(
        Effect.annotateLogs({ reason: problem })
      )
    }
    yield* Effect.sleep(wait)
  }
})
