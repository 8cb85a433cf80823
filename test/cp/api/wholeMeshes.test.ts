// A mesh comes with all that is its own, and goes with it, whatever happens in between.
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
/** What is done before the store is asked to write this. */
let before: (desired: { readonly type: string; readonly name: string }) => Effect.Effect<unknown, StoreUnavailable>
const nothing: typeof before = () => Effect.void

beforeAll(async () => {
  before = nothing
  api = await start(await databases.create(), {
    between: (store) => ({
      ...store,
      put: (desired, options) => Effect.andThen(before(desired), store.put(desired, options)),
      remove: (key, options) => Effect.andThen(before(key), store.remove(key, options))
    })
  })
}, 60_000)
afterAll(() => api?.stop())

const BACKEND = { name: "ca-1", type: "builtin" }
const meshOf = (name: string, spec: object = {}) => ({ type: "Mesh", name, ...spec })
const withCa = (name: string) => meshOf(name, { mtls: { enabledBackend: "ca-1", backends: [BACKEND] } })

const namesIn = (mesh: string) =>
  api.run(Effect.map(Store.use((store) => store.listAll), (all) =>
    all.filter((one) => one.mesh === mesh).map(({ name, type }) => `${type} ${name}`).sort()))

const policiesOf = (mesh: string) => [
  `MeshCircuitBreaker mesh-circuit-breaker-all-${mesh}`,
  `MeshRetry mesh-retry-all-${mesh}`,
  `MeshTimeout mesh-gateways-timeout-all-${mesh}`,
  `MeshTimeout mesh-timeout-all-${mesh}`
]
const keyOf = (mesh: string) => `Secret dataplane-token-signing-key-${mesh}-1`
const authorityOf = (mesh: string) => [`Secret ${mesh}.ca-builtin-cert-ca-1`, `Secret ${mesh}.ca-builtin-key-ca-1`]
const wholeOf = (mesh: string) => [...policiesOf(mesh), ...authorityOf(mesh), keyOf(mesh)].sort()

const dataOf = async (mesh: string, name: string): Promise<unknown> =>
  (await request(`${api.url}/meshes/${mesh}/secrets/${name}`)).json

describe("a new mesh", () => {
  it("has its policies, its key and its authority at once, for whoever exports it before a proxy comes", async () => {
    expect((await put(`${api.url}/meshes/whole`, withCa("whole"))).status).toBe(201)
    expect(await namesIn("whole")).toEqual(wholeOf("whole"))
    const certificate = await dataOf("whole", "whole.ca-builtin-cert-ca-1")
    expect(certificate).toMatchObject({ data: expect.stringMatching(/^[A-Za-z0-9+/]/) })
    // As Kuma exports it.
    expect(certificate).not.toHaveProperty("labels")
  })

  it("is all there or not at all, whichever of its writes the store fails to do", async () => {
    for (let failing = 1;; failing += 1) {
      let writes = 0
      before = () => {
        writes += 1
        return writes === failing
          ? Effect.fail(new StoreUnavailable({ operation: "put", message: "gone" }))
          : Effect.void
      }
      const { status } = await put(`${api.url}/meshes/torn`, withCa("torn"))
      before = nothing
      if (status === 201) break
      expect([failing, status, (await request(`${api.url}/meshes/torn`)).status]).toEqual([failing, 503, 404])
      expect(await namesIn("torn")).toEqual([])
      expect(failing).toBeLessThan(10)
    }
    expect(await namesIn("torn")).toEqual(wholeOf("torn"))
  })

  it("isn't written where its authority can't be made, though nothing of it was to be checked", async () => {
    const conf = { caCert: { RSAbits: 1_000_000 } }
    const mtls = { enabledBackend: "ca-1", skipValidation: true, backends: [{ ...BACKEND, conf }] }
    const { json, status } = await put(`${api.url}/meshes/unmade`, meshOf("unmade", { mtls }))
    expect([status, json]).toMatchObject([400, {
      invalid_parameters: [{ field: "mtls.backends[0]", reason: expect.stringContaining("RSAbits") }]
    }])
    expect((await request(`${api.url}/meshes/unmade`)).status).toBe(404)
  })
})

describe("a mesh that is there", () => {
  it("gets its authority with the write that names it, and keeps it from then on", async () => {
    expect((await put(`${api.url}/meshes/later`, meshOf("later"))).status).toBe(201)
    expect(await namesIn("later")).toEqual([...policiesOf("later"), keyOf("later")].sort())
    expect((await put(`${api.url}/meshes/later`, withCa("later"))).status).toBe(200)
    expect(await namesIn("later")).toEqual(wholeOf("later"))
    const was = await dataOf("later", "later.ca-builtin-key-ca-1")
    const routing = { localityAwareLoadBalancing: false }
    expect((await put(`${api.url}/meshes/later`, { ...withCa("later"), routing })).status).toBe(200)
    expect(await dataOf("later", "later.ca-builtin-key-ca-1")).toEqual(was)
  })

  it("that lacks its key or authority gets them back with its next write, and with the next start", async () => {
    await put(`${api.url}/meshes/lacking`, withCa("lacking"))
    const lose = () =>
      api.run(Effect.gen(function*() {
        const store = yield* Store
        for (const { mesh, name, type } of yield* store.list("Secret", "lacking")) yield* store.remove({ type, mesh, name })
      }))
    await lose()
    expect((await put(`${api.url}/meshes/lacking`, withCa("lacking"))).status).toBe(200)
    expect(await namesIn("lacking")).toEqual(wholeOf("lacking"))
    await lose()
    await api.defaults()
    expect(await namesIn("lacking")).toEqual(wholeOf("lacking"))
  })
})

describe("a mesh that is deleted while something is put into it", () => {
  const once = (type: string, act: () => Promise<unknown>): void => {
    before = (desired) => {
      if (desired.type !== type) return Effect.void
      before = nothing
      return Effect.promise(act)
    }
  }
  const inMesh = (type: string, rest: object) => ({ type, mesh: "gone", name: "late", ...rest })
  const timeout = inMesh("MeshTimeout", { spec: { to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1s" } }] } })
  const dataplane = inMesh("Dataplane", {
    networking: { address: "192.0.2.1", inbound: [{ port: 80, tags: { "kuma.io/service": "a" } }] }
  })

  it("takes it along, or refuses it", async () => {
    await put(`${api.url}/meshes/gone`, meshOf("gone"))
    let deleted = 0
    once("MeshTimeout", async () => {
      deleted = (await request(`${api.url}/meshes/gone`, { method: "DELETE" })).status
    })
    const { json, status } = await put(`${api.url}/meshes/gone/meshtimeouts/late`, timeout)
    expect([deleted, status, json]).toMatchObject([200, 404, { title: "Failed to retrieve Mesh" }])
    expect(await namesIn("gone")).toEqual([])
    await put(`${api.url}/meshes/gone`, meshOf("gone"))
    once("Mesh", () => put(`${api.url}/meshes/gone/meshtimeouts/late`, timeout))
    expect((await request(`${api.url}/meshes/gone`, { method: "DELETE" })).status).toBe(200)
    expect(await namesIn("gone")).toEqual([])
  })

  it("stays, where that is a Dataplane", async () => {
    await put(`${api.url}/meshes/gone`, meshOf("gone"))
    once("Mesh", () => put(`${api.url}/meshes/gone/dataplanes/late`, dataplane))
    const { json, status } = await request(`${api.url}/meshes/gone`, { method: "DELETE" })
    expect([status, json]).toMatchObject([400, {
      invalid_parameters: [{ reason: "unable to delete mesh, there are still some dataplanes attached" }]
    }])
    expect(await namesIn("gone")).toContain("Dataplane late")
    expect((await request(`${api.url}/meshes/gone`)).status).toBe(200)
  })
})

describe("a mesh that is made anew while it is deleted", () => {
  it("loses nothing to the deletion", async () => {
    await put(`${api.url}/meshes/again`, withCa("again"))
    const was = await dataOf("again", "again.ca-builtin-key-ca-1")
    // As another replica may: as soon as the mesh is gone.
    let asked = 0
    before = () =>
      Effect.promise(async () => {
        asked += 1
        if (asked < 2) return
        before = nothing
        await put(`${api.url}/meshes/again`, withCa("again"))
      })
    expect((await request(`${api.url}/meshes/again`, { method: "DELETE" })).status).toBe(200)
    before = nothing
    await put(`${api.url}/meshes/again`, withCa("again"))
    expect(await namesIn("again")).toEqual(wholeOf("again"))
    expect(await dataOf("again", "again.ca-builtin-key-ca-1")).not.toEqual(was)
  })

  it("isn't what an older deletion meant, though nobody changed it since", async () => {
    const url = `${api.url}/meshes/meant`
    await put(url, meshOf("meant"))
    before = () => {
      before = nothing
      return Effect.promise(async () => {
        await request(url, { method: "DELETE" })
        await put(url, meshOf("meant"))
      })
    }
    expect((await request(url, { method: "DELETE" })).status).toBe(409)
    expect((await request(url)).status).toBe(200)
    expect(await namesIn("meant")).toEqual([...policiesOf("meant"), keyOf("meant")].sort())
  })
})
