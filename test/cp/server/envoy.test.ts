import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { SOTW_FEATURE } from "../../../src/cp/bootstrap/Bootstrapper.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy, type TestEnvoy } from "../../support/startEnvoy.ts"
import { askBootstrap } from "./askBootstrap.ts"
import { type ControlPlane, dataplane, eventually, mesh } from "./startControlPlane.ts"
import { useControlPlanes } from "./useControlPlanes.ts"

const { cleanups, createStore, start, tls } = await useControlPlanes()

interface Proxy {
  readonly envoy: TestEnvoy
  readonly admin: string
  readonly dump: () => Promise<string>
  readonly stat: (name: string) => Promise<number>
}

const enter = async (
  controlPlane: ControlPlane,
  name: string,
  fields: Readonly<Record<string, unknown>> = {}
): Promise<Proxy> => {
  const adminPort = await freePort()
  const answer = await askBootstrap(controlPlane, tls, { mesh: "default", name, adminPort, ...fields })
  expect(answer.status, answer.body).toBe(200)
  const admin = `http://127.0.0.1:${adminPort}`
  const envoy = await startEnvoy(answer.body, { admin })
  cleanups.push(envoy.stop)
  return {
    envoy,
    admin,
    dump: async () => (await fetch(`${admin}/config_dump?include_eds`)).text(),
    stat: async (stat) => {
      const text = await (await fetch(`${admin}/stats?filter=^${stat}$`)).text()
      return Number(text.split(": ")[1] ?? 0)
    }
  }
}

const upstream = async (answer: string): Promise<{ readonly port: number; readonly server: Server }> => {
  const server = createServer((_, response) => response.end(answer))
  const port = await freePort()
  await new Promise<void>((resume) => server.listen(port, "127.0.0.1", resume))
  cleanups.push(() => server.close())
  return { port, server }
}

const entries = (controlPlane: ControlPlane, kind: string, key: string) =>
  controlPlane.journal.filter((entry) => entry.kind === kind && entry.key === key)

const live = (proxy: Proxy) =>
  eventually(async () => (await fetch(`${proxy.admin}/ready`)).status, (status) => status === 200, 20_000)

describe.each([["incremental", []], ["state-of-the-world", [SOTW_FEATURE]]])("a real Envoy over %s ADS", (_, features) => {
  it("gets its configuration from the bootstrap's answer on, acknowledges it, and serves", async () => {
    const controlPlane = await start()
    const app = await upstream("hello")
    const inbound = await freePort()
    await controlPlane.put(mesh("default", false))
    await controlPlane.put(dataplane("kv-1", "kv", { port: inbound, servicePort: app.port }))
    await eventually(() => askBootstrap(controlPlane, tls, { name: "kv-1" }), ({ status }) => status === 200)
    const proxy = await enter(controlPlane, "kv-1", { features })
    await live(proxy)
    expect(await (await fetch(`http://127.0.0.1:${inbound}/`)).text()).toBe("hello")
    expect(await proxy.stat("listener_manager.lds.update_rejected")).toBe(0)
    const acked = entries(controlPlane, "acked", "Dataplane/default/kv-1").map(({ typeUrl }) => typeUrl)
    expect(acked).toEqual(expect.arrayContaining([
      "type.googleapis.com/envoy.config.cluster.v3.Cluster",
      "type.googleapis.com/envoy.config.listener.v3.Listener"
    ]))
  })

  it("goes through two proxies with mTLS, follows endpoints at once, and gets nothing for a status write", async () => {
    const controlPlane = await start()
    const app = await upstream("counted")
    const [serving, calling, outbound] = [await freePort(), await freePort(), await freePort()]
    await controlPlane.put(mesh("default", true))
    await controlPlane.put({
      type: "MeshTrafficPermission",
      mesh: "default",
      name: "all",
      labels: {},
      spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] }
    })
    const kv = dataplane("kv-1", "kv", { port: serving, servicePort: app.port })
    await controlPlane.put(kv)
    await controlPlane.put(dataplane("app-1", "app", { port: calling }, [{ service: "kv", port: outbound }]))
    await eventually(() => askBootstrap(controlPlane, tls, { name: "app-1" }), ({ status }) => status === 200)
    await live(await enter(controlPlane, "kv-1", { features }))
    const caller = await enter(controlPlane, "app-1", { features })
    await live(caller)
    const call = async () => (await fetch(`http://127.0.0.1:${outbound}/`)).status
    await eventually(call, (status) => status === 200)
    expect(await caller.stat("cluster.kv.ssl.handshake")).toBeGreaterThan(0)

    const pushes = () => entries(controlPlane, "pushed", "Dataplane/default/app-1").length
    const before = pushes()
    const changed = Date.now()
    await controlPlane.put(dataplane("kv-1", "kv", { port: serving, servicePort: app.port, ready: false }))
    await eventually(call, (status) => status === 503, 2_000)
    const took = Date.now() - changed
    expect(took).toBeLessThan(1_000)
    const pushed = entries(controlPlane, "pushed", "Dataplane/default/app-1").slice(before)
    expect(pushed.map(({ typeUrl, names }) => [typeUrl, names])).toEqual([
      ["type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment", ["kv"]]
    ])

    // Another connect timeout is another cluster, which Envoy warms only with an assignment that comes after it.
    await controlPlane.put({
      type: "MeshTimeout",
      mesh: "default",
      name: "slow",
      labels: {},
      spec: {
        targetRef: { kind: "Mesh" },
        to: [{ targetRef: { kind: "Mesh" }, default: { connectionTimeout: "7s" } }]
      }
    })
    const warming = Date.now()
    const taken = async () => (await caller.dump()).includes('"connect_timeout": "7s"')
    await eventually(taken, (seen) => seen, 2_000)
    await eventually(() => caller.stat("cluster_manager.warming_clusters"), (count) => count === 0, 2_000)
    // Without it, warming would end only by Envoy's own timeout of 15 s.
    expect(Date.now() - warming).toBeLessThan(2_000)
    const last = entries(controlPlane, "pushed", "Dataplane/default/app-1").slice(-2)
    expect(last.map(({ typeUrl }) => String(typeUrl).split(".").at(-1))).toEqual(["Cluster", "ClusterLoadAssignment"])

    const settled = pushes()
    await controlPlane.put({ ...kv, type: "DataplaneInsight", name: "kv-1", spec: { subscriptions: [] } })
    await controlPlane.put(dataplane("kv-1", "kv", { port: serving, servicePort: app.port, ready: true }))
    await eventually(call, (status) => status === 200, 2_000)
    expect(pushes() - settled).toBe(1)
  })

  it("that refuses a listener keeps the rest, its refusal is shown, and the mended one is taken", async () => {
    const controlPlane = await start()
    const app = await upstream("still here")
    const inbound = await freePort()
    await controlPlane.put(mesh("default", false))
    const good = dataplane("kv-1", "kv", { port: inbound, servicePort: app.port })
    await controlPlane.put(good)
    await eventually(() => askBootstrap(controlPlane, tls, { name: "kv-1" }), ({ status }) => status === 200)
    const proxy = await enter(controlPlane, "kv-1", { features })
    await live(proxy)
    // An address that no interface of this host has (RFC 5737): Envoy can't bind it.
    const unbindable = dataplane("kv-1", "kv", { port: inbound, servicePort: app.port })
    await controlPlane.put({
      ...unbindable,
      spec: {
        networking: {
          ...good.spec.networking,
          inbound: [
            ...good.spec.networking?.inbound ?? [],
            { address: "203.0.113.1", port: 8_080, servicePort: 1, tags: { "kuma.io/service": "kv" } }
          ]
        }
      }
    })
    const insight = () => controlPlane.get({ type: "DataplaneInsight", mesh: "default", name: "kv-1" })
    const shown = await eventually(insight, (seen) => (seen?.spec.rejections?.length ?? 0) > 0)
    expect(shown?.spec.rejections?.[0]).toMatchObject({
      typeUrl: "type.googleapis.com/envoy.config.listener.v3.Listener",
      message: expect.stringContaining("203.0.113.1")
    })
    expect(await (await fetch(`http://127.0.0.1:${inbound}/`)).text()).toBe("still here")
    const nacks = () => entries(controlPlane, "nacked", "Dataplane/default/kv-1").length
    await eventually(nacks, (count) => count === 5)
    await controlPlane.put(good)
    await eventually(insight, (seen) => seen !== null && seen.spec.rejections === undefined)
  }, 30_000)

  it("loses what is gone though clusters came while it still warmed others", async () => {
    const controlPlane = await start()
    await controlPlane.put(mesh("default", false))
    const inbound = await freePort()
    const outbounds: Array<{ readonly service: string; readonly port: number }> = []
    for (let index = 0; index < 8; index++) outbounds.push({ service: `s${index}`, port: await freePort() })
    const app = (count: number) => dataplane("app-1", "app", { port: inbound }, outbounds.slice(0, count))
    await controlPlane.put(app(1))
    await eventually(() => askBootstrap(controlPlane, tls, { name: "app-1" }), ({ status }) => status === 200)
    const proxy = await enter(controlPlane, "app-1", { features })
    await live(proxy)
    const clusters = async () => {
      const listed = await (await fetch(`${proxy.admin}/clusters`)).text()
      return outbounds.filter(({ service }) => listed.includes(`${service}::`)).length
    }
    await eventually(clusters, (count) => count === 1)
    for (let count = 2; count <= 8; count++) await controlPlane.put(app(count))
    await eventually(clusters, (count) => count === 8)
    await controlPlane.put(app(1))
    await eventually(clusters, (count) => count === 1, 10_000)
    const noted = (kind: string) => entries(controlPlane, kind, "Dataplane/default/app-1").length
    await eventually(() => noted("pushed") - noted("acked"), (unanswered) => unanswered === 0)
  }, 30_000)

  it("comes back to a control plane that was gone, has served meanwhile, and is resumed", async () => {
    const store = await createStore()
    const first = await start({ store })
    const app = await upstream("alone")
    const inbound = await freePort()
    await first.put(mesh("default", true))
    await first.put(dataplane("kv-1", "kv", { port: inbound, servicePort: app.port }))
    await eventually(() => askBootstrap(first, tls, { name: "kv-1" }), ({ status }) => status === 200)
    const proxy = await enter(first, "kv-1", { features })
    await live(proxy)
    await first.stop()
    expect(entries(first, "disconnected", "Dataplane/default/kv-1")).toHaveLength(1)
    expect(await proxy.stat("listener_manager.total_listeners_active")).toBeGreaterThan(0)
    const second = await start({ store, port: first.port, instanceId: "cp-2" })
    await eventually(() => entries(second, "connected", "Dataplane/default/kv-1").length, (count) => count === 1, 30_000)
    const insight = await eventually(
      () => second.get({ type: "DataplaneInsight", mesh: "default", name: "kv-1" }),
      (seen) => seen?.spec.subscriptions.length === 2
    )
    expect(insight?.spec.subscriptions.map(({ disconnectTime }) => disconnectTime !== undefined)).toEqual([true, false])
    expect(insight?.spec.subscriptions.map(({ controlPlaneInstanceId }) => controlPlaneInstanceId)).toEqual(["cp-1", "cp-2"])
    expect(await second.get({ type: "Dataplane", mesh: "default", name: "kv-1" })).not.toBeNull()
  }, 60_000)

  it("that comes back gets nothing again that it has, and a cluster that changed meanwhile warms at once", async () => {
    const store = await createStore()
    const first = await start({ store })
    const app = await upstream("resumed")
    const [serving, calling, outbound] = [await freePort(), await freePort(), await freePort()]
    await first.put(mesh("default", false))
    await first.put(dataplane("kv-1", "kv", { port: serving, servicePort: app.port }))
    await first.put(dataplane("log-1", "log", { port: await freePort() }))
    const calls = [{ service: "kv", port: outbound }, { service: "log", port: await freePort() }]
    await first.put(dataplane("app-1", "app", { port: calling }, calls))
    await eventually(() => askBootstrap(first, tls, { name: "app-1" }), ({ status }) => status === 200)
    await live(await enter(first, "kv-1", { features }))
    const caller = await enter(first, "app-1", { features })
    await live(caller)
    const call = async () => (await fetch(`http://127.0.0.1:${outbound}/`)).status
    await eventually(call, (status) => status === 200)

    const settledOn = async (controlPlane: ControlPlane) => {
      const told = () => entries(controlPlane, "pushed", key).length - entries(controlPlane, "acked", key).length
      await eventually(() => entries(controlPlane, "connected", key).length, (count) => count > 0, 30_000)
      await eventually(() => entries(controlPlane, "acked", key).length, (count) => count > 0, 30_000)
      await eventually(told, (open) => open === 0)
    }
    const key = "Dataplane/default/app-1"
    const pushed = (controlPlane: ControlPlane) =>
      entries(controlPlane, "pushed", key).flatMap(({ names, typeUrl }) =>
        Array.isArray(names) ? names.map((name) => `${String(typeUrl).split(".").at(-1)} ${name}`) : [])
    await settledOn(first)
    expect(pushed(first)).toEqual(expect.arrayContaining(["Cluster kv", "ClusterLoadAssignment kv"]))
    await first.stop()
    const second = await start({ store, port: first.port, instanceId: "cp-2" })
    await settledOn(second)
    // The state of the world has a word for what a proxy has of clusters and listeners alone.
    const sayable = pushed(second).filter((resource) => features.length === 0 || /^(Cluster|Listener) /.test(resource))
    expect(sayable).toEqual([])
    expect(await call()).toBe(200)

    const before = pushed(second).length
    await second.put({
      type: "MeshTimeout",
      mesh: "default",
      name: "slow",
      labels: {},
      spec: {
        targetRef: { kind: "Mesh" },
        to: [{ targetRef: { kind: "MeshService", name: "kv" }, default: { connectionTimeout: "7s" } }]
      }
    })
    await eventually(async () => (await caller.dump()).includes('"connect_timeout": "7s"'), (seen) => seen, 14_000)
    await eventually(() => caller.stat("cluster_manager.warming_clusters"), (count) => count === 0, 14_000)
    expect(pushed(second).slice(before)).toContain("ClusterLoadAssignment kv")
    expect(await call()).toBe(200)
  }, 90_000)
})

it("an Envoy whose token lies in a file brings it, 32 KiB of it, over Google's client", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-token-"))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, "token")
  await writeFile(path, "x".repeat(32 * 1024))
  const controlPlane = await start({ reloadableTokens: true })
  await controlPlane.put(mesh("default", false))
  await controlPlane.put(dataplane("kv-1", "kv", { port: await freePort() }))
  await eventually(() => askBootstrap(controlPlane, tls, { name: "kv-1" }), ({ status }) => status === 200)
  const proxy = await enter(controlPlane, "kv-1", { dataplaneTokenPath: path })
  await live(proxy)
  expect(await proxy.dump()).toContain("file_based_metadata")
  expect(entries(controlPlane, "connected", "Dataplane/default/kv-1")).toHaveLength(1)
})
