/** What a task that ECS described is, and beside it what else AWS says of it: its role, its host's address. */
import { Effect } from "effect"
import type { Resource } from "../../model/Resource.ts"
import { accountOf } from "../arn.ts"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import type { TaskReading } from "../aws/EcsReader.ts"
import { HostAddress } from "../aws/HostAddress.ts"
import { IamReader } from "../aws/IamReader.ts"
import type { OperatorAwsConfig } from "../OperatorConfig.ts"
import type { TaskKey } from "../TaskKey.ts"
import { narrowLook } from "./narrowLook.ts"
import type { ObservedTask, RoleReading, TaskObservation } from "./TaskObservation.ts"

/** Why a role isn't read at all; null where it is. */
const foreignRole = (
  config: OperatorAwsConfig,
  roleArn: string,
  task: ObservedTask,
  canRead: boolean
): RoleReading | null => {
  const account = accountOf(roleArn)
  if (!config.authorizedAccountIds.includes(account)) {
    return {
      status: "foreign",
      reason: "AccountNotAuthorized",
      message: `role ${roleArn} belongs to account ${account}, whose roles may not join: run the task with a role of ` +
        `another account, or add ${account} to KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS of the control plane`
    }
  }
  if (account !== accountOf(task.taskArn) && !canRead) {
    return {
      status: "foreign",
      reason: "AccountRoleMissing",
      message: `the tags of role ${roleArn} can't be read: configure a role of account ${account} that the control ` +
        `plane may assume for iam:GetRole`
    }
  }
  return null
}

/** What IAM says of the task's role. `previous` tells what it said before, for as long as it doesn't answer. */
export const readRole = Effect.fnUntraced(function*(
  config: OperatorAwsConfig,
  task: ObservedTask,
  previous: Resource<"EcsTask"> | null
): Effect.fn.Return<RoleReading, never, IamReader> {
  const iam = yield* IamReader
  const arn = task.taskRoleArn
  if (arn === null) return { status: "none" }
  const account = accountOf(arn)
  const foreign = foreignRole(config, arn, task, iam.canRead(account))
  if (foreign !== null) return foreign
  return yield* iam.readRole(arn, account !== accountOf(task.taskArn)).pipe(
    Effect.map((role): RoleReading => ({ status: "read", role })),
    Effect.catchTag("AwsCallFailed", (failure): Effect.Effect<RoleReading> => {
      if (failure.kind === "absent") return Effect.succeed({ status: "deleted" })
      const message = failure.kind === "denied"
        ? `the operator may not read role ${arn} (${failure.message}): allow it iam:GetRole`
        : `IAM doesn't answer for role ${arn}: ${failure.message}`
      const known = previous?.spec.taskRoleArn === arn ? previous.spec.role : null
      return Effect.succeed(
        known === null ? { status: "unreadable", message } : { status: "remembered", role: known, message }
      )
    })
  )
})

/** A task that stops may have outlived its instance; one whose address is known isn't held up by a failed call. */
const readHost = Effect.fnUntraced(function*(
  cluster: string,
  task: ObservedTask,
  known: string | null
): Effect.fn.Return<string | null, AwsCallFailed, HostAddress> {
  if (task.address !== null || task.containerInstanceArn === null || task.desiredStatus !== "RUNNING") return null
  return yield* (yield* HostAddress).resolve(cluster, task.containerInstanceArn).pipe(
    Effect.catchIf(() => known !== null, (failure) =>
      Effect.logWarning("A container instance can't be read; its task keeps the address that is known").pipe(
        Effect.annotateLogs({ instance: task.containerInstanceArn, reason: failure.message }),
        Effect.as(null)
      ))
  )
})

/** `reading`: what ECS says of the task, null where it doesn't know it. */
export const observeTask = Effect.fnUntraced(function*(
  config: OperatorAwsConfig,
  key: TaskKey,
  reading: TaskReading | null,
  previous: Resource<"EcsTask"> | null
): Effect.fn.Return<TaskObservation, AwsCallFailed, HostAddress | IamReader> {
  const { taskId } = key
  if (reading === null) {
    return { taskId, task: null, definition: null, role: { status: "none" }, hostAddress: null, knownAddress: null }
  }
  const { task, definition } = reading
  const meshed = definition?.containers.some((container) => container.sidecar !== null) ?? false
  const role: RoleReading = meshed ? yield* readRole(config, task, previous) : { status: "none" }
  const knownAddress = previous?.spec.address ?? null
  const hostAddress = meshed && definition?.networkMode !== "awsvpc"
    ? yield* readHost(key.cluster, task, knownAddress)
    : null
  return narrowLook({ taskId, task, definition, role, hostAddress, knownAddress }, config.copyTags)
})
