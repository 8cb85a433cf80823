import { decodeJwt, decodeProtectedHeader } from "jose"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create())
}, 60_000)
afterAll(() => api?.stop())

const ask = (kind: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  request(`${api.url}/tokens/${kind}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body)
  })

const seconds = () => Math.floor(Date.now() / 1000)

describe("POST /tokens/dataplane", () => {
  it("gives a token as text, with Kuma's claims and the time that was asked for", async () => {
    const answer = await ask("dataplane", {
      name: "kv-1",
      mesh: "default",
      tags: { "kuma.io/service": ["kv", "kv-canary"] },
      type: "dataplane",
      workload: "kv",
      validFor: "1h30m0s"
    })
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"])
    expect(decodeProtectedHeader(answer.text)).toMatchObject({ alg: "RS256", kid: "1" })
    const { exp = 0, ...claims } = decodeJwt(answer.text)
    expect(claims).toMatchObject({
      Name: "kv-1",
      Mesh: "default",
      Tags: { "kuma.io/service": ["kv", "kv-canary"] },
      Type: "dataplane",
      Workload: "kv",
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/)
    })
    expect(Math.abs(exp - seconds() - 5400)).toBeLessThan(30)
  })

  it("takes what kumactl leaves empty, and then restricts nothing but the mesh, for ten years", async () => {
    const { status, text } = await ask("dataplane", { name: "", mesh: "default", tags: null, type: "", workload: "" })
    expect(status).toBe(200)
    const { exp = 0, ...claims } = decodeJwt(text)
    expect(claims).toMatchObject({ Name: "", Mesh: "default", Tags: {}, Type: "", Workload: "" })
    expect(Math.round((exp - seconds()) / 86_400)).toBe(3650)
  })

  it("is signed by the key of a mesh that was just made", async () => {
    await put(`${api.url}/meshes/fresh`, { type: "Mesh", name: "fresh" })
    expect((await ask("dataplane", { mesh: "fresh", validFor: "1m" })).status).toBe(200)
  })

  it("of an unknown mesh is refused, as there is no key", async () => {
    const answer = await ask("dataplane", { mesh: "nowhere", validFor: "1m" })
    expect(answer.status).toBe(404)
    expect(answer.json).toMatchObject({
      title: "Signing Key not found",
      detail: "there is no Secret \"dataplane-token-signing-key-nowhere-1\" in mesh \"nowhere\": create the mesh first"
    })
  })

  it("tells all that is wrong at once", async () => {
    const answer = await ask("dataplane", { type: "sidecar", validFor: "soon" })
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({
      title: "Invalid request",
      invalid_parameters: [
        { field: "mesh", reason: "cannot be empty" },
        { field: "validFor", reason: "is invalid: time: invalid duration \"soon\"" },
        { field: "type", reason: "sidecar is not a valid proxy type" }
      ]
    })
  })

  it.each([
    ["no time at all", { mesh: "default", validFor: "0s" }, "validFor"],
    ["a time that is over", { mesh: "default", validFor: "-1h" }, "validFor"],
    ["a restriction that isn't known", { mesh: "default", service: "kv" }, "service"],
    ["tags of another shape", { mesh: "default", tags: { "kuma.io/service": "kv" } }, "tags"]
  ])("is refused for %s", async (_, body, field) => {
    const answer = await ask("dataplane", body)
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({ invalid_parameters: [{ field }] })
  })

  it.each([["nothing", ""], ["no JSON", "{"], ["a field twice", "{\"mesh\":\"default\",\"mesh\":\"other\"}"]])(
    "is refused for %s in the body",
    async (_, body) => {
      expect(await ask("dataplane", body)).toMatchObject({ status: 400, json: { title: "Bad Request" } })
    }
  )
})

describe("POST /tokens/zone", () => {
  it("gives a token with the zone and its scope", async () => {
    const { status, text } = await ask("zone", { zone: "zone-1", scope: ["ingress", "egress"], validFor: "24h0m0s" })
    expect(status).toBe(200)
    expect(decodeJwt(text)).toMatchObject({ Zone: "zone-1", Scope: ["ingress", "egress"] })
  })

  it.each([[null], [[]], [["ingress", "everything"]]])("is refused for the scope %j", async (scope) => {
    const answer = await ask("zone", { zone: "zone-1", scope, validFor: "1h" })
    expect(answer.status).toBe(400)
    expect(answer.json).toMatchObject({ invalid_parameters: [{ field: "scope" }] })
  })
})

describe("tokens", () => {
  it("are for administrators alone", async () => {
    for (const kind of ["dataplane", "zone"]) {
      const answer = await ask(kind, { mesh: "default" }, { "x-forwarded-for": "10.0.0.9" })
      expect(answer.status).toBe(401)
      const { text: token } = await ask("user", { name: "joe", groups: ["dev"], validFor: "1h" })
      const known = await ask(kind, { mesh: "default" }, {
        "x-forwarded-for": "10.0.0.9", authorization: `Bearer ${token}`
      })
      expect(known.status).toBe(403)
      expect(known.json).toMatchObject({ title: "Access Denied", detail: expect.stringContaining(`${kind} token`) })
    }
  })

  it("aren't read, and others than these aren't there", async () => {
    const read = await request(`${api.url}/tokens/dataplane`)
    expect([read.status, read.headers.get("allow")]).toEqual([405, "POST"])
    for (const kind of ["mesh", "dataplane/more", ""]) expect((await ask(kind, {})).status).toBe(404)
  })

  it("are asked for in JSON, and a client may insist on text", async () => {
    expect((await ask("zone", "zone: a", { "content-type": "application/yaml" })).status).toBe(415)
    expect((await ask("zone", { scope: ["ingress"] }, { accept: "text/plain" })).status).toBe(200)
    expect((await ask("zone", { scope: ["ingress"] }, { accept: "text/html" })).status).toBe(406)
  })
})

describe("signing keys", () => {
  it("are there at start for both kinds of token", async () => {
    const keys = [
      "meshes/default/secrets/dataplane-token-signing-key-default-1",
      "global-secrets/zone-token-signing-key-1"
    ]
    for (const key of keys) expect((await request(`${api.url}/${key}`)).status).toBe(200)
  })

  it("go with their mesh, the rotated ones too, and leave the user's secrets", async () => {
    const url = `${api.url}/meshes/brief`
    await put(url, { type: "Mesh", name: "brief" })
    const secret = (name: string) =>
      put(`${url}/secrets/${name}`, { type: "Secret", mesh: "brief", name, data: Buffer.from("x").toString("base64") })
    for (const name of ["dataplane-token-signing-key-brief-2", "dataplane-token-signing-key-brief-x"]) {
      expect((await secret(name)).status).toBe(201)
    }
    expect((await request(url, { method: "DELETE" })).status).toBe(200)
    await put(url, { type: "Mesh", name: "brief" })
    const { json } = await request(`${url}/secrets`)
    expect(json).toMatchObject({
      items: [{ name: "dataplane-token-signing-key-brief-1" }, { name: "dataplane-token-signing-key-brief-x" }]
    })
  })
})
