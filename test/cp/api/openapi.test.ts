// The API's description says what the API does: each route is in it, and what is in it is a route.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { openApiDocument } from "../../../src/cp/api/openapi/openApiText.ts"
import { allowedMethods, findRoute, FIXED_ROUTES, OLD_OVERVIEWS } from "../../../src/cp/api/Route.ts"
import { UNSERVED } from "../../../src/cp/api/unserved.ts"
import { decodeResource } from "../../../src/model/decodeResource.ts"
import { descriptors, type ResourceDescriptor } from "../../../src/model/ResourceDescriptor.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create())
}, 60_000)
afterAll(() => api?.stop())

type Json = Readonly<Record<string, unknown>>
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null
const at = (value: unknown, ...keys: ReadonlyArray<string>): unknown =>
  keys.reduce<unknown>((inner, key) => isJson(inner) ? inner[key] : undefined, value)

const document = openApiDocument()
const paths = Object.entries(document["paths"] as Json)
const METHODS = ["get", "put", "post", "delete"]

const segments = (path: string): ReadonlyArray<string> =>
  path.split("/").slice(1).filter((part) => part !== "").map((part) => part.replace(/^\{(.*)\}$/, "some-$1"))

describe("/openapi.yaml", () => {
  it("is there in YAML, and is what the schemas say", async () => {
    const answer = await request(`${api.url}/openapi.yaml`)
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/yaml"])
    expect(parse(answer.text)).toEqual(JSON.parse(JSON.stringify(document)))
    const yaml = { headers: { accept: "application/yaml" } }
    expect((await request(`${api.url}/openapi.yaml`, yaml)).status).toBe(200)
  })

  it("has each route", () => {
    const has = (path: string) => expect([path, paths.some(([name]) => name === path)]).toEqual([path, true])
    Object.keys(FIXED_ROUTES).forEach(has)
    has("/_kri/{kri}")
    for (const { insight, paths: names, scope } of Object.values<ResourceDescriptor>(descriptors)) {
      for (const name of names) {
        const base = scope === "Mesh" ? `/meshes/{mesh}/${name}` : `/${name}`
        for (const path of [`/${name}`, base, `${base}/{name}`]) has(path)
        if (insight === null) continue
        for (const path of [`/${name}/_overview`, `${base}/_overview`, `${base}/{name}/_overview`]) has(path)
      }
    }
    for (const [name, { scope }] of Object.entries(OLD_OVERVIEWS)) {
      has(scope === "Mesh" ? `/meshes/{mesh}/${name}` : `/${name}`)
    }
    Object.keys(UNSERVED).forEach((name) => has(`/${name}`))
  })

  it("has no type both as one that is served and as one that isn't", () => {
    const served = Object.values<ResourceDescriptor>(descriptors).flatMap(({ paths: names }) => names)
    expect(Object.keys(UNSERVED).filter((name) => served.includes(name))).toEqual([])
  })

  it("has nothing that isn't a route, nor a method that a route doesn't allow", () => {
    for (const [path, item] of paths) {
      const route = findRoute(segments(path))
      expect([path, route !== null]).toEqual([path, true])
      if (route === null || !isJson(item)) continue
      const methods = METHODS.filter((method) => method in item).map((method) => method.toUpperCase())
      expect(methods.length).toBeGreaterThan(0)
      for (const method of methods) expect([path, allowedMethods(route)]).toEqual([path, expect.arrayContaining([method])])
    }
  })

  it("names each operation once, each parameter of a path, and only schemas that are there", () => {
    const ids = paths.flatMap(([, item]) =>
      METHODS.flatMap((method) => {
        const id = at(item, method, "operationId")
        return id === undefined ? [] : [id]
      }))
    expect(new Set(ids).size).toBe(ids.length)
    const parameterNames = (value: unknown): ReadonlyArray<unknown> =>
      Array.isArray(value) ? value.filter((one) => at(one, "in") === "path").map((one) => at(one, "name")) : []
    for (const [path, item] of paths) {
      const wanted = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name).sort()
      for (const method of METHODS.filter((name) => isJson(item) && name in item)) {
        const named = [at(item, "parameters"), at(item, method, "parameters")].flatMap(parameterNames)
        expect([path, method, named.sort()]).toEqual([path, method, wanted])
      }
    }
    const schemas = Object.keys(at(document, "components", "schemas") as Json)
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, name = ""]) => name)
    for (const name of references) expect(schemas).toContain(name.replace("#/components/schemas/", ""))
    expect(JSON.stringify(document).includes("$defs")).toBe(false)
  })

  it("demands of a resource what is demanded of it", () => {
    const schema = at(document, "components", "schemas", "MeshTimeout")
    expect(schema).toMatchObject({
      properties: {
        type: { enum: ["MeshTimeout"] },
        spec: { properties: { targetRef: expect.anything(), to: { type: "array" } }, additionalProperties: true }
      },
      required: ["type", "mesh", "name"]
    })
    expect(at(document, "components", "schemas", "UserTokenRequest", "additionalProperties")).toBe(false)
    expect(at(document, "components", "schemas", "Dataplane", "properties", "networking", "properties")).toBeDefined()
    // Each field that a schema demands is one without which a resource isn't read.
    for (const { scope, type } of Object.values<ResourceDescriptor>(descriptors)) {
      const required = at(document, "components", "schemas", type, "required") as ReadonlyArray<string>
      for (const field of required.filter((name) => !["type", "mesh", "name"].includes(name))) {
        const decoded = decodeResource({ type, name: "x", ...(scope === "Mesh" ? { mesh: "default" } : {}) })
        expect([type, field, "violations" in decoded]).toEqual([type, field, true])
      }
    }
  })

  it("says of numbers that they are numbers", () => {
    expect(JSON.stringify(document).includes("Infinity")).toBe(false)
  })
})
