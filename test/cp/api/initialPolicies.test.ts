import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { policyTypes } from "../../../src/model/policies.ts"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create())
}, 60_000)
afterAll(() => api?.stop())

const policiesOf = (mesh: string) =>
  api.run(Effect.gen(function*() {
    const store = yield* Store
    const found = yield* Effect.forEach(policyTypes, (type) => store.list(type, mesh))
    return found.flat().map(({ name }) => name).sort()
  }))

const namesOf = (mesh: string) =>
  ["mesh-circuit-breaker-all", "mesh-gateways-timeout-all", "mesh-retry-all", "mesh-timeout-all"]
    .map((name) => `${name}-${mesh}`)

describe("the policies that a mesh begins with", () => {
  it("are there with the default mesh, and are its users' from then on", async () => {
    expect(await policiesOf("default")).toEqual(namesOf("default"))
    const { json } = await request(`${api.url}/meshes/default/meshretries/mesh-retry-all-default`)
    expect(json).toMatchObject({
      labels: { "kuma.io/mesh": "default", "kuma.io/origin": "zone", "kuma.io/zone": "zone-1" },
      spec: { to: [{ default: { http: { numRetries: 5, perTryTimeout: "16s" } } }] }
    })
    const removed = await request(`${api.url}/meshes/default/meshretries/mesh-retry-all-default`, { method: "DELETE" })
    expect(removed.status).toBe(200)
    await api.defaults()
    expect(await policiesOf("default")).toEqual(namesOf("default").filter((name) => !name.startsWith("mesh-retry")))
  })

  it("come with a mesh when it is made, but for those that it skips, and go with it", async () => {
    expect((await put(`${api.url}/meshes/orders`, { type: "Mesh", name: "orders" })).status).toBe(201)
    expect(await policiesOf("orders")).toEqual(namesOf("orders"))
    const other = { type: "Mesh", name: "other", skipCreatingInitialPolicies: ["MeshTimeout", "MeshRetry"] }
    expect((await put(`${api.url}/meshes/other`, other)).status).toBe(201)
    expect(await policiesOf("other")).toEqual(["mesh-circuit-breaker-all-other"])
    // A write of a mesh that is there makes none anew.
    expect((await put(`${api.url}/meshes/other`, { type: "Mesh", name: "other" })).status).toBe(200)
    expect(await policiesOf("other")).toEqual(["mesh-circuit-breaker-all-other"])
    expect((await request(`${api.url}/meshes/orders`, { method: "DELETE" })).status).toBe(200)
    expect(await policiesOf("orders")).toEqual([])
  })
})
