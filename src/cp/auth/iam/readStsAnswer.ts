/**
 * What STS's answer means: an identity, a denial, or nothing that can be relied on. Pure.
 * A denial's message is never passed on: STS quotes the request in it.
 */
import { Result, Schema } from "effect"
import { parseJson } from "../../../model/parseJson.ts"
import type { NotYetKnown, Refused } from "../Authenticator.ts"
import { refuse, wait } from "../refuse.ts"

/** A whole answer over HTTP. */
export interface StsAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** What STS says of the caller, not yet judged. */
export interface CallerIdentity {
  readonly account: string
  readonly arn: string
  readonly userId: string
}

const RETRY_MILLIS = 2_000
const THROTTLED_RETRY_MILLIS = 5_000

// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
const Success = Schema.Struct({
  GetCallerIdentityResponse: Schema.Struct({
    GetCallerIdentityResult: Schema.Struct({ Account: Schema.String, Arn: Schema.String, UserId: Schema.String }),
    ResponseMetadata: Schema.Struct({ RequestId: Schema.String })
  })
})
const decodeSuccess = Schema.decodeUnknownOption(Success, { onExcessProperty: "error" })

const Failure = Schema.Struct({ Error: Schema.Struct({ Code: Schema.String }) })
const decodeFailure = Schema.decodeUnknownOption(Failure)

/** STS throttles with status 400, which says nothing about the caller. */
const THROTTLED = /throttl|limitexceeded|toomanyrequests|slowdown/i
/** Codes by which STS says something of itself rather than of the caller. */
const UNAVAILABLE = /^(InternalFailure|InternalError|ServiceUnavailable|RequestTimeout\w*)$/

const unreliable = (reason: string, message: string, retryAfterMillis = RETRY_MILLIS) =>
  wait(reason, message, retryAfterMillis)

const DENIALS: Readonly<Record<string, string>> = {
  SignatureDoesNotMatch: "AWS STS finds that the token wasn't signed for this: compare the sidecar's mesh, proxy " +
    "type, control plane (its CA or ECS_MESH_AUDIENCE) and clock with what the control plane expects",
  ExpiredToken: "the role's credentials behind the token have expired: check that the sidecar reads fresh ones",
  InvalidClientTokenId: "AWS doesn't know the credentials behind the token: check that the task's role still exists " +
    "and that sidecar and control plane are in the same AWS partition"
}

const readFailure = (status: number, body: unknown): Result.Result<never, Refused | NotYetKnown> => {
  const failure = decodeFailure(body)
  if (failure._tag === "None") {
    return unreliable("StsAnswerUnreadable", `AWS STS answered ${status} without an error that can be read`)
  }
  const code = failure.value.Error.Code
  if (THROTTLED.test(code)) {
    return unreliable("StsThrottled", "AWS STS throttles this control plane", THROTTLED_RETRY_MILLIS)
  }
  if ((status !== 400 && status !== 403) || UNAVAILABLE.test(code)) {
    return unreliable("StsUnavailable", `AWS STS answered ${status}`)
  }
  const known = /^[A-Za-z.]{1,64}$/.test(code) ? code : "an unknown code"
  return refuse("StsDenied", DENIALS[known] ?? `AWS STS refuses the token with ${known}`)
}

export const readStsAnswer = (
  { status, contentType, body }: StsAnswer
): Result.Result<CallerIdentity, Refused | NotYetKnown> => {
  if (status >= 300 && status < 400) {
    return unreliable(
      "StsRedirected",
      "AWS STS answered with a redirect, which is never followed: check ECS_MESH_STS_ENDPOINT"
    )
  }
  if (status === 429) return unreliable("StsThrottled", "AWS STS throttles this control plane", THROTTLED_RETRY_MILLIS)
  if (status >= 500) return unreliable("StsUnavailable", `AWS STS answered ${status}`)
  if (!/^application\/(json|x-amz-json-1\.[01])\s*(;\s*charset=utf-8\s*)?$/i.test(contentType)) {
    return unreliable("StsAnswerUnreadable", "AWS STS answered something else than JSON: check ECS_MESH_STS_ENDPOINT")
  }
  const json = parseJson(body)
  if ("problem" in json) return unreliable("StsAnswerUnreadable", `AWS STS's answer can't be relied on: it ${json.problem}`)
  if (status !== 200) return readFailure(status, json.value)
  const success = decodeSuccess(json.value)
  if (success._tag === "None") {
    return unreliable("StsAnswerUnreadable", "AWS STS's answer isn't exactly one identity")
  }
  const { Account: account, Arn: arn, UserId: userId } = success.value.GetCallerIdentityResponse.GetCallerIdentityResult
  return Result.succeed({ account, arn, userId })
}
