// Who may bring along what it is: proxies with tokens that vouch for no task, and nobody of whom the operator says it.
import { expect, it } from "vitest"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { useIamControlPlanes } from "../auth/support/iamControlPlane.ts"
import { GOOD_TAGS, tokenOf, workload } from "../auth/support/iamDoor.ts"
import { taskKey, taskOf } from "../auth/support/taskOf.ts"
import { adsClient, firstRequest } from "./adsClient.ts"
import { eventually } from "./startControlPlane.ts"

const planes = useIamControlPlanes()

const HERE = "127.0.0.1"

it("a zone proxy that joins by its role can't, where dataplanes with tokens do", async () => {
  const controlPlane = await planes.start({ auth: { dpProxyType: "dpToken" } })
  const connected = (name: string) =>
    eventually(
      () => controlPlane.journal.filter(({ key, kind }) => kind === "connected" && key.endsWith(name)).length,
      (count) => count === 1
    )

  const dataplane = `type: Dataplane
mesh: default
name: kv-1
networking: {address: 127.0.0.1, inbound: [{port: 8080, tags: {kuma.io/service: kv}}]}
`
  const kv = adsClient(controlPlane, planes.tls(), [await controlPlane.token("kv-1")])
  kv.send(firstRequest("kv-1", { "dataplane.resource": dataplane }))
  await connected("kv-1")
  expect(await controlPlane.get({ type: "Dataplane", mesh: "default", name: "kv-1" })).not.toBeNull()
  kv.close()

  const task = await workload({ ...GOOD_TAGS, "kuma.io/type": "ingress" })
  const id = { proxyType: "ingress", mesh: "", name: task.taskId } as const
  await controlPlane.put({
    ...taskKey(task.taskId),
    labels: {},
    spec: taskOf(task.taskId, task.role, { address: HERE, proxy: id })
  })
  const ingress = `type: ZoneIngress
name: ${task.taskId}
networking: {address: 127.0.0.9, port: 10001, advertisedAddress: 127.0.0.9, advertisedPort: 10001}
`
  const token = await tokenOf(task, { claim: { ...id, peerAddress: HERE } })
  const said = await eventually(
    async () => {
      const body = { ...id, dataplaneResource: ingress }
      const { body: answer } = await planes.ask(controlPlane, body, { headers: { authorization: token } })
      return (JSON.parse(answer) as { readonly title?: string }).title
    },
    (title) => title !== "TaskNotObserved"
  )
  expect(said).toBe("NotRegisteredYet")
  const client = adsClient(controlPlane, planes.tls(), [token])
  client.send({
    typeUrl: TypeUrl.Cluster,
    node: {
      id: `.${task.taskId}`,
      metadata: { "dataplane.proxyType": "ingress", "dataplane.resource": ingress }
    }
  })
  await connected(task.taskId)
  expect(await controlPlane.get({ type: "ZoneIngress", mesh: "", name: task.taskId })).toBeNull()
  client.close()
})
