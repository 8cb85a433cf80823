import { Effect } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { request, startApi, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => { api = await startApi(await databases.create()) })
afterAll(() => api.stop())

const status = { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }

/** What deleting a Dataplane is answered that somebody stored with these labels, and how its last stream stands. */
const deleted = async (labels: Readonly<Record<string, string>>, disconnectTime?: string): Promise<unknown> => {
  const key = { mesh: "default", name: "web-1" }
  const times = { connectTime: "2026-01-01T00:00:00Z", ...(disconnectTime === undefined ? {} : { disconnectTime }) }
  const subscriptions = [{ id: "1", controlPlaneInstanceId: "cp", status, ...times }]
  await api.run(Store.use((store) =>
    Effect.andThen(
      store.put({ type: "Dataplane", ...key, labels, spec: {} }),
      store.put({ type: "DataplaneInsight", ...key, labels: {}, spec: { subscriptions } })
    )
  ))
  const answer = await request(`${api.url}/meshes/default/dataplanes/web-1`, { method: "DELETE" })
  expect(answer.status).toBe(200)
  return answer.json
}

it("who deletes what is put back at once is told so, and by what it goes", async () => {
  expect(await deleted({ "ecs-mesh.io/brought": "true" })).toEqual({
    warnings: [expect.stringMatching(/^the proxy of Dataplane "web-1" is connected, .*: end the proxy, or revoke/)]
  })
  expect(await deleted({ "ecs-mesh.io/task": "abc" })).toEqual({
    warnings: [expect.stringMatching(/^the operator puts Dataplane "web-1" back .* stop the task abc$/)]
  })
  expect(await deleted({ "ecs-mesh.io/brought": "true" }, "2026-01-01T00:01:00Z")).toEqual({})
  expect(await deleted({})).toEqual({})
})
