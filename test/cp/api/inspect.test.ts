// How things are, asked on a running control plane: with streams that do what they are told, and with a real Envoy.
import { Context, Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { inspectEntries } from "../../../src/cp/api/inspect/inspectEntries.ts"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { ProxySnapshots } from "../../../src/cp/server/ProxySnapshots.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import type { Inspector } from "../../../src/cp/inspect/Inspector.ts"
import { policyTypes } from "../../../src/model/policies.ts"
import { Store } from "../../../src/model/Store.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy } from "../../support/startEnvoy.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { type AdsClient, adsClient, firstRequest } from "../server/adsClient.ts"
import { askBootstrap } from "../server/askBootstrap.ts"
import {
  type ControlPlane, dataplane, eventually, loopbackTls, mesh, startControlPlane
} from "../server/startControlPlane.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { insight, kept } from "../inspect/meshOf.ts"
import { type Answer, request, startApi, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
const cleanups = useCleanups()
const tls = await loopbackTls()
let controlPlane: ControlPlane
let api: TestApi
let store: StoreConfig
let inspector: Inspector

const zoneProxy = { address: "127.0.0.1", port: 10_001 }

beforeAll(async () => {
  store = await databases.create()
  controlPlane = await startControlPlane({ store, tls })
  const { services } = controlPlane
  const { settings, zone } = Context.get(services, ProxySnapshots)
  inspector = {
    instanceId: "cp-1",
    adminPort: 9901,
    resources: Context.get(services, ResourceCache),
    zone,
    settings,
    stream: Context.get(services, AdsServer).stream
  }
  api = await startApi(store, { inspector })
  // What a new mesh begins with would be in each answer.
  for (const type of policyTypes) {
    for (const { name } of await api.run(Effect.flatMap(Store, (stored) => stored.list(type, "default")))) {
      await controlPlane.remove({ type, mesh: "default", name })
    }
  }
  await controlPlane.put(mesh("default", true))
  await controlPlane.put(mesh("other", false))
  await controlPlane.put(dataplane("kv-1", "kv", { port: 15_001 }))
  await controlPlane.put(dataplane("kv-2", "kv", { port: 15_002, ready: false }))
  await controlPlane.put(dataplane("web-1", "web", { port: 15_003 }, [{ service: "kv", port: 20_001 }]))
  await controlPlane.put(kept("MeshTimeout", "short", {
    targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { connectionTimeout: "2s" } }]
  }))
  await controlPlane.put(kept("MeshTimeout", "a-shadow", {
    targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { connectionTimeout: "9s" } }]
  }, { labels: { "kuma.io/effect": "shadow" } }))
  await controlPlane.put(kept("ZoneIngress", "zi-1", { networking: zoneProxy }, { mesh: "" }))
  await controlPlane.put(kept("ZoneEgress", "ze-1", { networking: zoneProxy }, { mesh: "" }))
  await controlPlane.put(kept("Zone", "zone-1", {}, { mesh: "" }))
  await eventually(() => Context.get(services, ResourceCache).list("Zone").length, (zones) => zones === 1)
}, 60_000)
afterAll(async () => {
  await api?.stop()
  await controlPlane?.stop()
})

const ask = (path: string): Promise<Answer> => request(`${api.url}${path}`)

/** A delta stream of a proxy that takes all its clusters and its secrets. */
const connect = async (name: string): Promise<AdsClient> => {
  const client = adsClient(controlPlane, tls)
  cleanups.push(client.close)
  client.send(firstRequest(name))
  const received = await eventually(() => client.received, (all) => all.length > 0)
  client.send({ typeUrl: TypeUrl.Cluster, responseNonce: received[0]?.nonce ?? "" })
  client.send({
    typeUrl: TypeUrl.Secret,
    resourceNamesSubscribe: ["identity_cert:secret:default", "mesh_ca:secret:default"]
  })
  const secrets = await eventually(
    () => client.received.find(({ typeUrl }) => typeUrl === TypeUrl.Secret), (one) => one !== undefined)
  client.send({ typeUrl: TypeUrl.Secret, responseNonce: secrets?.nonce ?? "" })
  return client
}

const isConnected = (name: string) =>
  eventually(() => ask(`/meshes/default/dataplane-insights/${name}`), ({ status }) => status === 200)

describe("every path", () => {
  it("answers, or refuses in the shape of errors, whether what it is about is there or not", async () => {
    const filled = (path: string, name: string): string =>
      path.replace("{mesh}", "default").replace("{name}", name)
        .replace("{inbound}", "kri_dp_default___web-1_15003").replace("{outbound}", "kri_msvc_default___kv_80")
        .replace("{route}", "kri_mhttpr_default___r_")
    for (const { path } of inspectEntries) {
      for (const name of ["web-1", "none", "zi-1", "short"]) {
        const { json, status } = await ask(filled(path, name))
        expect([path, name, [200, 400, 404].includes(status)]).toEqual([path, name, true])
        if (status !== 200) expect(json).toMatchObject({ type: "/std-errors", status, title: expect.any(String) })
      }
      if (path.includes("{mesh}")) {
        const { json, status } = await ask(filled(path.replace("{mesh}", "nowhere"), "web-1"))
        expect([path, status, json]).toEqual([path, 404, expect.objectContaining({ status: 404 })])
      }
      const put = await request(`${api.url}${filled(path, "web-1")}`, { method: "PUT", body: "{}" })
      expect([path, put.status]).toEqual([path, 405])
    }
  })
})

it("a policy of a type that isn't offered is told to be missing", async () => {
  expect((await ask("/meshes/default/traffic-permissions/one/dataplanes")).json)
    .toMatchObject({ status: 404, title: "Could not find TrafficPermission" })
  expect((await ask("/meshes/default/meshgateways/one/dataplanes")).json)
    .toMatchObject({ status: 404, title: "Could not find MeshGateway" })
})

describe("insights", () => {
  it("follow a proxy's stream", async () => {
    const offline = await ask("/mesh-insights/default")
    expect(offline.json).toMatchObject({
      type: "MeshInsight", dataplanes: { total: 3, offline: 3 }, resources: { Dataplane: { total: 3 } },
      policies: { MeshTimeout: { total: 2 } }
    })
    const client = await connect("web-1")
    const online = await eventually(
      () => ask("/meshes/default/service-insights/web"),
      ({ text }) => text.includes("issuedBackends")
    )
    expect(online.json).toMatchObject({
      status: "online", dataplanes: { total: 1, online: 1 }, issuedBackends: { "ca-1": 1 }
    })
    expect((await ask("/global-insight")).json).toMatchObject({
      meshes: { total: 2 }, dataplanes: { standard: { online: 1, total: 3 } }
    })
    client.close()
    await eventually(() => ask("/mesh-insights/default"), ({ text }) => !text.includes("\"online\""))
  })

  it("are pages, by name and by type", async () => {
    const page = await ask("/mesh-insights?size=1")
    expect(page.json).toMatchObject({
      total: 2, items: [{ name: "default" }], next: `${api.url}/mesh-insights?offset=1&size=1`
    })
    expect((await ask("/mesh-insights?size=0")).status).toBe(400)
    expect((await ask("/service-insights?name=k&type=internal")).json)
      .toMatchObject({ total: 1, items: [{ name: "kv" }] })
    expect((await ask("/service-insights?type=external")).json).toMatchObject({ total: 0, items: [] })
    expect((await ask("/service-insights?type=other")).json).toMatchObject({ status: 400, title: "Bad Request" })
    expect((await ask("/zones/_overview")).json).toMatchObject({
      total: 1, items: [{ type: "ZoneOverview", name: "zone-1", zone: {} }], next: null
    })
    expect((await ask("/zones/zone-1/_overview")).json).toMatchObject({ type: "ZoneOverview", zoneInsight: {} })
    expect((await ask("/zone-insights")).json).toEqual({ total: 0, items: [], next: null })
  })

  it("aren't written, and make no proxy's configuration anew", async () => {
    await connect("web-1")
    const snapshot = () => Context.get(controlPlane.services, ProxySnapshots)
      .status({ proxyType: "dataplane", mesh: "default", name: "web-1" })?.snapshot
    await eventually(snapshot, (one) => one !== null && one !== undefined)
    await isConnected("web-1")
    const before = snapshot()
    for (const { path } of inspectEntries) {
      await ask(path.replace("{mesh}", "default").replace("{name}", "web-1"))
    }
    await ask("/meshes/default/dataplanes/web-1/_config?shadow=true&include=diff")
    expect(snapshot()).toBe(before)
  })
})

describe("policies", () => {
  it("are told of a proxy, and proxies of a policy", async () => {
    expect((await ask("/meshes/default/dataplanes/web-1/policies")).json).toEqual({
      kind: "SidecarDataplane",
      total: 1,
      items: [{
        type: "dataplane",
        matchedPolicies: {
          MeshTimeout: [expect.objectContaining({ type: "MeshTimeout", name: "short", kri: "kri_mt_default___short_" })]
        }
      }]
    })
    expect((await ask("/meshes/other/dataplanes/web-1/policies")).json)
      .toMatchObject({ status: 404, title: "Could not get MatchedPolicies" })
    expect((await ask("/meshes/default/meshtimeouts/short/dataplanes")).json).toMatchObject({
      total: 3,
      items: ["kv-1", "kv-2", "web-1"].map((name) => ({
        kind: "SidecarDataplane", dataplane: { mesh: "default", name }, attachments: [{ type: "dataplane" }]
      }))
    })
    expect((await ask("/meshes/default/meshtimeouts/a-shadow/dataplanes")).json).toEqual({ total: 0, items: [] })
    const affected = await ask("/meshes/default/meshtimeouts/a-shadow/_resources/dataplanes?size=1&name=kv")
    expect(affected.json).toEqual({
      total: 2,
      items: [{ type: "Dataplane", mesh: "default", name: "kv-1", labels: {} }],
      next: `${api.url}/meshes/default/meshtimeouts/a-shadow/_resources/dataplanes?name=kv&offset=1&size=1`
    })
    expect((await ask("/meshes/default/meshtimeouts/none/dataplanes")).json)
      .toMatchObject({ status: 404, title: "Could not retrieve policy" })
  })

  it("are told together", async () => {
    expect((await ask("/meshes/default/dataplanes/web-1/_rules")).json).toEqual({
      httpMatches: [],
      resource: { type: "Dataplane", mesh: "default", name: "web-1", labels: {} },
      rules: [{
        type: "MeshTimeout",
        fromRules: [], inboundRules: [], warnings: [],
        toRules: [
          { conf: { connectionTimeout: "2s" }, matchers: [], origin: [expect.objectContaining({ name: "short" })] }
        ],
        toResourceRules: [{
          conf: [{ connectionTimeout: "2s" }],
          origin: [{ resourceMeta: expect.objectContaining({ name: "short" }), ruleIndex: 0 }],
          resourceMeta: { type: "Mesh", mesh: "", name: "default", labels: {} },
          resourceSectionName: ""
        }]
      }]
    })
  })

  it("are told by the names of what they are about, as Kuma does", async () => {
    const called = { kind: "MeshService", name: "zoo" }
    const service = kept("MeshService", "zoo", {
      state: "Available",
      selector: { dataplaneTags: { app: "zoo" } },
      ports: [{ port: 80, targetPort: 8080, appProtocol: "http" }]
    })
    const policy = kept("MeshTimeout", "of-the-zoo", {
      targetRef: { kind: "Mesh" }, to: [{ targetRef: called, default: { connectionTimeout: "3s" } }]
    })
    await controlPlane.put(service)
    await controlPlane.put(policy)
    const names = async () => {
      const text = JSON.stringify((await ask("/meshes/default/dataplanes/web-1/_rules")).json)
      return [...text.matchAll(/"resourceMeta":\{[^}]*\{\}[^}]*"name":"(default|zoo)"/g)].map(([, name]) => name)
    }
    expect(await eventually(names, (all) => all.length === 2)).toEqual(["default", "zoo"])
    await controlPlane.remove(policy)
    await controlPlane.remove(service)
    await eventually(names, (all) => all.length === 1)
  })

  it("of a proxy's parts are told where MeshServices are all that counts", async () => {
    for (const endpoint of ["_layout", "_policies"]) {
      expect((await ask(`/meshes/default/dataplanes/web-1/${endpoint}`)).json).toMatchObject({
        status: 400, detail: expect.stringContaining(`can't use ${endpoint} endpoint without meshService enabled`)
      })
    }
    await controlPlane.put({ ...mesh("exclusive", false), spec: { meshServices: { mode: "Exclusive" } } })
    const called = { kind: "MeshService", name: "api" }
    await controlPlane.put(kept("MeshService", "api", {
      state: "Available",
      selector: { dataplaneTags: { app: "api" } },
      ports: [{ port: 80, targetPort: 8080, appProtocol: "http" }]
    }, { mesh: "exclusive" }))
    await controlPlane.put(kept("Dataplane", "caller", {
      networking: {
        address: "127.0.0.1",
        inbound: [{ port: 8080, name: "main", tags: { "kuma.io/service": "caller", "kuma.io/protocol": "http" } }],
        outbound: [{ port: 11_001, backendRef: { ...called, port: 80 } }]
      }
    }, { mesh: "exclusive" }))
    await controlPlane.put(kept("MeshTimeout", "inbound", {
      targetRef: { kind: "Dataplane", name: "caller", sectionName: "main" },
      rules: [{ default: { http: { requestTimeout: "11s" } } }]
    }, { mesh: "exclusive" }))
    await controlPlane.put(kept("MeshTimeout", "outbound", {
      targetRef: { kind: "Mesh" }, to: [{ targetRef: called, default: { http: { requestTimeout: "12s" } } }]
    }, { mesh: "exclusive" }))
    const backendRefs = [{ ...called, port: 80, weight: 1 }]
    const matches = [{ path: { type: "PathPrefix" as const, value: "/a" } }]
    await controlPlane.put(kept("MeshHTTPRoute", "route", {
      targetRef: { kind: "Mesh" }, to: [{ targetRef: called, rules: [{ matches, default: { backendRefs } }] }]
    }, { mesh: "exclusive" }))
    const base = "/meshes/exclusive/dataplanes/caller"
    const api80 = "kri_msvc_exclusive___api_80"
    const layout = await eventually(() => ask(`${base}/_layout`), ({ text }) => text.includes(api80))
    expect(layout.json).toEqual({
      kri: "kri_dp_exclusive___caller_",
      labels: {},
      inbounds: [{
        kri: "kri_dp_exclusive___caller_main", port: 8080, protocol: "http", proxyResourceName: "self_inbound_dp_main"
      }],
      listeners: [],
      outbounds: [{ kri: api80, port: 80, protocol: "http", proxyResourceName: api80 }]
    })
    await eventually(() => ask(`${base}/policies`), ({ text }) => text.includes("MeshHTTPRoute"))
    expect((await ask(`${base}/_policies`)).json).toEqual({ policies: [] })
    expect((await ask(`${base}/_inbounds/kri_dp_exclusive___caller_main/_policies`)).json).toEqual({
      policies: [{
        kind: "MeshTimeout",
        origins: [{ kri: "kri_mt_exclusive___inbound_" }],
        rules: [{ conf: { http: { requestTimeout: "11s" } }, kri: "kri_mt_exclusive___inbound_" }]
      }]
    })
    expect((await ask(`${base}/_inbounds/kri_dp_exclusive___caller_8080/_policies`)).status).toBe(404)
    expect((await ask(`${base}/_inbounds/nothing/_policies`)).json)
      .toMatchObject({ status: 400, detail: "bad request: invalid identifier string: \"nothing\"" })
    expect((await ask(`${base}/_outbounds/${api80}/_policies`)).json).toMatchObject({
      policies: [
        { kind: "MeshHTTPRoute", origins: [{ kri: "kri_mhttpr_exclusive___route_" }] },
        {
          kind: "MeshTimeout",
          conf: [{ http: { requestTimeout: "12s" } }],
          origins: [{ kri: "kri_mt_exclusive___outbound_" }]
        }
      ]
    })
    expect((await ask(`${base}/_outbounds/${api80.replace("api", "none")}/_policies`)).status).toBe(404)
    expect((await ask(`${base}/_outbounds/${api80}/_routes`)).json).toEqual({
      routes: [{
        kind: "MeshHTTPRoute",
        origins: [{ kri: "kri_mhttpr_exclusive___route_" }],
        rules: [{ conf: { backendRefs }, kri: "kri_mhttpr_exclusive___route_", matches }]
      }]
    })
    const route = `${base}/_outbounds/${api80}/_routes/kri_mhttpr_exclusive___route_`
    expect((await ask(`${route}/_policies`)).json).toMatchObject({
      policies: [{ kind: "MeshTimeout", conf: [{ http: { requestTimeout: "12s" } }] }]
    })
    expect((await ask("/meshes/exclusive/meshservices/api/_resources/dataplanes")).json)
      .toEqual({ items: [], total: 0 })
  })
})

describe("a proxy's configuration", () => {
  it("is what it was sent and takes; of who isn't connected there is none", async () => {
    expect((await ask("/meshes/default/dataplanes/kv-1/xds")).json).toMatchObject({
      status: 404, title: "Could not execute admin operation", detail: expect.stringContaining("has never connected")
    })
    for (const path of ["/zoneingresses/zi-1", "/zone-egresses/ze-1"]) {
      expect((await ask(`${path}/xds`)).json).toMatchObject({ status: 404, title: "Could not execute admin operation" })
    }
    const client = await connect("web-1")
    await isConnected("web-1")
    const dump = await eventually(
      () => ask("/meshes/default/dataplanes/web-1/xds"),
      ({ text }) => text.includes("dynamic_active_secrets")
    )
    expect(dump.text).toContain("type.googleapis.com/envoy.admin.v3.ClustersConfigDump")
    expect(dump.text).toContain("\"client_status\": \"ACKED\"")
    expect(dump.text).not.toMatch(/PRIVATE KEY|LS0tLS1CRUdJTiBQUklWQVRF/)
    client.close()
    const gone = await eventually(() => ask("/meshes/default/dataplanes/web-1/xds"), ({ status }) => status === 404)
    expect(gone.json).toMatchObject({ title: "Could not execute admin operation" })
  })

  it("is with the replica that holds its stream, which is named", async () => {
    await connect("web-1")
    await isConnected("web-1")
    const other = await startApi(store, { inspector: { ...inspector, instanceId: "cp-2", stream: () => null } })
    cleanups.push(other.stop)
    const path = `${other.url}/meshes/default/dataplanes/web-1/xds`
    const answer = await eventually(() => request(path), ({ status }) => status === 503)
    expect(answer.json).toMatchObject({ detail: expect.stringMatching(/instance cp-1, and this is cp-2/) })
  })

  it("is computed where its stream is: nobody else knows whether it listens on virtual addresses", async () => {
    await controlPlane.put({ ...mesh("held", false), spec: { meshServices: { mode: "Exclusive" } } })
    await controlPlane.put({ ...dataplane("far-1", "far", { port: 15_009 }), mesh: "held" })
    await controlPlane.put({ ...insight("far-1"), mesh: "held" })
    const other = await startApi(store, { inspector: { ...inspector, instanceId: "cp-2", stream: () => null } })
    cleanups.push(other.stop)
    for (const last of ["_config", "_layout"]) {
      const path = `${other.url}/meshes/held/dataplanes/far-1/${last}`
      const answer = await eventually(() => request(path), ({ status }) => status !== 404)
      expect([last, answer.status, answer.json]).toEqual([last, 503, expect.objectContaining({
        detail: "the proxy far-1 is connected to the control plane instance cp-1, and this is cp-2: ask that one"
      })])
    }
    await controlPlane.put({ ...insight("far-1", { connected: false }), mesh: "held" })
    for (const last of ["_config", "_layout"]) {
      await eventually(() => request(`${other.url}/meshes/held/dataplanes/far-1/${last}`), ({ status }) => status === 200)
    }
  })

  it("is told to those alone who may see it", async () => {
    const nobody = { users: [], groups: [] }
    const access = { ...api.config.access, viewConfigDump: nobody, viewStats: nobody, viewClusters: nobody }
    const config = { anonymousAccess: true, access }
    const closed = await startApi(store, { inspector, config, localhostIsAdmin: false })
    cleanups.push(closed.stop)
    for (const last of ["xds", "stats", "clusters", "_config"]) {
      const { status } = await request(`${closed.url}/meshes/default/dataplanes/web-1/${last}`)
      expect([last, status]).toEqual([last, 403])
    }
    expect((await request(`${closed.url}/zoneingresses/zi-1/xds`)).status).toBe(403)
    expect((await request(`${closed.url}/meshes/default/dataplanes/web-1/_rules`)).status).toBe(200)
  })

  it("is compared with what shadows would make of it", async () => {
    expect((await ask("/meshes/default/dataplanes/kv-1/_config")).json)
      .toMatchObject({ status: 404, title: "Failed to fetch dataplane insight" })
    await connect("web-1")
    await isConnected("web-1")
    const path = "/type.googleapis.com~1envoy.config.cluster.v3.Cluster/kv/connectTimeout"
    const answer = await ask("/meshes/default/dataplanes/web-1/_config?shadow=true&include=diff")
    expect(answer.json).toMatchObject({
      diff: [
        { op: "test", path, value: "2s" }, { op: "remove", path, value: "2s" }, { op: "add", path, value: "9s" }
      ],
      xds: { "type.googleapis.com/envoy.config.cluster.v3.Cluster": { kv: { connectTimeout: "9s" } } }
    })
    expect((await ask("/meshes/default/dataplanes/web-1/_config")).json).not.toHaveProperty("diff")
    expect((await ask("/meshes/default/dataplanes/web-1/_config?include=diff")).json).toHaveProperty("diff", [])
    for (const query of ["shadow=perhaps", "include=everything"]) {
      expect((await ask(`/meshes/default/dataplanes/web-1/_config?${query}`)).status).toBe(400)
    }
  })

  it("of a real Envoy is what Envoy says of itself", async () => {
    const adminPort = await freePort()
    const bootstrap = await askBootstrap(controlPlane, tls, { mesh: "default", name: "web-1", adminPort })
    expect(bootstrap.status, bootstrap.body).toBe(200)
    const admin = `http://127.0.0.1:${adminPort}`
    const envoy = await startEnvoy(bootstrap.body, { admin })
    cleanups.push(envoy.stop)
    const own = await eventually(
      async () => (await fetch(`${admin}/config_dump?include_eds`)).text(),
      (text) => text.includes("dynamic_route_configs") && !text.includes("warming") && text.includes("active_state")
    )
    const told = await eventually(
      () => ask("/meshes/default/dataplanes/web-1/xds?include_eds=true"),
      ({ text }) => !text.includes("REQUESTED") && text.includes("dynamic_route_configs")
    )
    // Of assignments Envoy writes what it made of them, and of clusters without any, too.
    const { dynamic_endpoint_configs: endpoints, ...others } = resourcesIn(told.text)
    const { dynamic_endpoint_configs: _, ...ownOthers } = resourcesIn(own)
    expect(others).toEqual(ownOthers)
    expect(Object.keys(others).sort()).toEqual([
      "dynamic_active_clusters", "dynamic_active_secrets", "dynamic_listeners", "dynamic_route_configs"
    ])
    expect(endpoints).toEqual([expect.stringMatching(/"cluster_name":"kv".*"port_value":15001/)])
  }, 60_000)
})

/** Envoy alone knows when something came, and doesn't say who said what; versions of types aren't told. */
const UNCOMPARED = ["last_updated", "client_status", "version_info", "inline_bytes"]

const fieldsOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  typeof value === "object" && value !== null ? Object.entries(value) : []

const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** What came over the stream, by the place where the dump has it. */
const resourcesIn = (dump: string) => {
  const parsed: unknown = JSON.parse(dump, (key, value: unknown) => (UNCOMPARED.includes(key) ? undefined : value))
  const configs = listOf(fieldsOf(parsed).find(([key]) => key === "configs")?.[1])
  return Object.fromEntries(
    configs.flatMap(fieldsOf).filter(([key]) => key.startsWith("dynamic_")).map(([key, list]) =>
      [key, listOf(list).map((one) => JSON.stringify(sortKeys(one))).sort()] as const)
  )
}

const sortKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== "object" || value === null) return value
  const sorted = fieldsOf(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([key, one]) => [key, sortKeys(one)]))
}
