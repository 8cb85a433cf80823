/** Whether a task's role lets it be what it wants to be. Receives readings, asks nobody, names every reason. */
import type { ObservedRole } from "../../model/EcsTask.ts"
import type { ProxyType } from "../../model/ProxyType.ts"
import { judgeTags } from "../../model/tagrules/judgeTags.ts"
import type { TaskObservation } from "./TaskObservation.ts"

/** `reason` is CamelCase for programs, `message` tells the task's owner what to change. */
export interface Verdict {
  readonly status: "unknown" | "accepted" | "refused"
  readonly reason: string
  readonly message: string
}

/** What the proxy wants to be. */
export interface Claim {
  readonly proxyType: ProxyType
  /** The empty string for zone proxies. */
  readonly mesh: string
  /** Every `kuma.io/service` of its Dataplane; absent where none could be derived. */
  readonly services?: ReadonlyArray<string>
  readonly workload?: string
}

const refused = (reason: string, message: string): Verdict => ({ status: "refused", reason, message })

const judgeRole = (role: ObservedRole, look: TaskObservation, claim: Claim): Verdict => {
  const violations = judgeTags({
    ...claim,
    roleArn: role.arn,
    roleTags: role.tags,
    ...(look.task === null ? {} : { taskTags: look.task.tags })
  })
  const [first] = violations
  if (first !== undefined) return refused(first.reason, violations.map(({ message }) => message).join("; "))
  return { status: "accepted", reason: "RoleAllows", message: `role ${role.arn} may run this proxy` }
}

export const judge = (look: TaskObservation, claim: Claim): Verdict => {
  const roleArn = look.task?.taskRoleArn ?? ""
  switch (look.role.status) {
    case "none":
      return refused(
        "TaskRoleMissing",
        "the task has no task role: set taskRoleArn in its definition to a role that is tagged for the mesh"
      )
    case "deleted":
      return refused(
        "RoleDeleted",
        `IAM has no role ${roleArn}: create it, tag it for the mesh and start the task anew`
      )
    case "foreign":
      return refused(look.role.reason, look.role.message)
    case "unreadable":
      return { status: "unknown", reason: "RoleUnreadable", message: look.role.message }
    default:
      return judgeRole(look.role.role, look, claim)
  }
}
