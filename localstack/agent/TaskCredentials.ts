import { AssumeRoleCommand, type STSClient } from "@aws-sdk/client-sts"
import type { TaskPlan } from "./TaskPlan.ts"

/** What the credentials endpoint of a task answers. */
export interface CredentialsAnswer {
  readonly RoleArn: string
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly Token: string
  /** ISO 8601. */
  readonly Expiration: string
}

/** Keys are renewed when less than this is left of them. */
const renewalMillis = 5 * 60_000

/**
 * Gives the keys of a task's role, whose session is named by the task id as ECS names it, so that STS can say which
 * task holds them. Undefined for a task without a role.
 */
export const makeTaskCredentials = (sts: STSClient, plan: TaskPlan): () => Promise<CredentialsAnswer | undefined> => {
  let current: Promise<CredentialsAnswer> | undefined
  let renewAt = 0

  const assume = async (roleArn: string): Promise<CredentialsAnswer> => {
    const { Credentials: keys } = await sts.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: plan.taskId })
    )
    if (keys?.AccessKeyId === undefined || keys.SecretAccessKey === undefined || keys.SessionToken === undefined) {
      throw new Error(`STS gave no keys for ${roleArn}`)
    }
    const expiration = keys.Expiration ?? new Date(Date.now() + 3_600_000)
    renewAt = expiration.getTime() - renewalMillis
    return {
      RoleArn: roleArn,
      AccessKeyId: keys.AccessKeyId,
      SecretAccessKey: keys.SecretAccessKey,
      Token: keys.SessionToken,
      Expiration: expiration.toISOString()
    }
  }

  return async () => {
    if (plan.taskRoleArn === undefined || plan.taskRoleArn === "") return undefined
    if (current === undefined || Date.now() > renewAt) {
      renewAt = Number.POSITIVE_INFINITY
      current = assume(plan.taskRoleArn)
      current.catch(() => {
        current = undefined
      })
    }
    return current
  }
}
