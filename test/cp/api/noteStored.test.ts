// What the API tells the journal of what its users write.
import { Layer } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, request, startApi, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
const journal: Array<JournalEntry> = []
let api: TestApi

beforeAll(async () => {
  const told = Layer.succeed(Journal, { append: (entry) => void journal.push(entry) })
  api = await startApi(await databases.create(), { told })
}, 60_000)
afterAll(async () => {
  await api?.stop()
})

const permission = (action: string) => ({
  type: "MeshTrafficPermission",
  mesh: "default",
  name: "all",
  spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action } }] }
})

describe("a write by the API", () => {
  it("is told with its key, version and user, and so is its removal", async () => {
    const url = `${api.url}/meshes/default/meshtrafficpermissions/all`
    expect((await put(url, permission("Allow"))).status).toBe(201)
    expect((await put(url, permission("Deny"))).status).toBe(200)
    expect((await request(url, { method: "DELETE" })).status).toBe(200)
    const key = "MeshTrafficPermission/default/all"
    const [first, second, removal] = journal.filter((entry) => entry.key === key)
    const by = "mesh-system:admin"
    expect(first).toEqual({ kind: "stored", key, resource: key, op: "put", version: expect.any(Number), by })
    expect(second).toMatchObject({ op: "put", by })
    expect(removal).toMatchObject({ op: "remove", version: second?.["version"], by })
  })

  it("is told of a secret without what it holds", async () => {
    const data = Buffer.from("hush").toString("base64")
    const url = `${api.url}/meshes/default/secrets/one`
    expect((await put(url, { type: "Secret", mesh: "default", name: "one", data })).status).toBe(201)
    expect(journal.map(({ key }) => key)).toContain("Secret/default/one")
    expect(JSON.stringify(journal)).not.toContain(data)
  })

  it("is told with the name that a user's token has", async () => {
    const { text } = await request(`${api.url}/tokens/user`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "jane", groups: ["ops"], validFor: "1h" })
    })
    const headers = { "x-forwarded-for": "192.0.2.1", authorization: `Bearer ${text}` }
    const url = `${api.url}/meshes/default/meshtrafficpermissions/of-jane`
    expect((await put(url, { ...permission("Allow"), name: "of-jane" }, headers)).status).toBe(201)
    const told = journal.filter(({ key }) => key === "MeshTrafficPermission/default/of-jane")
    expect(told).toMatchObject([{ op: "put", by: "jane" }])
    expect(JSON.stringify(journal)).not.toContain(text)
  })

  it("isn't told where it changed nothing", async () => {
    const url = `${api.url}/meshes/default/meshtrafficpermissions/same`
    for (const action of ["Allow", "Allow", "Deny"]) await put(url, { ...permission(action), name: "same" })
    const told = journal.filter(({ key }) => key === "MeshTrafficPermission/default/same")
    expect(told).toMatchObject([{ op: "put" }, { op: "put" }])
    expect(told[0]?.["version"]).not.toBe(told[1]?.["version"])
  })

  it("isn't told where it was refused", async () => {
    const before = journal.length
    const absent = `${api.url}/meshes/none/meshtrafficpermissions/all`
    expect((await put(absent, { ...permission("Allow"), mesh: "none" })).status).not.toBeLessThan(400)
    expect((await request(absent, { method: "DELETE" })).status).toBe(404)
    expect(journal.length).toBe(before)
  })

  it("is told of all that a mesh takes along", async () => {
    await put(`${api.url}/meshes/other`, { type: "Mesh", name: "other" })
    await put(`${api.url}/meshes/other/meshtrafficpermissions/all`, { ...permission("Allow"), mesh: "other" })
    expect((await request(`${api.url}/meshes/other`, { method: "DELETE" })).status).toBe(200)
    const removed = journal.flatMap(({ key, op }) => op === "remove" ? [key] : [])
    expect(removed).toEqual(expect.arrayContaining(["Mesh//other", "MeshTrafficPermission/other/all"]))
  })
})
