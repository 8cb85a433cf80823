// Requests that a program takes for something that they aren't, where it isn't careful.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create())
  await put(`${api.url}/meshes/default/dataplanes/d`, {
    type: "Dataplane", mesh: "default", name: "d",
    networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] }
  })
}, 60_000)
afterAll(() => api?.stop())

/** What every object of the language has. */
const INHERITED = ["__proto__", "constructor", "toString", "hasOwnProperty"]

describe("names that every object has", () => {
  it.each(INHERITED)("are no types, resources, tags or labels: %s", async (name) => {
    expect((await request(`${api.url}/${name}`)).text).toBe("404: Page Not Found")
    expect((await request(`${api.url}/meshes/default/${name}/x`)).text).toBe("404: Page Not Found")
    expect((await request(`${api.url}/meshes/${name}`)).json).toMatchObject({ status: 404 })
    for (const query of [`tag=${name}:x`, `tag=${name}`, `filter[labels.${name}]=x`]) {
      const { json, status } = await request(`${api.url}/dataplanes?${query}`)
      expect([query, status, json]).toMatchObject([query, 200, { total: 0 }])
    }
    const typed = await put(`${api.url}/meshes/default/dataplanes/x`, { type: name, mesh: "default", name: "x" })
    expect(typed.status).toBe(400)
  })
})

describe("a path", () => {
  it.each([
    "//meshes", "/meshes//dataplanes", "/meshes/%2e%2e/%2e%2e/secrets", "/meshes/default/secrets%2fx", "/%", "/meshes/%ff",
    "/meshes/default/dataplanes/d/_overview/x", "/_kri", "/_kri/a/b", "/tokens", "/tokens/user/x", "/."
  ])("that only looks like one is none: %s", async (path) => {
    // fetch would tidy it up.
    const { request: send } = await import("node:http")
    const status = await new Promise<number | undefined>((resolve, reject) => {
      send({ host: "127.0.0.1", port: new URL(api.url).port, path }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).on("error", reject).end()
    })
    expect(status).toBe(404)
  })
})

describe("a token's time", () => {
  it.each(["9999999h", "-1h", "1", "h", "1h1", "1e9h", " 1h"])("that is none is refused: %s", async (validFor) => {
    const answer = await request(`${api.url}/tokens/user`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "a", validFor })
    })
    expect([answer.status, answer.json]).toMatchObject([400, { invalid_parameters: [{ field: "validFor" }] }])
  })
})
