// What Kuma's tools ask of types: which there are, and those that aren't here.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { descriptors, type ResourceDescriptor } from "../../../src/model/ResourceDescriptor.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create(), { inspector: "store" })
}, 60_000)
afterAll(() => api?.stop())

const itemsOf = (json: unknown, key: string): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  typeof json === "object" && json !== null ? Object.entries(json).find(([name]) => name === key)?.[1] : []

describe("/_resources", () => {
  it("names each type that Kuma's tools know, with a path that is there, and none of our own", async () => {
    const { json, status } = await request(`${api.url}/_resources`)
    expect(status).toBe(200)
    const types = itemsOf(json, "resources")
    const known = Object.values<ResourceDescriptor>(descriptors).filter(({ own }) => !own).map(({ type }) => type)
    expect(types.map(({ name }) => name)).toEqual([...known, "MeshInsight", "ServiceInsight", "ZoneInsight"].sort())
    for (const { path } of types) {
      expect([path, (await request(`${api.url}/${String(path)}`)).status]).toEqual([path, 200])
    }
    expect(types.find(({ name }) => name === "MeshTimeout")).toMatchObject({
      scope: "Mesh", path: "meshtimeouts", shortName: "mt", readOnly: false, includeInFederation: true,
      singularDisplayName: "Mesh Timeout", pluralDisplayName: "Mesh Timeouts",
      policy: { isTargetRef: true, hasToTargetRef: true, hasFromTargetRef: true }
    })
    expect(types.find(({ name }) => name === "GlobalSecret")).toMatchObject({ path: "globalsecrets" })
    for (const computed of ["DataplaneInsight", "MeshInsight", "ServiceInsight", "ZoneInsight"]) {
      expect(types.find(({ name }) => name === computed)).toMatchObject({ readOnly: true, includeInFederation: false })
    }
    const ofZones = types.filter(({ includeInFederation }) => includeInFederation === false).map(({ name }) => name)
    expect(ofZones).toEqual(expect.arrayContaining(["Dataplane", "DataplaneInsight", "MeshService", "Zone"]))
    const permission = types.find(({ name }) => name === "MeshTrafficPermission")
    expect(permission).toMatchObject({ policy: { isFromAsRules: false } })
    expect(types.find(({ name }) => name === "Dataplane")).not.toHaveProperty("policy")
  })
})

describe("at start", () => {
  it("this control plane's zone is there", async () => {
    const { json } = await request(`${api.url}/zones`)
    expect(json).toMatchObject({ total: 1, items: [{ type: "Zone", name: "zone-1" }] })
  })
})

describe("/policies", () => {
  it("names policies alone", async () => {
    const { json } = await request(`${api.url}/policies`)
    const policies = itemsOf(json, "policies")
    expect(policies.map(({ name }) => name)).toEqual(expect.arrayContaining(["MeshTimeout", "MeshTrafficPermission"]))
    expect(policies.map(({ name }) => name)).not.toContain("Dataplane")
    expect(policies.find(({ name }) => name === "MeshTrafficPermission")).toMatchObject({
      isInbound: true, isOutbound: false, isTargetRefBased: true
    })
  })
})

describe("a type that isn't here", () => {
  it("has no resources, so that tools that list them go on", async () => {
    for (const path of ["/traffic-permissions", "/meshes/default/meshproxypatches"]) {
      const { json, status } = await request(`${api.url}${path}`)
      expect([path, status, json]).toEqual([path, 200, { total: 0, items: [], next: null }])
    }
    expect((await request(`${api.url}/meshes/nowhere/traffic-permissions`)).status).toBe(404)
    const single = `${api.url}/meshes/default/traffic-permissions/one`
    expect((await request(single)).json).toMatchObject({ status: 404, title: "Could not retrieve a resource" })
    expect((await request(single, { method: "DELETE" })).json).toMatchObject({ status: 404 })
    expect((await request(`${api.url}/traffic-permissions/one`)).status).toBe(404)
  })

  it("isn't accepted in silence, and says what to take instead where there is such", async () => {
    const write = (path: string, type: string) =>
      put(`${api.url}/meshes/default/${path}/one`, { type, mesh: "default", name: "one" })
    const refused = await write("traffic-permissions", "TrafficPermission")
    expect([refused.status, refused.json]).toMatchObject([400, {
      title: "Could not process a resource",
      invalid_parameters: [{
        field: "type",
        reason: "TrafficPermission isn't offered by this control plane and would have no effect: use " +
          "MeshTrafficPermission"
      }]
    }])
    expect((await write("meshproxypatches", "MeshProxyPatch")).status).toBe(400)
    const reason = async (path: string, type: string) => (await write(path, type)).text
    expect(await reason("meshgateways", "MeshGateway")).toMatch(/would have no effect: .*DELEGATED/)
    expect(await reason("meshloadbalancingstrategies", "MeshLoadBalancingStrategy")).toMatch(/no effect: .*share the load/)
    expect(await reason("meshhealthchecks", "MeshHealthCheck")).toMatch(/: use MeshCircuitBreaker/)
    // What stands for it isn't offered either: what stands for that.
    expect(await reason("health-checks", "HealthCheck")).toMatch(/: use MeshCircuitBreaker/)
  })
})

describe("/_kri", () => {
  it("finds a resource by its identifier, and by that of a part of it", async () => {
    const url = `${api.url}/meshes/default/meshtimeouts/t1`
    await put(url, {
      type: "MeshTimeout", mesh: "default", name: "t1",
      spec: { targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1s" } }] }
    })
    const { json } = await request(url)
    expect(json).toMatchObject({ kri: "kri_mt_default_zone-1__t1_" })
    expect((await request(`${api.url}/_kri/kri_mt_default_zone-1__t1_`)).json).toEqual(json)
    expect((await request(`${api.url}/_kri/kri_mt_default_zone-1__t1_rule-0`)).status).toBe(200)
    expect((await request(`${api.url}/_kri/kri_m____default_`)).json).toMatchObject({ type: "Mesh", name: "default" })
  })

  it.each([
    ["kri_mt_default_zone-2__t1_", 404], ["kri_mt_default_zone-1_ns_t1_", 404], ["kri_mt_other_zone-1__t1_", 404],
    ["kri_mt__zone-1__t1_", 404], ["kri_m_default___default_", 404], ["kri_nope____default_", 400], ["nope", 400],
    ["kri_mt_default_zone-1__t1", 400]
  ])("answers %s with %i", async (kri, status) => {
    expect((await request(`${api.url}/_kri/${kri}`)).status).toBe(status)
  })
})
