/** Whether what was signed is one fresh GetCallerIdentity with our binding, and nothing else. Pure. */
import { Result } from "effect"
import { BINDING_HEADER } from "../../../model/bindingValue.ts"
import type { Refused } from "../Authenticator.ts"
import { refuse } from "../refuse.ts"
import type { PresignedUrl } from "./parsePresignedUrl.ts"

/** A presigned call that is worth asking STS about. */
export interface SignedCall extends PresignedUrl {
  /** Lower-case hex; two calls with the same signature are the same call. */
  readonly signature: string
  /** Unix milliseconds from which on it is refused. */
  readonly expiresAt: number
}

export const SIGNED_HEADERS = `host;${BINDING_HEADER}`
export const MAX_AHEAD_MILLIS = 2 * 60_000
/** Nothing is good for longer than 15 minutes: an older token has always expired. */
const MAX_EXPIRES_SECONDS = 900

const EXACT = [
  ["Action", "GetCallerIdentity", "ActionWrong"],
  ["Version", "2011-06-15", "VersionWrong"],
  ["X-Amz-Algorithm", "AWS4-HMAC-SHA256", "AlgorithmWrong"],
  // The whole list as one text: nothing optional, nothing more, nothing out of order.
  ["X-Amz-SignedHeaders", SIGNED_HEADERS, "SignedHeadersWrong"]
] as const

/** Unix milliseconds of `20260102T030405Z`, or undefined where there is no such instant. */
const parseAmzDate = (text: string): number | undefined => {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const millis = Date.parse(iso)
  // 30 February rolls over to March: only what comes back unaltered is a date.
  return Number.isNaN(millis) || new Date(millis).toISOString() !== iso ? undefined : millis
}

const checkTime = (
  { parameters }: PresignedUrl,
  now: number
): Result.Result<{ readonly day: string; readonly expiresAt: number }, Refused> => {
  const date = parseAmzDate(parameters["X-Amz-Date"])
  if (date === undefined) return refuse("DateMalformed", "the token's X-Amz-Date isn't a date like 20260102T030405Z")
  if (date > now + MAX_AHEAD_MILLIS) {
    return refuse("DateInFuture", "the token is dated more than 2 minutes ahead: check the clock of the task's host")
  }
  const expires = /^[1-9]\d{0,2}$/.test(parameters["X-Amz-Expires"]) ? Number(parameters["X-Amz-Expires"]) : 0
  if (expires < 1 || expires > MAX_EXPIRES_SECONDS) {
    return refuse("ExpiresOutOfRange", `the token's X-Amz-Expires isn't within 1..${MAX_EXPIRES_SECONDS}`)
  }
  // STS itself doesn't look at X-Amz-Expires.
  const expiresAt = date + expires * 1000
  if (expiresAt <= now) return refuse("TokenExpired", "the token has expired: check that the sidecar renews it, and its clock")
  return Result.succeed({ day: parameters["X-Amz-Date"].slice(0, 8), expiresAt })
}

/** `now`: unix milliseconds. */
export const checkScope = (presigned: PresignedUrl, now: number): Result.Result<SignedCall, Refused> =>
  Result.gen(function*() {
    const { host, parameters } = presigned
    for (const [name, expected, reason] of EXACT) {
      if (parameters[name] !== expected) return yield* refuse(reason, `the token's ${name} isn't ${expected}`)
    }
    const { day, expiresAt } = yield* checkTime(presigned, now)
    // "<access key>/<date>/<region>/<service>/aws4_request"
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    const [accessKey = "", scopeDay, region, service, terminator, ...more] = parameters["X-Amz-Credential"].split("/")
    if (!/^[A-Z0-9]{16,128}$/.test(accessKey) || terminator !== "aws4_request" || more.length > 0) {
      return yield* refuse("CredentialScopeWrong", "the token's X-Amz-Credential is malformed")
    }
    if (service !== "sts") return yield* refuse("CredentialScopeWrong", "the token isn't signed for the service sts")
    if (region !== host.region) {
      return yield* refuse("CredentialScopeWrong", `the token isn't signed for ${host.region}, the region of its host`)
    }
    if (scopeDay !== day) {
      return yield* refuse("CredentialScopeWrong", "the token's X-Amz-Credential isn't of the day of its X-Amz-Date")
    }
    if (!/^[!-~]+$/.test(parameters["X-Amz-Security-Token"])) {
      return yield* refuse("SecurityTokenMalformed", "the token's X-Amz-Security-Token is malformed")
    }
    const signature = parameters["X-Amz-Signature"]
    if (!/^[0-9a-f]{64}$/.test(signature)) {
      return yield* refuse("SignatureMalformed", "the token's X-Amz-Signature isn't 64 lower-case hex digits")
    }
    return { ...presigned, signature, expiresAt }
  })
