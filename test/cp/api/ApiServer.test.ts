import { Effect, Layer } from "effect"
import { request as httpRequest } from "node:http"
import { get as httpsGet } from "node:https"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiServer } from "../../../src/cp/api/ApiServer.ts"
import { Journal, JournalExport } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { selfSigned } from "./selfSigned.ts"
import { apiConfig, put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create())
}, 60_000)
afterAll(() => api?.stop())

const dataplane = (name: string, changes: object = {}) => ({
  type: "Dataplane",
  mesh: "default",
  name,
  networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] },
  ...changes
})

/** The members of an error that name fields. */
const invalid = (json: unknown): ReadonlyArray<unknown> =>
  typeof json === "object" && json !== null && "invalid_parameters" in json && Array.isArray(json.invalid_parameters)
    ? json.invalid_parameters
    : []

describe("GET /", () => {
  it("says Kuma, as kumactl demands, and who we are", async () => {
    const { json, status } = await request(`${api.url}/`)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      product: "Kuma",
      version: "2.14.3",
      basedOnKuma: "2.14.3",
      instanceId: "instance-1",
      clusterId: "cluster-1",
      implementation: "ecs-mesh"
    })
  })
})

describe("at start", () => {
  it("the default mesh and its signing key are there", async () => {
    expect((await request(`${api.url}/meshes/default`)).json).toMatchObject({ type: "Mesh", name: "default" })
    const key = await request(`${api.url}/meshes/default/secrets/dataplane-token-signing-key-default-1`)
    expect(key.status).toBe(200)
    const data = typeof key.json === "object" && key.json !== null && "data" in key.json ? String(key.json.data) : ""
    expect(Buffer.from(data, "base64").toString()).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/)
  })
})

describe("a resource", () => {
  it("is created with 201, replaced with 200, read, deleted, and then gone", async () => {
    const url = `${api.url}/meshes/default/dataplanes/life`
    const created = await put(url, dataplane("life", { labels: { team: "a" } }))
    expect([created.status, created.text]).toEqual([201, "{}\n"])
    expect((await put(url, dataplane("life"))).status).toBe(200)
    const read = await request(url)
    expect(read.json).toMatchObject({
      type: "Dataplane",
      mesh: "default",
      name: "life",
      labels: {
        "kuma.io/mesh": "default",
        "kuma.io/origin": "zone",
        "kuma.io/zone": "zone-1",
        "kuma.io/env": "universal",
        "kuma.io/proxy-type": "sidecar"
      },
      kri: "kri_dp_default_zone-1__life_",
      networking: { inbound: [{ tags: { "kuma.io/service": "kv", "kuma.io/zone": "zone-1" } }] }
    })
    expect(read.text).not.toContain("team")
    expect(Object.keys(read.json ?? {})).toEqual([
      "type", "mesh", "name", "creationTime", "modificationTime", "labels", "kri", "networking"
    ])
    const deleted = await request(url, { method: "DELETE" })
    expect([deleted.status, deleted.text]).toEqual([200, "{}\n"])
    for (const method of ["GET", "DELETE"]) {
      const gone = await request(url, { method })
      expect(gone.status).toBe(404)
      expect(gone.json).toMatchObject({ type: "/std-errors", detail: "Not found", details: "Not found" })
    }
  })

  it("of a newer type keeps its spec under spec", async () => {
    const url = `${api.url}/meshes/default/meshtrafficpermissions/open`
    const spec = { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] }
    const body = { type: "MeshTrafficPermission", mesh: "default", name: "open", spec }
    expect((await put(url, body)).status).toBe(201)
    expect((await request(url)).json).toMatchObject({ kri: "kri_mtp_default_zone-1__open_", spec })
  })

  it("may be put as YAML", async () => {
    const yaml = "type: MeshTimeout\nmesh: default\nname: short\nspec:\n  to:\n    - targetRef: {kind: Mesh}\n" +
      "      default: {idleTimeout: 5s}\n"
    const answer = await put(`${api.url}/meshes/default/meshtimeouts/short`, yaml, {
      "content-type": "application/yaml"
    })
    expect(answer.status).toBe(201)
  })

  it("without a mesh is found under both of its names", async () => {
    const body = { type: "ZoneIngress", name: "in-1", networking: { address: "10.0.0.2", port: 10001 } }
    expect((await put(`${api.url}/zone-ingresses/in-1`, body)).status).toBe(201)
    expect((await request(`${api.url}/zoneingresses/in-1`)).json).toMatchObject({
      type: "ZoneIngress",
      labels: { "kuma.io/proxy-type": "zoneingress" }
    })
  })

  it("that is invalid is refused with all its violations, in both shapes", async () => {
    const { json, status } = await put(`${api.url}/meshes/default/dataplanes/bad`, {
      type: "Mesh",
      mesh: "other",
      name: "worse",
      networking: { address: "0.0.0.0", inbound: [{ tags: { "kuma.io/service": "kv" } }] }
    })
    expect(status).toBe(400)
    const reasons = [
      ["name", "name from the URL has to be the same as in body"],
      ["type", "type from the URL has to be the same as in body"],
      ["mesh", "mesh from the URL has to be the same as in body"],
      ["networking.address", "must not be 0.0.0.0 or ::"],
      ["networking.inbound[0].port", "port must be in the range [1, 65535]"]
    ]
    expect(json).toEqual({
      type: "/std-errors",
      status: 400,
      title: "Could not process a resource",
      detail: "Resource is not valid",
      invalid_parameters: reasons.map(([field, reason]) => ({ field, reason })),
      details: "Resource is not valid",
      causes: reasons.map(([field, message]) => ({ field, message }))
    })
  })

  it("with an unknown field is written without it, and says so", async () => {
    const url = `${api.url}/meshes/default/dataplanes/typo`
    const { json, status } = await put(url, dataplane("typo", { networkng: {} }))
    expect(status).toBe(201)
    expect(json).toEqual({ warnings: ["networkng: unknown field; did you mean \"networking\"?"] })
    expect((await request(url)).json).not.toHaveProperty("networkng")
    await request(url, { method: "DELETE" })
  })

  it("with a key that stands twice takes the last, and says so", async () => {
    const { json, status } = await put(`${api.url}/meshes/twice`, `{"type":"Mesh","name":"x","name":"twice"}`)
    expect(status).toBe(201)
    expect(json).toEqual({ warnings: ["name: given twice: the last is taken"] })
  })

  it("with more unknown fields than anybody reads names the first hundred", async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`field${index}`, 1]))
    const { json } = await put(`${api.url}/meshes/many`, { type: "Mesh", name: "many", ...many })
    expect(json).toHaveProperty("warnings.length", 101)
    expect(json).toHaveProperty("warnings.100", "and 50 more")
  })

  it("that does nothing here in part says so, or is refused where that part is about traffic", async () => {
    const url = `${api.url}/meshes/quiet`
    expect((await put(url, { type: "Mesh", name: "quiet", tracing: {} })).json).toEqual({
      warnings: ["tracing: has no effect yet: no traces are sent"]
    })
    const routing = { localityAwareLoadBalancing: true }
    expect(invalid((await put(url, { type: "Mesh", name: "quiet", routing })).json)).toEqual([{
      field: "routing.localityAwareLoadBalancing",
      reason: "has no effect yet: leave it out; all zones share the load"
    }])
  })

  it("that is no JSON at all is a bad request", async () => {
    const { json, status } = await put(`${api.url}/meshes/default`, "{")
    expect(status).toBe(400)
    expect(json).toMatchObject({ title: "Bad Request" })
  })

  it("may not be said to be of another zone, now or later", async () => {
    const url = `${api.url}/meshes/default/dataplanes/zoned`
    const other = await put(url, dataplane("zoned", { labels: { "kuma.io/zone": "zone-2" } }))
    expect(invalid(other.json)).toEqual([
      { field: "labels[\"kuma.io/zone\"]", reason: "kuma.io/zone label should have zone-1 value" }
    ])
    expect((await put(url, dataplane("zoned"))).status).toBe(201)
    const moved = await put(url, dataplane("zoned", { labels: { "kuma.io/origin": "global" } }))
    expect(moved.json).toMatchObject({ title: "Could not update a resource" })
    expect(invalid(moved.json)).toContainEqual({
      field: "labels[\"kuma.io/origin\"]",
      reason: "is immutable, cannot be changed from \"zone\" to \"global\""
    })
    await request(url, { method: "DELETE" })
  })

  it("that the control plane writes is read only", async () => {
    for (const [path, method] of [["ecs-tasks/t", "PUT"], ["meshes/default/dataplane-insights/d", "DELETE"]] as const) {
      const answer = await request(`${api.url}/${path}`, {
        method,
        ...(method === "PUT" ? { headers: { "content-type": "application/json" }, body: "{}" } : {})
      })
      expect(answer.status).toBe(405)
      expect(answer.json).toMatchObject({ title: "Method not allowed" })
    }
    // Whatever it would be written with.
    expect((await request(`${api.url}/ecs-tasks/t`, { method: "PUT" })).status).toBe(405)
  })

  it("of a mesh that isn't there is a 404 that names the mesh", async () => {
    const url = `${api.url}/meshes/nowhere/dataplanes`
    for (const answer of [await request(url), await request(`${url}/x`), await put(`${url}/x`, dataplane("x"))]) {
      expect(answer.status).toBe(404)
      expect(answer.json).toMatchObject({ title: "Failed to retrieve Mesh" })
    }
  })
})

describe("a list", () => {
  beforeAll(async () => {
    const mesh = `${api.url}/meshes/lists`
    await put(mesh, { type: "Mesh", name: "lists" })
    for (const name of ["c", "a", "b"]) {
      const inbound = [{ port: 80, tags: { "kuma.io/service": `kv-${name}` } }]
      await put(`${mesh}/dataplanes/${name}`, {
        ...dataplane(name), mesh: "lists", labels: { letter: name }, networking: { address: "10.0.0.1", inbound }
      })
    }
  })

  const names = (json: unknown): ReadonlyArray<string> =>
    typeof json === "object" && json !== null && "items" in json && Array.isArray(json.items)
      ? json.items.map(({ name }: { readonly name: string }) => name)
      : []

  it("is ordered by name, with a total and no next at the end", async () => {
    const { json } = await request(`${api.url}/meshes/lists/dataplanes`)
    expect(names(json)).toEqual(["a", "b", "c"])
    expect(json).toMatchObject({ total: 3, next: null })
  })

  it("is walked by its absolute next links", async () => {
    const seen: Array<string> = []
    let url: unknown = `${api.url}/meshes/lists/dataplanes?size=2&name=`
    while (typeof url === "string") {
      const { json }: { readonly json: unknown } = await request(url)
      seen.push(...names(json))
      url = typeof json === "object" && json !== null && "next" in json ? json.next : null
    }
    expect(seen).toEqual(["a", "b", "c"])
  })

  it("is empty past its end", async () => {
    const { json, status } = await request(`${api.url}/meshes/lists/dataplanes?offset=50`)
    expect([status, json]).toEqual([200, { total: 3, items: [], next: null }])
  })

  it.each(["name=b", "filter[labels.letter]=b", "tag=kuma.io/service:kv-b"])("is narrowed by %s", async (query) => {
    expect(names((await request(`${api.url}/meshes/lists/dataplanes?${query}`)).json)).toEqual(["b"])
  })

  it.each([["gateway=true", 0], ["gateway=false", 3]])("is narrowed by %s", async (query, total) => {
    expect((await request(`${api.url}/meshes/lists/dataplanes?${query}`)).json).toMatchObject({ total })
  })

  it.each([
    ["size=0", "size", "must be greater than 0"],
    ["size=x", "size", "invalid format"],
    ["size=1001", "size", "invalid page size of 1001. Maximum page size is 1000"],
    ["offset=-1", "offset", "invalid offset: must be a non-negative number"],
    ["filter[spec.x]=1", "filter[spec.x]", "filters are only supported on labels"],
    ["gateway=maybe", "gateway", "must be one of: true, false, builtin, delegated"]
  ])("asked for by %s is refused", async (query, field, reason) => {
    const { json, status } = await request(`${api.url}/meshes/lists/dataplanes?${query}`)
    expect(status).toBe(400)
    expect(invalid(json)).toEqual([{ field, reason }])
  })

  it("of one type covers all meshes", async () => {
    await put(`${api.url}/meshes/default/dataplanes/z`, dataplane("z"))
    expect(names((await request(`${api.url}/dataplanes`)).json)).toEqual(["z", "a", "b", "c"])
    await request(`${api.url}/meshes/default/dataplanes/z`, { method: "DELETE" })
  })

  it("of overviews joins what is known of the connections", async () => {
    const subscriptions = [{
      id: "s1", controlPlaneInstanceId: "instance-1", connectTime: "2026-01-01T00:00:00Z",
      status: { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }
    }]
    await api.run(Effect.flatMap(Store, (store) =>
      store.put({ type: "DataplaneInsight", mesh: "lists", name: "b", labels: {}, spec: { subscriptions } })))
    const { json } = await request(`${api.url}/meshes/lists/dataplanes/_overview`)
    expect(names(json)).toEqual(["a", "b", "c"])
    const expected = {
      type: "DataplaneOverview", mesh: "lists", name: "b", kri: "kri_dp_lists_zone-1__b_",
      dataplane: { networking: { address: "10.0.0.1" } }, dataplaneInsight: { subscriptions }
    }
    for (const path of ["dataplanes/b/_overview", "dataplanes+insights/b"]) {
      expect((await request(`${api.url}/meshes/lists/${path}`)).json).toMatchObject(expected)
    }
    const unconnected = await request(`${api.url}/meshes/lists/dataplanes/a/_overview`)
    // As Kuma has it: none in a list, an empty one of a single proxy.
    expect(unconnected.json).toMatchObject({ type: "DataplaneOverview", name: "a", dataplaneInsight: {} })
    expect(json).toMatchObject({ items: [expect.not.objectContaining({ dataplaneInsight: expect.anything() }), {}, {}] })
  })
})

describe("a mesh", () => {
  it("with Dataplanes isn't deleted; without them it takes its own along and leaves the user's secrets", async () => {
    const mesh = `${api.url}/meshes/doomed`
    await put(mesh, { type: "Mesh", name: "doomed" })
    await put(`${mesh}/dataplanes/d`, { ...dataplane("d"), mesh: "doomed" })
    await put(`${mesh}/secrets/own`, { type: "Secret", mesh: "doomed", name: "own", data: "c2FtcGxl" })
    const refused = await request(mesh, { method: "DELETE" })
    expect(refused.status).toBe(400)
    expect(invalid(refused.json)).toEqual([
      { field: "mesh", reason: "unable to delete mesh, there are still some dataplanes attached" }
    ])
    await request(`${mesh}/dataplanes/d`, { method: "DELETE" })
    const service = { type: "MeshService", mesh: "doomed", name: "s", spec: {} }
    expect((await put(`${mesh}/meshservices/s`, service)).status).toBe(201)
    expect((await request(mesh, { method: "DELETE" })).status).toBe(200)
    expect(await api.run(Effect.flatMap(Store, (store) => store.list("MeshService", "doomed")))).toEqual([])
    const secrets = await api.run(Effect.flatMap(Store, (store) => store.list("Secret", "doomed")))
    expect(secrets.map(({ name }) => name)).toEqual(["own"])
  })

  it("keeps the secrets that its authority lives on, and the authority while mTLS is on", async () => {
    const mesh = `${api.url}/meshes/secured`
    const body = (backend: string) => ({
      type: "Mesh", name: "secured",
      mtls: {
        enabledBackend: backend,
        backends: [{ name: backend, type: "provided", conf: { cert: { secret: "c" }, key: { secret: "k" } } }]
      }
    })
    const { certificatePem, privateKeyPem } = await selfSigned()
    await put(mesh, { type: "Mesh", name: "secured" })
    for (const [name, pem] of [["c", certificatePem], ["k", privateKeyPem]] as const) {
      const data = Buffer.from(pem).toString("base64")
      await put(`${mesh}/secrets/${name}`, { type: "Secret", mesh: "secured", name, data })
    }
    expect((await put(mesh, body("own"))).status).toBe(200)
    for (const name of ["c", "k"]) {
      const refused = await request(`${mesh}/secrets/${name}`, { method: "DELETE" })
      expect(refused.status).toBe(400)
      expect(refused.text).toContain("currently in use in Mesh")
    }
    expect(invalid((await put(mesh, body("next"))).json)).toEqual([{
      field: "mtls.enabledBackend",
      reason: "Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA"
    }])
  })

  it("isn't given an authority that can't sign, or isn't there", async () => {
    const { certificatePem, privateKeyPem } = await selfSigned()
    const { certificatePem: another } = await selfSigned()
    const url = `${api.url}/meshes/unsigned`
    await put(url, { type: "Mesh", name: "unsigned" })
    const reasons = async (conf: object, rest: object = {}) => {
      const backends = [{ name: "own", type: "provided", conf }]
      return invalid((await put(url, {
        type: "Mesh", name: "unsigned", mtls: { enabledBackend: "own", backends, ...rest }
      })).json)
    }
    const pair = (cert: string, key: string) => ({ cert: { inlineString: cert }, key: { inlineString: key } })
    const missing = (secret: string) => `could not load data: there is no Secret "${secret}" in mesh "unsigned"`
    expect(await reasons({ cert: { secret: "c" }, key: { secret: "k" } })).toEqual([
      { field: "mtls.backends[0].conf.cert", reason: missing("c") },
      { field: "mtls.backends[0].conf.key", reason: missing("k") }
    ])
    expect(await reasons(pair(another, privateKeyPem))).toEqual([{
      field: "mtls.backends[0].conf.cert", reason: "not a valid TLS key pair: the key isn't the certificate's"
    }])
    expect(await reasons(pair(certificatePem, "none"))).toEqual([{
      field: "mtls.backends[0].conf.cert", reason: "not a valid TLS key pair: it can't be read as PEM"
    }])
    expect(await reasons(pair("none", privateKeyPem))).toEqual([{
      field: "mtls.backends[0].conf.cert", reason: "not a valid TLS key pair: there is no PEM certificate in it"
    }])
    expect((await request(url)).json).not.toHaveProperty("mtls")
    expect(await reasons(pair(certificatePem, privateKeyPem))).toEqual([])
    expect(await reasons(pair("none", "none"), { skipValidation: true })).toEqual([])
  })

  it("whose name isn't a DNS label is accepted with a warning", async () => {
    const answer = await put(`${api.url}/meshes/1st`, { type: "Mesh", name: "1st" })
    expect(answer.status).toBe(201)
    expect(answer.text).toContain("warnings")
  })
})

describe("the router", () => {
  it.each(["/nothing", "/meshes/default/nothing", "/meshes/%zz", "/meshes/default/zoneingresses", "/dataplanes/x"])(
    "answers %s with its own 404 in plain text",
    async (path) => {
      const { headers, status, text } = await request(`${api.url}${path}`)
      expect([status, text]).toEqual([404, "404: Page Not Found"])
      expect(headers.get("content-type")).toContain("text/plain")
    }
  )

  it("names the methods that a path allows", async () => {
    const list = await request(`${api.url}/meshes`, { method: "POST", body: "{}" })
    expect([list.status, list.text, list.headers.get("allow")]).toEqual([405, "405: Method Not Allowed", "GET"])
    const one = await request(`${api.url}/meshes/default`, { method: "PATCH", body: "{}" })
    expect(one.headers.get("allow")).toBe("GET, PUT, DELETE")
  })

  it("refuses a body without a type that it reads, and a reader that can't read JSON", async () => {
    const init = { method: "PUT", body: new Uint8Array([123, 125]) }
    expect((await request(`${api.url}/meshes/default`, init)).text).toBe("415: Unsupported Media Type")
    const picky = await request(`${api.url}/meshes`, { headers: { accept: "text/html" } })
    expect(picky.status).toBe(406)
  })

  it("ignores a slash at the end", async () => {
    expect((await request(`${api.url}/meshes/`)).status).toBe(200)
  })

  it("refuses a body of more than 1 MiB, announced or not, and goes on serving", async () => {
    const big = { type: "Mesh", name: "default", x: "x".repeat(1024 * 1024) }
    expect((await put(`${api.url}/meshes/default`, big)).status).toBe(413)
    const streamed = await new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest(`${api.url}/meshes/default`, {
        method: "PUT",
        headers: { "content-type": "application/json", "transfer-encoding": "chunked" }
      }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on("error", reject)
      sent.write(JSON.stringify(big))
    })
    expect(streamed).toBe(413)
    expect((await request(`${api.url}/`)).status).toBe(200)
  })
})

describe("secrets", () => {
  const paths = ["/secrets", "/meshes/default/secrets", "/global-secrets", "/globalsecrets/x"]

  it("are there for a direct request from this machine", async () => {
    expect((await request(`${api.url}/meshes/default/secrets`)).status).toBe(200)
  })

  it.each(["forwarded", "x-forwarded-for", "x-real-ip"])("aren't there through a proxy that says %s", async (name) => {
    for (const path of paths) {
      const { json, status } = await request(`${api.url}${path}`, { headers: { [name]: "192.0.2.1" } })
      expect(status).toBe(401)
      expect(json).toMatchObject({ title: "Authentication required" })
    }
  })

  it("aren't there for a page from elsewhere", async () => {
    const { status } = await request(`${api.url}/secrets`, { headers: { origin: "https://elsewhere.example" } })
    expect(status).toBe(401)
  })

  it("are nobody's where localhost isn't admin and anonymous access is on, while all else is everybody's", async () => {
    const closed = await start(await databases.create(), { localhostIsAdmin: false, config: { anonymousAccess: true } })
    try {
      for (const path of paths) {
        const { json, status } = await request(`${closed.url}${path}`)
        expect(status).toBe(403)
        expect(json).toMatchObject({
          detail: expect.stringContaining("user \"mesh-system:anonymous/mesh-system:unauthenticated\" cannot access")
        })
      }
      const url = `${closed.url}/meshes/default/secrets/x`
      expect((await put(url, { type: "Secret", mesh: "default", name: "x", data: "c2FtcGxl" })).status).toBe(403)
      expect((await put(`${closed.url}/meshes/default/dataplanes/d`, dataplane("d"))).status).toBe(201)
    } finally {
      await closed.stop()
    }
  })
})

describe("a store that can't do it", () => {
  it("because its database is gone is a 503 that keeps its address to itself", async () => {
    const database = await databases.create()
    const failing = await start(database)
    try {
      await databases.query({ ...database, dbName: "postgres" }, `DROP DATABASE ${database.dbName} WITH (FORCE)`)
      const { json, status, text } = await request(`${failing.url}/meshes`)
      expect(status).toBe(503)
      expect(json).toMatchObject({ type: "/std-errors", title: "Service unavailable" })
      expect(text).not.toContain(database.dbName)
    } finally {
      await failing.stop()
    }
  })

  it("because somebody else wrote in the meantime is a 409, and their write stays", async () => {
    const raced = await start(await databases.create(), {
      between: (store) => ({
        ...store,
        put: (resource, options) =>
          store.put({ ...resource, labels: { writer: "somebody-else" } }).pipe(
            Effect.andThen(store.put(resource, options))
          )
      })
    })
    try {
      const url = `${raced.url}/meshes/m`
      const answer = await put(url, { type: "Mesh", name: "m" })
      expect(answer.status).toBe(409)
      expect(answer.json).toMatchObject({ type: "/std-errors", title: "Conflict" })
      expect((await request(url)).json).toMatchObject({ labels: { writer: "somebody-else" } })
    } finally {
      await raced.stop()
    }
  })

  it("takes one of several writers at a time, and loses no write", async () => {
    const url = `${api.url}/meshes/default/dataplanes/raced`
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put(url, dataplane("raced", { labels: { writer: String(index) } })))
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.every((status) => [200, 201, 409].includes(status))).toBe(true)
    await request(url, { method: "DELETE" })
  })
})

describe("HTTPS", () => {
  it("serves the same, and who comes through it from this machine is admin too", async () => {
    const { certificatePem, privateKeyPem } = await selfSigned()
    const tls = { certificatePem, privateKeyPem }
    const secure = await start(await databases.create(), { tls })
    try {
      const status = await new Promise((resolve, reject) => {
        const options = { host: "localhost", port: secure.httpsPort, path: "/secrets", ca: certificatePem }
        httpsGet(options, (response) => {
          response.resume()
          resolve(response.statusCode)
        }).on("error", reject)
      })
      expect(status).toBe(200)
    } finally {
      await secure.stop()
    }
  })
})

describe("a port that is taken", () => {
  it("is told with what to do", async () => {
    const port = Number(new URL(api.url).port)
    const http = { enabled: true, address: "127.0.0.1", port }
    const program = Layer.build(apiServer({
      config: { ...apiConfig(), http },
      identity: { zone: "", version: "0", instanceId: "", clusterId: "" },
      tls: null
    })).pipe(Effect.scoped, Effect.flip, Effect.provide(Layer.merge(Journal.none, JournalExport.none)))
    const failure = await api.run(program)
    expect(failure.message).toContain(`${port} (EADDRINUSE): end what uses it, or set KUMA_API_SERVER_HTTP_PORT`)
  })
})

