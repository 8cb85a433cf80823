/** Whether an account's roles may join at all. Pure. */
import { Result } from "effect"
import type { Refused } from "../Authenticator.ts"
import { refuse } from "../refuse.ts"

/** `authorized`: whole account ids; none allows nobody. */
export const judgeAccount = (accountId: string, authorized: ReadonlyArray<string>): Result.Result<void, Refused> =>
  authorized.includes(accountId)
    ? Result.succeed(undefined)
    : refuse(
      "AccountNotAuthorized",
      `roles of account ${accountId} may not join: add it to KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS of the control plane, ` +
        "or run the task with a role of a listed account"
    )
