// Whoever says which version he read writes over that one and no other.
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
/** What somebody else does before the store is asked to write. */
let before: () => Promise<unknown>
const nothing: typeof before = () => Promise.resolve()

beforeAll(async () => {
  before = nothing
  const first = () => Effect.promise(() => {
    const meanwhile = before
    before = nothing
    return meanwhile()
  })
  api = await start(await databases.create(), {
    between: (store) => ({
      ...store,
      put: (desired, options) => Effect.andThen(first(), store.put(desired, options)),
      remove: (key, options) => Effect.andThen(first(), store.remove(key, options))
    })
  })
}, 60_000)
afterAll(() => api?.stop())

const at = (name: string): string => `${api.url}/meshes/default/meshtimeouts/${name}`
const timeout = (name: string, idleTimeout: string) => ({
  type: "MeshTimeout", mesh: "default", name,
  spec: { targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout } }] }
})
const etagOf = (answer: { readonly headers: Headers }): string => answer.headers.get("etag") ?? "none"
const remove = (name: string, headers: Record<string, string> = {}) => request(at(name), { method: "DELETE", headers })

describe("an ETag", () => {
  it("names what is stored: the same when it is written, read, and written once more as it is", async () => {
    const written = await put(at("a"), timeout("a", "1s"))
    expect(etagOf(written)).toMatch(/^"\d+"$/)
    expect(etagOf(await request(at("a")))).toBe(etagOf(written))
    expect(etagOf(await put(at("a"), timeout("a", "1s")))).toBe(etagOf(written))
    const changed = await put(at("a"), timeout("a", "2s"))
    expect(etagOf(changed)).not.toBe(etagOf(written))
    expect(etagOf(await request(at("a")))).toBe(etagOf(changed))
  })

  it("is another for what is made anew", async () => {
    const first = etagOf(await put(at("again"), timeout("again", "1s")))
    await remove("again")
    const second = await put(at("again"), timeout("again", "1s"))
    expect([second.status, etagOf(second)]).not.toEqual([201, first])
    expect((await remove("again", { "if-match": first })).status).toBe(412)
    expect((await remove("again", { "if-match": etagOf(second) })).status).toBe(200)
  })
})

describe("a write", () => {
  it("with If-Match happens over what it names alone", async () => {
    const first = etagOf(await put(at("b"), timeout("b", "1s")))
    const second = etagOf(await put(at("b"), timeout("b", "2s"), { "if-match": first }))
    const refused = await put(at("b"), timeout("b", "3s"), { "if-match": first })
    expect(refused).toMatchObject({
      status: 412, json: { type: "/std-errors", title: "Precondition Failed", detail: expect.stringContaining(second) }
    })
    expect((await put(at("b"), timeout("b", "3s"), { "if-match": `W/${second}` })).status).toBe(412)
    expect((await put(at("b"), timeout("b", "3s"), { "if-match": `"no", ${second}` })).status).toBe(200)
    expect((await put(at("b"), timeout("b", "4s"), { "if-match": "*" })).status).toBe(200)
    expect((await put(at("none"), timeout("none", "1s"), { "if-match": "*" })).status).toBe(412)
    expect((await request(at("none"))).status).toBe(404)
  })

  it("with If-None-Match makes what isn't there, and nothing else", async () => {
    expect((await put(at("c"), timeout("c", "1s"), { "if-none-match": "*" })).status).toBe(201)
    expect((await put(at("c"), timeout("c", "2s"), { "if-none-match": "*" })).status).toBe(412)
    expect((await request(at("c"))).text).toContain("1s")
  })

  it.each([["PUT", 412, { "if-match": "*" }], ["PUT", 409, {}], ["DELETE", 412, { "if-match": "*" }], ["DELETE", 409, {}]] as const)(
    "by %s that another one overtakes is a %i, and loses nothing of the other",
    async (method, status, headers) => {
      await put(at("d"), timeout("d", "1s"))
      const other = `${1_000 + Math.trunc(status)}s`
      before = () => put(at("d"), timeout("d", other))
      const answer = method === "PUT" ? await put(at("d"), timeout("d", "2s"), headers) : await remove("d", headers)
      expect(answer.status).toBe(status)
      expect((await request(at("d"))).text).toContain(other)
    }
  )
})
