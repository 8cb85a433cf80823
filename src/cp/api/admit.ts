/**
 * Whom a request is from, and whether they may make it: before anything of its body is read. Nobody who isn't known
 * gets further than `GET /`, unless anonymous access is on.
 */
import { Clock, Effect } from "effect"
import { hash } from "node:crypto"
import type { Store, StoreUnavailable } from "../../model/Store.ts"
import type { Refused } from "../auth/Authenticator.ts"
import { type Action, denial } from "../auth/user/Access.ts"
import { ANONYMOUS, isAnonymous, type User } from "../auth/user/User.ts"
import { makeUserAuthenticator, userWithoutToken } from "../auth/user/UserAuthenticator.ts"
import type { ApiServerConfig } from "../config/ApiServerConfig.ts"
import { placeOf } from "../door/placeOf.ts"
import { RecentlyUsed } from "../RecentlyUsed.ts"
import type { RequestHead } from "./ApiRequest.ts"
import { RateLimit } from "./RateLimit.ts"
import { accessDenied, invalidToken, loginNeeded, type Refusal, tooOften } from "./Refusal.ts"
import type { Route } from "./Route.ts"

/** What is asked for, where not everybody may. */
const reservedIn = (route: Route): { readonly action: Action; readonly what: string } | null => {
  switch (route._tag) {
    case "Journal":
      return { action: "adminResources", what: "the journal" }
    case "Config":
      return { action: "controlPlaneMetadata", what: "control-plane metadata" }
    case "Tokens": {
      const actions = { dataplane: "generateDpToken", user: "generateUserToken", zone: "generateZoneToken" } as const
      return { action: actions[route.kind], what: `generate ${route.kind} token` }
    }
    case "Inspect":
      return route.entry.reserved ?? null
    case "Collection":
    case "Single":
      return route.descriptor.adminOnly
        ? { action: "adminResources", what: `the resource of type "${route.descriptor.type}"` }
        : null
    default:
      return null
  }
}

/** Wrong tokens a second of one address. */
const WRONG_TOKENS = 10

const REMEMBERED_TOKENS = 10_000

/** Whose requests are counted together. */
export const callerName = (user: User, address: string): string =>
  user.method === "token" ? `user ${user.name}` : `address ${placeOf(address)}`

export type Admission = (head: RequestHead) => Effect.Effect<User, Refusal | StoreUnavailable, Store>

export const makeAdmission = (config: ApiServerConfig): Admission => {
  const authenticate = makeUserAuthenticator()
  const requests = new RateLimit(config.limits.requestsPerSecond)
  const wrongTokens = new RateLimit(WRONG_TOKENS)

  // Who was let in before isn't kept out by others that come from the same place, a load balancer say.
  const accepted = new RecentlyUsed<true>(REMEMBERED_TOKENS)
  const refuseToken = (head: RequestHead, { message, reason }: Refused) =>
    Effect.logInfo("A token of a caller of the API is refused").pipe(
      Effect.annotateLogs({ reason, remoteAddress: head.remoteAddress, path: head.rawPath }),
      Effect.andThen(Effect.fail(invalidToken(message)))
    )

  /** What may be a guess counts before it is looked at, so that many at once are no more than one after the other. */
  const identify = (head: RequestHead, now: number): ReturnType<Admission> => {
    const { caller, remoteAddress } = head
    const place = placeOf(remoteAddress)
    const digest = hash("sha256", caller.credentials.join("\n"), "base64")
    const counts = userWithoutToken(caller, config.authn) === null && accepted.get(digest) === undefined
    if (counts && !wrongTokens.take(place, now)) return tooOften("wrong tokens")
    const giveBack = Effect.sync(() => {
      if (counts) wrongTokens.giveBack(place, now)
    })
    return authenticate(caller, config.authn).pipe(
      Effect.tap((user) => Effect.sync(() => user.method === "token" && accepted.set(digest, true))),
      Effect.tap(giveBack),
      Effect.tapErrorTag("StoreUnavailable", () => giveBack),
      Effect.catchTag("Refused", (refused) => {
        // What was good once is a guess like any other from now on.
        accepted.forget(digest)
        return refuseToken(head, refused)
      })
    )
  }

  return Effect.fnUntraced(function*(head) {
    const now = yield* Clock.currentTimeMillis
    // Whoever asks what this is needn't say who they are, and isn't told that it was said wrongly.
    if (head.route._tag === "Index") {
      const counted = !head.caller.isDirectLoopback
      return counted && !requests.take(callerName(ANONYMOUS, head.remoteAddress), now)
        ? yield* tooOften("requests")
        : ANONYMOUS
    }
    const user = yield* identify(head, now)
    if (user.method !== "localhost" && !requests.take(callerName(user, head.remoteAddress), now)) {
      return yield* tooOften("requests")
    }
    if (isAnonymous(user) && !config.anonymousAccess) return yield* loginNeeded
    const reserved = reservedIn(head.route)
    const denied = reserved === null ? null : denial(config.access, reserved.action, user, reserved.what)
    return denied === null ? user : yield* accessDenied(denied)
  })
}
