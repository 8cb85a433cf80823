// Streams that outlive their right.
import { describe, expect, it } from "vitest"
import type { Tags } from "../../../../src/model/Tags.ts"
import { OWN_ACCOUNT } from "../support/emulatedAws.ts"
import { admitted, type Door, GOOD_TAGS, observe, useEmulatedAws, type Workload } from "../support/iamDoor.ts"
import { ADDRESS, taskKey } from "../support/taskOf.ts"

useEmulatedAws()

describe("an open stream loses its right when", () => {
  const change = async (act: (door: Door, task: Workload) => void): Promise<string | null> => {
    const { door, task, identity } = await admitted()
    expect(await door.lost(identity, task.claim)).toBeNull()
    act(door, task)
    return door.lost(identity, task.claim)
  }

  const withTags = (task: Workload, tags: Tags): Workload => ({ ...task, role: { ...task.role, tags } })

  it("the task is gone", async () => {
    expect(await change((door, { taskId }) => door.resources.remove(taskKey(taskId)))).toBe("TaskGone")
  })
  it("the task has stopped, but not while it still drains", async () => {
    expect(await change((door, task) => observe(door, task, { lastStatus: "STOPPED" }))).toBe("TaskStopped")
    expect(await change((door, task) => observe(door, task, { desiredStatus: "STOPPED", phase: "draining" }))).toBeNull()
  })
  it("the operator refuses the task", async () => {
    const conditions = [{ type: "Accepted", status: "False", reason: "RoleDeleted", message: "gone" }] as const
    expect(await change((door, task) => observe(door, task, { phase: "refused", role: null, conditions }))).toBe(
      "RoleDeleted"
    )
  })
  it("a tag that it needs is removed", async () => {
    const tags = { "kuma.io/type": "dataplane" }
    expect(await change((door, task) => observe(door, withTags(task, tags)))).toBe("RoleTagMissing")
  })
  it("the tags say another mesh or service", async () => {
    const tags = { ...GOOD_TAGS, "kuma.io/mesh": "other" }
    expect(await change((door, task) => observe(door, withTags(task, tags)))).toBe("RoleMeshMismatch")
  })
  it("the role was created anew", async () => {
    expect(
      await change((door, task) => observe(door, { ...task, role: { ...task.role, roleId: "AROAOTHEROTHEROTHER" } }))
    ).toBe("RoleRecreated")
  })
  it("its account is taken off the list", async () => {
    const accounts = [OWN_ACCOUNT]
    const { door, task, identity } = await admitted({ aws: { authorizedAccountIds: accounts } })
    accounts.pop()
    expect(await door.lost(identity, task.claim)).toBe("AccountNotAuthorized")
  })
  it("its Dataplane comes to stand for another service", async () => {
    expect(
      await change((door, { taskId }) =>
        door.resources.put({ type: "Dataplane", mesh: "default", name: taskId }, {
          networking: { address: ADDRESS, inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] }
        }))
    ).toBe("RoleServiceMismatch")
  })
  it("but not while the operator's look at it is late", async () => {
    expect(await change((door, task) => observe(door, task, { phase: "pending", proxy: null, role: null }))).toBeNull()
  })
})
