/** What a failed read of a role means for whoever waits at the door. The SDK's own texts are never passed on. Pure. */
import { NotYetKnown, Refused } from "../Authenticator.ts"
import type { Principal } from "./judgePrincipal.ts"

const ABSENT = new Set(["NoSuchEntity", "NoSuchEntityException"])
const DENIED = /AccessDenied|NotAuthorized|InvalidClientTokenId|ExpiredToken|CredentialsProvider/

const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceeded/

/** Whether AWS refused it as there were too many calls. */
export const isThrottled = (error: unknown): boolean => error instanceof Error && THROTTLED.test(error.name)

/** `error`: what the SDK threw; only its name counts. */
export const roleFailure = (error: unknown, { roleName, accountId }: Principal): Refused | NotYetKnown => {
  const name = error instanceof Error ? error.name : ""
  if (ABSENT.has(name)) {
    return new Refused({
      reason: "RoleDeleted",
      message: `the role ${roleName} doesn't exist in account ${accountId}: start the task with a role that does`
    })
  }
  if (DENIED.test(name)) {
    return new NotYetKnown({
      reason: "RoleUnreadable",
      message: `the control plane may not read the role ${roleName} of account ${accountId}: allow it iam:GetRole ` +
        "(and sts:AssumeRole on the role configured for that account)",
      retryAfterMillis: 15_000
    })
  }
  return new NotYetKnown({
    reason: "IamUnavailable",
    message: "AWS IAM can't be asked for the role's tags right now",
    retryAfterMillis: 3_000
  })
}
