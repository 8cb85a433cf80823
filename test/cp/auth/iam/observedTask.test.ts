// A proved session against the task that the operator observes.
import { describe, expect, it } from "vitest"
import type { EcsTask } from "../../../../src/model/EcsTask.ts"
import { OWN_ACCOUNT } from "../support/emulatedAws.ts"
import { admitted, aws, observe, openDoor, roleName, tokenOf, useEmulatedAws, workload } from "../support/iamDoor.ts"
import { ADDRESS } from "../support/taskOf.ts"

useEmulatedAws()

describe("of the task that the operator observes", () => {
  it("waits for one that it hasn't seen", async () => {
    const door = openDoor()
    const task = await workload()
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("NotYetKnown: TaskNotObserved")
  })

  it.each([
    ["isn't decided on yet", { phase: "identified", proxy: null }, "NotYetKnown: TaskNotJudged"],
    ["has no address yet", { address: null }, "NotYetKnown: AddressNotObserved"],
    ["has a role that wasn't read yet", { role: null }, "NotYetKnown: RoleNotObserved"],
    ["has stopped", { lastStatus: "STOPPED" }, "Refused: TaskStopped"],
    ["is gone", { phase: "gone" }, "Refused: TaskStopped"],
    ["has no role", { taskRoleArn: null }, "Refused: TaskWithoutRole"],
    ["has another role", { taskRoleArn: `arn:aws:iam::${OWN_ACCOUNT}:role/other` }, "Refused: RoleMismatch"],
    ["is another proxy", { proxy: { proxyType: "dataplane", mesh: "default", name: "x" } }, "Refused: ProxyMismatch"],
    ["is elsewhere", { address: "10.0.0.8" }, "Refused: PeerAddressMismatch"]
  ] satisfies ReadonlyArray<[string, Partial<EcsTask>, string]>)("judges one that %s", async (_, change, reason) => {
    const door = openDoor()
    const task = await workload()
    observe(door, task, change)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe(reason)
  })

  it("lets one in that shall stop, as long as it runs: its proxy drains", async () => {
    const door = openDoor()
    const task = await workload()
    observe(door, task, { desiredStatus: "STOPPED", phase: "draining" })
    expect(await door.enter(await tokenOf(task), task.claim)).toMatchObject({ method: "aws-iam", taskId: task.taskId })
  })

  it("refuses one that may be in another mesh, or of another type", async () => {
    const door = openDoor()
    const task = await workload()
    const token = await tokenOf(task)
    observe(door, task, { proxy: { proxyType: "dataplane", mesh: "other", name: task.taskId } })
    expect(await door.enter(token, task.claim)).toBe("Refused: ProxyMismatch")
    observe(door, task, { proxy: { proxyType: "ingress", mesh: "default", name: task.taskId } })
    expect(await door.enter(token, task.claim)).toBe("Refused: ProxyMismatch")
  })

  it("refuses one whose role has the same name in another account, partition or path", async () => {
    const door = openDoor()
    const task = await workload()
    const token = await tokenOf(task)
    const name = roleName(task.role.arn)
    for (
      const taskRoleArn of [
        `arn:aws:iam::222222222222:role/${name}`,
        `arn:aws-cn:iam::${OWN_ACCOUNT}:role/${name}`,
        `arn:aws:iam::${OWN_ACCOUNT}:role/teams/${name}`
      ]
    ) {
      observe(door, task, { taskRoleArn })
      expect(await door.enter(token, task.claim)).toBe("Refused: RoleMismatch")
    }
  })

  it("gives a refused one the operator's own reason", async () => {
    const door = openDoor()
    const task = await workload()
    const why = { reason: "RoleTagMissing", message: "tag the role" }
    const conditions = [{ type: "Accepted", status: "False", ...why }] as const
    observe(door, task, { phase: "refused", proxy: null, role: null, conditions })
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleTagMissing")
    expect(door.said()).toContain("tag the role")
  })

  it("refuses a session that somebody else named after another task", async () => {
    const door = openDoor()
    const victim = await workload()
    observe(door, victim)
    const thief = await workload()
    // The thief's role, with the victim's task id as session name, claiming the victim's proxy.
    const credentials = await aws.assume(thief.role.arn, victim.taskId)
    expect(await door.enter(await tokenOf({ ...victim, credentials }), victim.claim)).toBe("Refused: RoleMismatch")
  })

  it("refuses to take over another task's proxy, with a session of the same role", async () => {
    const door = openDoor()
    const victim = await workload()
    observe(door, victim)
    const credentials = await aws.assume(victim.role.arn, "fedcba9876543210fedcba9876543210")
    expect(await door.enter(await tokenOf({ ...victim, credentials }), victim.claim)).toBe("Refused: SessionMismatch")
  })

  it("refuses a peer whose address can't be told, while addresses are checked", async () => {
    const { door, task, token } = await admitted()
    expect(await door.enter(token, { ...task.claim, peerAddress: null })).toBe("Refused: PeerAddressMismatch")
  })

  it("knows the task's address behind an IPv6 socket, and needs none where the check is off", async () => {
    const { door, task, token } = await admitted()
    const mapped = { ...task.claim, peerAddress: `::ffff:${ADDRESS}` }
    expect(await door.enter(token, mapped)).toMatchObject({ method: "aws-iam" })
    const lax = openDoor({ auth: { checkPeerAddress: false } })
    observe(lax, task)
    expect(await lax.enter(token, { ...task.claim, peerAddress: null })).toMatchObject({ method: "aws-iam" })
  })

  it("refuses a Dataplane that declares another address than the task's", async () => {
    const { door, task, token } = await admitted()
    const key = { type: "Dataplane", mesh: "default", name: task.taskId } as const
    door.resources.put(key, { networking: { address: "10.0.0.99" } })
    expect(await door.enter(token, task.claim)).toBe("Refused: DeclaredAddressMismatch")
    door.resources.put(key, { networking: { address: ADDRESS } })
    expect(await door.enter(token, task.claim)).toMatchObject({ method: "aws-iam" })
  })
})
