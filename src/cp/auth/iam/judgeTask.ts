/**
 * Whether a role's session is the very task that the operator observes, and whether that task may be the proxy that
 * it wants to be. Whoever may assume the role can choose a task's id as session name, so the name alone proves nothing.
 * Pure; judged at the door and again whenever something changes while a stream is open.
 */
import { Result } from "effect"
import type { EcsTask } from "../../../model/EcsTask.ts"
import type { NotYetKnown, ProxyClaim, Refused } from "../Authenticator.ts"
import { refuse, wait } from "../refuse.ts"
import type { Principal } from "./judgePrincipal.ts"
import { parseRoleArn } from "./roleArn.ts"

export type SessionOfRole = Pick<Principal, "partition" | "accountId" | "roleName" | "roleId" | "sessionName">

export interface TaskEvidence {
  /** The task whose id is the session's name; undefined where the operator has none of that id. */
  readonly task: EcsTask | undefined
  readonly session: SessionOfRole
  readonly claim: ProxyClaim
  /** Address that the proxy's own resource declares; undefined where it has none yet. */
  readonly declaredAddress: string | undefined
  readonly checkPeerAddress: boolean
}

type Judgement = Result.Result<void, Refused | NotYetKnown>

const passed: Judgement = Result.succeed(undefined)
const RETRY_MILLIS = 2_000

export const taskNotSeen = () =>
  wait(
    "TaskNotObserved",
    "the operator has not seen this task yet: if this lasts, check that its cluster is among those that the control " +
      "plane watches",
    RETRY_MILLIS
  )

/**
 * A task that shall stop lives on until its containers have ended: its proxy finishes the work in flight and must
 * follow the mesh meanwhile. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
const ALIVE = new Set(["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING"])

const judgeLife = (task: EcsTask): Judgement => {
  const refusal = task.conditions.find(({ status, type }) => type === "Accepted" && status === "False")
  if (task.phase === "refused") {
    return refuse(refusal?.reason ?? "TaskRefused", refusal?.message ?? "the operator refuses this task")
  }
  if (task.phase === "gone" || !ALIVE.has(task.lastStatus)) return refuse("TaskStopped", "the task has stopped")
  if (task.phase !== "draining" || task.proxy !== null) return passed
  // It was refused until it was to stop, or never decided on: nobody will any more.
  return refuse(
    refusal?.reason ?? "TaskStopping",
    refusal?.message ?? "the task shall stop, and the operator had not accepted it before"
  )
}

const judgeRole = (task: EcsTask, session: SessionOfRole): Judgement => {
  const role = task.taskRoleArn === null ? undefined : parseRoleArn(task.taskRoleArn)
  if (role === undefined) {
    return refuse("TaskWithoutRole", "the task has no task role: set taskRoleArn in its task definition")
  }
  // A role's name is unique in its account whatever its path, and the session's ARN doesn't carry the path.
  if (
    role.partition !== session.partition || role.accountId !== session.accountId || role.name !== session.roleName
  ) {
    return refuse(
      "RoleMismatch",
      `the token was made by a session of another role than the task's (${task.taskRoleArn}): run the sidecar with ` +
        "the credentials that ECS gives the task"
    )
  }
  return passed
}

const judgeRoleId = (task: EcsTask, session: SessionOfRole): Judgement => {
  if (task.role === null) return wait("RoleNotObserved", "the operator has not read the task's role yet", RETRY_MILLIS)
  if (task.role.roleId !== session.roleId) {
    return refuse(
      "RoleRecreated",
      "the token was made by a role of the same name that was deleted or created anew: start the task again"
    )
  }
  return passed
}

/** An IPv4 address that a dual-stack socket shows as IPv6 is that IPv4 address. */
const plainAddress = (address: string): string => address.toLowerCase().replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, "")

const addressUnknown = () => wait("AddressNotObserved", "the task has no address yet", RETRY_MILLIS)

/** Whether the connection comes from the task: seen before anything is proved, so the address isn't told. */
export const judgePeer = (task: EcsTask, claim: ProxyClaim): Judgement => {
  if (task.address === null) return addressUnknown()
  const address = plainAddress(task.address)
  if (claim.peerAddress === null || plainAddress(claim.peerAddress) !== address) {
    return refuse(
      "PeerAddressMismatch",
      "the connection doesn't come from the task's address: where a load balancer or NAT stands between, set " +
        "ECS_MESH_CHECK_PEER_ADDRESS=false at the control plane"
    )
  }
  return passed
}

const judgeAddress = (
  task: EcsTask,
  { claim, declaredAddress, checkPeerAddress }: Pick<TaskEvidence, "claim" | "declaredAddress" | "checkPeerAddress">
): Judgement => {
  if (task.address === null) return addressUnknown()
  const address = plainAddress(task.address)
  if (declaredAddress !== undefined && plainAddress(declaredAddress) !== address) {
    return refuse(
      "DeclaredAddressMismatch",
      `the proxy's resource declares the address ${declaredAddress}, but the task has ${task.address}: ` +
        "declare the task's own address"
    )
  }
  return checkPeerAddress ? judgePeer(task, claim) : passed
}

const judgeProxy = (task: EcsTask, claim: ProxyClaim): Judgement => {
  const proxy = task.proxy
  if (proxy === null) return wait("TaskNotJudged", "the operator has not decided on this task yet", RETRY_MILLIS)
  if (proxy.name !== claim.name || proxy.proxyType !== claim.proxyType || proxy.mesh !== claim.mesh) {
    return refuse(
      "ProxyMismatch",
      `this task may be the ${proxy.proxyType} "${proxy.name}" of mesh "${proxy.mesh}" and no other: set the ` +
        "sidecar's KUMA_DATAPLANE_MESH and KUMA_DATAPLANE_PROXY_TYPE accordingly"
    )
  }
  return passed
}

export const judgeTask = (evidence: TaskEvidence): Judgement => {
  const { task, session, claim } = evidence
  // A proxy bears its task's id: whoever claims another one isn't that task.
  if (session.sessionName !== claim.name) {
    return refuse("SessionMismatch", "the token was made by another task than the one that the proxy is named after")
  }
  if (task === undefined) return taskNotSeen()
  return Result.gen(function*() {
    yield* judgeRole(task, session)
    yield* judgeLife(task)
    yield* judgeRoleId(task, session)
    yield* judgeProxy(task, claim)
    yield* judgeAddress(task, evidence)
  })
}
