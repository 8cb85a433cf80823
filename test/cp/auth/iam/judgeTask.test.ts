// Each condition of the judge alone: at the door some of them stand behind others that say no as well.
import { describe, expect, it } from "vitest"
import { judgeTask, type SessionOfRole, type TaskEvidence } from "../../../../src/cp/auth/iam/judgeTask.ts"
import type { Condition } from "../../../../src/model/Condition.ts"
import { CLAIM, TASK_ID } from "../support/signed.ts"
import { ADDRESS, taskOf } from "../support/taskOf.ts"
import { reasonOf } from "../support/verdict.ts"

const ROLE = { arn: "arn:aws:iam::123456789012:role/teams/demo-app", roleId: "AROAIOSFODNN7EXAMPLE", tags: {} }

const session: SessionOfRole = {
  partition: "aws",
  accountId: "123456789012",
  roleName: "demo-app",
  roleId: ROLE.roleId,
  sessionName: TASK_ID
}

const judge = (change: Partial<TaskEvidence> = {}): string =>
  reasonOf(judgeTask({
    task: taskOf(TASK_ID, ROLE),
    session,
    claim: { ...CLAIM, peerAddress: ADDRESS },
    declaredAddress: ADDRESS,
    checkPeerAddress: true,
    ...change
  }))

it("takes the task's own session from the task's own address", () => expect(judge()).toBe("accepted"))

describe("refuses a session of a role that differs from the task's in nothing but", () => {
  it.each([
    ["the partition", { partition: "aws-cn" }],
    ["the account", { accountId: "210987654321" }],
    ["the name", { roleName: "demo-ap" }]
  ])("%s", (_, change) => expect(judge({ session: { ...session, ...change } })).toBe("Refused: RoleMismatch"))
})

it("waits for a task that the operator hasn't seen", () => {
  expect(judge({ task: undefined })).toBe("NotYetKnown: TaskNotObserved")
})

it("refuses a session whose role has another unique id", () => {
  expect(judge({ session: { ...session, roleId: "AROAOTHEROTHEROTHER" } })).toBe("Refused: RoleRecreated")
})

it("refuses a session that isn't named after the proxy", () => {
  expect(judge({ session: { ...session, sessionName: "other" } })).toBe("Refused: SessionMismatch")
})

it.each(["DEPROVISIONING", "STOPPED", "DELETED", ""])("refuses a task whose status is %j", (lastStatus) => {
  expect(judge({ task: taskOf(TASK_ID, ROLE, { lastStatus }) })).toBe("Refused: TaskStopped")
})

describe("refuses a task that shall stop and was never accepted", () => {
  const draining = { phase: "draining", desiredStatus: "STOPPED", proxy: null } as const
  const said = (type: string, status: Condition["status"], reason: string): Condition =>
    ({ type, status, reason, message: "", lastTransitionTime: "" })
  const neverConnected = said("SidecarConnected", "False", "NeverConnected")

  it("for what it was refused for", () => {
    const conditions = [
      said("Identified", "False", "AddressPending"), said("Accepted", "False", "RoleDeleted"), neverConnected
    ]
    expect(judge({ task: taskOf(TASK_ID, ROLE, { ...draining, role: null, conditions }) })).toBe("Refused: RoleDeleted")
  })

  it("for its stop where it wasn't decided on", () => {
    const conditions = [said("Accepted", "Unknown", "RoleUnreadable"), neverConnected]
    expect(judge({ task: taskOf(TASK_ID, ROLE, { ...draining, conditions }) })).toBe("Refused: TaskStopping")
  })
})

it("refuses an address that only resembles the task's", () => {
  for (const peerAddress of ["10.0.0.70", "110.0.0.7", "::ffff:10.0.0.70", "", null]) {
    expect(judge({ claim: { ...CLAIM, peerAddress } })).toBe("Refused: PeerAddressMismatch")
  }
  expect(judge({ declaredAddress: "10.0.0.70" })).toBe("Refused: DeclaredAddressMismatch")
})
