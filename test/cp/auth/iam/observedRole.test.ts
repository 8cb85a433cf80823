// A proved session against its role: its tags, and whether it is still the same role.
import { describe, expect, it } from "vitest"
import type { ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import {
  admitted,
  aws,
  FOREIGN_ACCOUNT,
  GOOD_TAGS,
  observe,
  openDoor,
  roleName,
  tokenOf,
  uniqueName,
  useEmulatedAws,
  workload
} from "../support/iamDoor.ts"
import { ADDRESS } from "../support/taskOf.ts"

useEmulatedAws()

describe("of the role's tags", () => {
  it.each([
    ["no type", { "kuma.io/mesh": "default" }, "Refused: RoleTagMissing"],
    ["no mesh", { "kuma.io/type": "dataplane" }, "Refused: RoleTagMissing"],
    ["none at all", {}, "Refused: RoleTagMissing"],
    ["another type", { "kuma.io/type": "ingress", "kuma.io/mesh": "default" }, "Refused: RoleTypeMismatch"],
    ["another mesh", { "kuma.io/type": "dataplane", "kuma.io/mesh": "other" }, "Refused: RoleMeshMismatch"],
    ["a type in upper case", { "kuma.io/type": "DATAPLANE", "kuma.io/mesh": "default" }, "Refused: RoleTypeUnknown"]
  ])("refuses %s", async (_, tags, reason) => {
    const door = openDoor()
    const task = await workload(tags)
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe(reason)
  })

  it("refuses tags that IAM doesn't have, though the operator's observation does", async () => {
    const door = openDoor()
    const task = await workload({})
    observe(door, { ...task, role: { ...task.role, tags: GOOD_TAGS } })
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleTagMissing")
  })

  it("refuses to open an ingress with a dataplane's role", async () => {
    const door = openDoor()
    const task = await workload()
    const claim: ProxyClaim = { ...task.claim, proxyType: "ingress", mesh: "" }
    observe(door, task, { proxy: { proxyType: "ingress", mesh: "", name: task.taskId } })
    expect(await door.enter(await tokenOf(task, { claim }), claim)).toBe("Refused: RoleTypeMismatch")
  })

  it("refuses a Dataplane that stands for another service than the role's", async () => {
    const { door, task, token } = await admitted()
    const inbound = [{ port: 80, tags: { "kuma.io/service": "kv" } }]
    const key = { type: "Dataplane", mesh: "default", name: task.taskId } as const
    door.resources.put(key, { networking: { address: ADDRESS, inbound } })
    expect(await door.enter(token, task.claim)).toBe("Refused: RoleServiceMismatch")
  })

  it("drops what it remembers of a role as soon as the operator observes another state of it", async () => {
    const { door, task, token } = await admitted()
    const name = roleName(task.role.arn)
    await aws.untagRole(name, "kuma.io/mesh")
    // IAM isn't asked again within the time that an answer is good for ...
    expect(await door.enter(token, task.claim)).toMatchObject({ method: "aws-iam" })
    // ... but at once where an event made the operator look: first the tag is gone, then it is back.
    observe(door, { ...task, role: { ...task.role, tags: { "kuma.io/type": "dataplane" } } })
    expect(await door.enter(token, task.claim)).toBe("Refused: RoleTagMissing")
    observe(door, task)
    expect(await door.enter(token, task.claim)).toBe("Refused: RoleTagMissing")
    await aws.tagRole(name, { "kuma.io/mesh": "default" })
    observe(door, { ...task, role: { ...task.role, tags: { ...GOOD_TAGS, owner: "web" } } })
    observe(door, task)
    expect(await door.enter(token, task.claim)).toMatchObject({ method: "aws-iam" })
  })
})

describe("of the role itself", () => {
  it("refuses one that was deleted and created anew under the same name", async () => {
    const door = openDoor()
    const task = await workload()
    const name = roleName(task.role.arn)
    await aws.deleteRole(name)
    const again = await aws.createRole({ name, tags: GOOD_TAGS })
    expect(again.roleId).not.toBe(task.role.roleId)
    // Before the operator has noticed, IAM says it; afterwards, the observation does.
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleRecreated")
    observe(door, { ...task, role: { ...task.role, roleId: again.roleId } })
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleRecreated")
  })

  it("refuses one that was deleted, which the operator has yet to notice", async () => {
    const door = openDoor()
    const task = await workload()
    observe(door, task)
    await aws.deleteRole(roleName(task.role.arn))
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleDeleted")
  })

  it("waits where the control plane may not read it", async () => {
    const reader = await aws.createRole({ name: uniqueName(), account: FOREIGN_ACCOUNT })
    const door = openDoor({
      aws: { authorizedAccountIds: [FOREIGN_ACCOUNT], accountRoles: { [FOREIGN_ACCOUNT]: reader.arn } }
    })
    const task = await workload(GOOD_TAGS, { account: FOREIGN_ACCOUNT })
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("NotYetKnown: RoleUnreadable")
    expect(door.said()).toContain("iam:GetRole")
  })
})
