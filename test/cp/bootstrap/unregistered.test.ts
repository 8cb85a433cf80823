// What a task's sidecar hears while the mesh doesn't have its proxy.
import { expect, it } from "vitest"
import type { Condition } from "../../../src/model/Condition.ts"
import { HERE, useIamControlPlanes } from "../auth/support/iamControlPlane.ts"
import { GOOD_TAGS, tokenOf, workload } from "../auth/support/iamDoor.ts"
import { taskKey, taskOf } from "../auth/support/taskOf.ts"
import { eventually } from "../server/startControlPlane.ts"

const planes = useIamControlPlanes()

const hears = async (registered: Pick<Condition, "reason" | "message">): Promise<string> => {
  const controlPlane = await planes.start()
  const task = await workload(GOOD_TAGS)
  const proxy = { proxyType: "dataplane", mesh: "default", name: task.taskId } as const
  const conditions = [{ type: "Registered", status: "False", ...registered } as const]
  const spec = taskOf(task.taskId, task.role, { address: HERE, phase: "valid", proxy, conditions })
  await controlPlane.put({ ...taskKey(task.taskId), labels: {}, spec })
  const authorization = await tokenOf(task, { claim: { ...proxy, peerAddress: HERE } })
  const { detail } = await eventually(
    async () => {
      const { body } = await planes.ask(controlPlane, proxy, { headers: { authorization } })
      return JSON.parse(body) as { readonly detail: string; readonly title: string }
    },
    ({ title }) => title === "NotRegisteredYet"
  )
  return detail.replace(task.taskId, "ID").replace(task.taskId, "ID")
}

it("is why, where its owner has something to change first", async () => {
  const message = "there is no mesh \"default\": create it, and the proxy is registered there"
  expect(await hears({ reason: "MeshMissing", message })).toBe(
    `ECS task ID was seen (RUNNING, valid) but isn't registered as default/ID: ${message}`
  )
}, 60_000)

it("is to come again, where it is only a matter of time", async () => {
  const message = "the proxy is registered once its task is accepted"
  expect(await hears({ reason: "NotAccepted", message })).toBe(
    "ECS task ID was seen (RUNNING, valid) but isn't registered yet as default/ID; come again in a moment"
  )
}, 60_000)
