/** From what STS says to the role's session that it means. Every part is matched whole, never by prefix. Pure. */
import { Result } from "effect"
import type { Refused } from "../Authenticator.ts"
import { refuse } from "../refuse.ts"
import type { CallerIdentity } from "./readStsAnswer.ts"

/** A session of a role. */
export interface Principal {
  readonly partition: string
  readonly accountId: string
  readonly roleName: string
  /** `AROA...`: what makes this role this one, whatever its name. */
  readonly roleId: string
  /** Chosen by whoever assumed the role; ECS chooses the task id. */
  readonly sessionName: string
}

// `arn:aws:sts::123456789012:assumed-role/role-name/session-name`: the role's path isn't in it, so neither is a
// further slash. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
const ARN = /^arn:(aws|aws-cn|aws-us-gov):sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/
const USER_ID = /^(AROA[A-Z0-9]{12,124}):([\w+=,.@-]{2,64})$/

export const judgePrincipal = (caller: CallerIdentity, partition: string): Result.Result<Principal, Refused> => {
  const arn = ARN.exec(caller.arn)
  if (arn === null) {
    return refuse(
      "NotAnAssumedRole",
      "the token wasn't made by a session of a role: run the sidecar with the credentials of the task's role"
    )
  }
  const [, arnPartition, accountId = "", roleName = "", sessionName = ""] = arn
  if (arnPartition !== partition) {
    return refuse("PartitionWrong", `the token's role isn't in the partition ${partition} of this control plane`)
  }
  const userId = USER_ID.exec(caller.userId)
  const roleId = userId?.[1]
  if (accountId !== caller.account || roleId === undefined || userId?.[2] !== sessionName) {
    return refuse("IdentityInconsistent", "the account, ARN and user id that AWS STS gives don't agree with each other")
  }
  return Result.succeed({ partition, accountId, roleName, roleId, sessionName })
}
