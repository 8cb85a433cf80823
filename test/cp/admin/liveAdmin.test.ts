// Real Envoys that a control plane asks how they are doing, and whoever else tries to.
import { Context } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { request as plainRequest } from "node:http"
import { request as secureRequest, type RequestOptions } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse, stringify } from "yaml"
import { makeAdminKeys, makeClient } from "../../../src/cp/admin/adminCa.ts"
import type { AdminKeys, KeyPair } from "../../../src/cp/admin/AdminKeys.ts"
import { adminHost } from "../../../src/cp/admin/adminNames.ts"
import { makeEnvoyAdmin } from "../../../src/cp/admin/EnvoyAdmin.ts"
import { certificateSecret, decodeSecret, keySecret } from "../../../src/cp/ca/caSecrets.ts"
import { generateKeyPem, readSigningKey } from "../../../src/cp/ca/keys.ts"
import { signLeaf } from "../../../src/cp/ca/signCertificate.ts"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import type { Inspector } from "../../../src/cp/inspect/Inspector.ts"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { ProxySnapshots } from "../../../src/cp/server/ProxySnapshots.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import type { ResourceKey } from "../../../src/model/Resource.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy, type TestEnvoy } from "../../support/startEnvoy.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { indexOf, insight, kept } from "../inspect/meshOf.ts"
import { askBootstrap } from "../server/askBootstrap.ts"
import {
  type ControlPlane, dataplane, eventually, loopbackTls, mesh, startControlPlane
} from "../server/startControlPlane.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { type Answer, request, startApi, type TestApi } from "../api/testApi.ts"

const databases = useTestDatabases()
const cleanups = useCleanups()
const tls = await loopbackTls()
const OWN = "127.0.0.2"
let controlPlane: ControlPlane
let store: StoreConfig
let api: TestApi
let keys: AdminKeys
let inspector: Inspector
/** Of web-1, which runs all the time. */
let port: number
let envoy: TestEnvoy

/** Starts an Envoy whose own admin interface is on loopback, and which listens on an address of its own. */
const start = async (
  proxy: { readonly mesh: string; readonly name: string; readonly proxyType?: string },
  adminPort: number,
  change: (bootstrap: Bootstrap) => void = () => {}
): Promise<TestEnvoy> => {
  const readinessPort = await freePort()
  const answer = await eventually(
    () => askBootstrap(controlPlane, tls, { ...proxy, adminPort, readinessPort }), ({ status }) => status === 200)
  const bootstrap = parse(answer.body) as Bootstrap
  change(bootstrap)
  return startEnvoy(stringify(bootstrap))
}

interface Bootstrap {
  admin: unknown
  readonly node: { readonly metadata: Record<string, unknown> }
}

beforeAll(async () => {
  store = await databases.create()
  keys = await makeAdminKeys(Date.now())
  controlPlane = await startControlPlane({ store, tls, adminKeys: keys, zoneAuth: "none" })
  const { services } = controlPlane
  const { settings, zone } = Context.get(services, ProxySnapshots)
  inspector = {
    instanceId: "cp-1", adminPort: 9901, zone, settings,
    resources: Context.get(services, ResourceCache),
    stream: Context.get(services, AdsServer).stream
  }
  api = await startApi(store, { inspector, envoyAdmin: makeEnvoyAdmin(keys) })
  port = await freePort()
  await controlPlane.put(mesh("default", true))
  await controlPlane.put(mesh("open", false))
  await controlPlane.put(dataplane("web-1", "web", { address: OWN, port: await freePort() }))
  envoy = await start({ mesh: "default", name: "web-1" }, port)
}, 60_000)
afterAll(async () => {
  await envoy?.stop()
  await api?.stop()
  await controlPlane?.stop()
})

const ask = (path: string, of = api): Promise<Answer> => request(`${of.url}${path}`)

const answered = (path: string, of = api): Promise<Answer> => eventually(() => ask(path, of), ({ status }) => status === 200)

interface Told {
  readonly status: number
  readonly body: string
}

/** What somebody else gets. Fails where not even a connection comes about. */
const attempt = (options: RequestOptions, send = secureRequest): Promise<Told> =>
  new Promise((resolve, reject) => {
    const call = send({ host: OWN, port, agent: false, ...options }, (response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }))
    })
    call.setTimeout(5_000, () => call.destroy(new Error("no answer")))
    call.on("error", reject)
    call.end()
  })

const WEB = { proxyType: "dataplane", mesh: "default", name: "web-1" } as const

const by = ({ certificatePem, keyPem }: KeyPair, more: RequestOptions = {}): RequestOptions => ({
  cert: certificatePem, key: keyPem, ca: keys.ca.certificatePem, servername: adminHost(WEB),
  checkServerIdentity: () => undefined, ...more
})

describe("a control plane", () => {
  it("reads a proxy's statistics and clusters, as kumactl shows them", async () => {
    const stats = await answered("/meshes/default/dataplanes/web-1/stats")
    expect(stats.headers.get("content-type")).toBe("text/plain")
    expect(stats.text).toMatch(/^server\.live: 1$/m)
    expect(stats.text).not.toMatch(/^server\.hot_restart_epoch/m)
    expect((await ask("/meshes/default/dataplanes/web-1/stats?usedonly=false")).text).toMatch(/^server\.hot_restart_/m)
    expect((await ask("/meshes/default/dataplanes/web-1/stats?format=json")).json)
      .toMatchObject({ stats: expect.arrayContaining([{ name: "server.live", value: 1 }]) })
    const clusters = await ask("/meshes/default/dataplanes/web-1/clusters")
    expect(clusters.text).toMatch(/^kuma:readiness::/m)
    expect((await ask("/meshes/default/dataplanes/web-1/clusters?format=json")).json)
      .toMatchObject({ cluster_statuses: expect.any(Array) })
  }, 60_000)

  it("reads them wherever the proxy's stream is", async () => {
    await answered("/meshes/default/dataplanes/web-1/stats")
    await controlPlane.put({
      ...dataplane("web-1", "web", { address: OWN, port: 15_000 }),
      spec: { networking: { address: OWN, admin: { port }, inbound: [{ port: 15_000, tags: { "kuma.io/service": "web" } }] } }
    })
    const elsewhere = { ...inspector, instanceId: "cp-2", stream: () => null }
    const other = await startApi(store, { inspector: elsewhere, envoyAdmin: makeEnvoyAdmin(keys) })
    cleanups.push(other.stop)
    expect((await answered("/meshes/default/dataplanes/web-1/stats", other)).text).toContain("server.live: 1")
  }, 60_000)

  it("reads them of a proxy of a mesh without mTLS, of zone proxies, and of one whose admin is a socket", async () => {
    await controlPlane.put({ ...dataplane("kv-1", "kv", { address: "127.0.0.3", port: 15_001 }), mesh: "open" })
    await controlPlane.put(kept("ZoneIngress", "zi-1", { networking: { address: "127.0.0.4", port: 10_001 } }, { mesh: "" }))
    await controlPlane.put(kept("ZoneEgress", "ze-1", { networking: { address: "127.0.0.5", port: 10_001 } }, { mesh: "" }))
    const folder = await mkdtemp(join(tmpdir(), "admin-"))
    cleanups.push(() => rm(folder, { recursive: true }))
    const path = join(folder, "admin.sock")
    const started = [
      await start({ mesh: "open", name: "kv-1" }, await freePort(), (bootstrap) => {
        bootstrap.admin = { address: { pipe: { path } } }
        bootstrap.node.metadata["dataplane.admin.socketPath"] = path
      }),
      await start({ mesh: "", name: "zi-1", proxyType: "ingress" }, await freePort()),
      await start({ mesh: "", name: "ze-1", proxyType: "egress" }, await freePort())
    ]
    for (const one of started) cleanups.push(one.stop)
    for (const one of ["meshes/open/dataplanes/kv-1", "zoneingresses/zi-1", "zone-egresses/ze-1"]) {
      expect((await answered(`/${one}/stats`)).text).toContain("server.live: 1")
      expect((await answered(`/${one}/clusters`)).text).toContain("kuma:readiness")
    }
  }, 60_000)

  it("asks plainly whose Envoy holds the only address on this very host, and nobody who says so from elsewhere", async () => {
    await controlPlane.put(dataplane("near-1", "near", { address: "127.0.0.1", port: 15_002 }))
    const near = await start({ mesh: "default", name: "near-1" }, await freePort())
    cleanups.push(near.stop)
    expect((await answered("/meshes/default/dataplanes/near-1/stats")).text).toContain("server.live: 1")
    const stream: Inspector["stream"] = (proxy) => {
      const own = inspector.stream(proxy)
      return own === null ? null : { ...own, peerAddress: "10.0.0.9" }
    }
    const other = await startApi(store, { inspector: { ...inspector, stream }, envoyAdmin: makeEnvoyAdmin(keys) })
    cleanups.push(other.stop)
    expect((await ask("/meshes/default/dataplanes/near-1/stats", other)).json)
      .toMatchObject({ status: 503, detail: expect.stringContaining("leaves no room") })
  }, 60_000)

  it("says whom it couldn't reach, and what to open", async () => {
    await answered("/meshes/default/dataplanes/web-1/stats")
    const moved = kept("Dataplane", "web-1", { networking: { address: "127.0.0.6", admin: { port } } })
    const resources = indexOf([moved, insight("web-1")])
    const other = await startApi(store, { inspector: { ...inspector, resources }, envoyAdmin: makeEnvoyAdmin(keys) })
    cleanups.push(other.stop)
    expect((await ask("/meshes/default/dataplanes/web-1/stats", other)).json).toMatchObject({
      status: 503,
      title: "Could not execute admin operation",
      detail: expect.stringMatching(new RegExp(`127.0.0.6:${port} can't be reached.*security group.*TCP port ${port}`))
    })
  }, 60_000)
})

describe("an Envoy's admin interface", () => {
  it("is shut to whoever isn't a control plane of its own", async () => {
    await answered("/meshes/default/dataplanes/web-1/stats")
    const client = await makeClient(keys, Date.now())
    expect((await attempt(by(client, { path: "/stats" }))).status).toBe(200)
    const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 }
    const signedBy = async (ca: KeyPair, name: string, usage: "server" | "client"): Promise<KeyPair> => {
      const keyPem = await generateKeyPem()
      const issuer = { certificate: ca.certificatePem, signingKey: await readSigningKey(ca.keyPem) }
      return { keyPem, certificatePem: await signLeaf(issuer, keyPem, [{ type: "dns", value: name }], [usage], validity) }
    }
    const secret = async (key: ResourceKey<"Secret">): Promise<string> =>
      decodeSecret((await controlPlane.get(key))?.spec ?? {})
    const ofMesh = {
      certificatePem: await secret(certificateSecret("default", "ca-1")), keyPem: await secret(keySecret("default", "ca-1"))
    }
    const strangers: ReadonlyArray<readonly [string, KeyPair]> = [
      ["a mesh's own certificate", await signedBy(ofMesh, "kuma-cp", "client")],
      ["what every proxy has", keys.server],
      ["another control plane's", await makeClient(await makeAdminKeys(Date.now()), Date.now())],
      ["another name", await signedBy(keys.ca, "somebody", "client")],
      ["a server of that name", await signedBy(keys.ca, "kuma-cp", "server")]
    ]
    for (const [who, stranger] of strangers) {
      await expect(attempt(by(stranger, { path: "/stats" })), who).rejects.toThrow()
    }
    const { cert: _, key: __, ...nobody } = by(client, { path: "/stats" })
    await expect(attempt(nobody)).rejects.toThrow()
    const another = adminHost({ ...WEB, name: "web-2" })
    await expect(attempt(by(client, { path: "/stats", servername: another }))).rejects.toThrow()
  }, 60_000)

  it("does nothing but tell of statistics and clusters, not even for the control plane", async () => {
    await answered("/meshes/default/dataplanes/web-1/stats")
    const client = await makeClient(keys, Date.now())
    const asked = (method: string, path: string) => attempt(by(client, { method, path }))
    expect((await asked("GET", "/clusters")).status).toBe(200)
    for (const [method, path] of [
      ["POST", "/quitquitquit"], ["POST", "/drain_listeners"], ["POST", "/healthcheck/fail"], ["POST", "/stats"],
      ["POST", "/reset_counters"], ["POST", "/logging"], ["PUT", "/stats"], ["GET", "/config_dump"], ["GET", "/certs"],
      ["GET", "/"], ["GET", "/help"], ["GET", "/stats/prometheus"], ["GET", "/stats/../config_dump"], ["GET", "/ready"],
      ["GET", "//stats"], ["GET", "/stats%2f..%2fconfig_dump"], ["POST", "/clusters/../quitquitquit"]
    ] as const) {
      expect([method, path, (await asked(method, path)).status]).toEqual([method, path, 404])
    }
    expect((await asked("GET", "/stats")).body).toContain("server.live: 1")
  }, 60_000)

  it("says in the clear whether the proxy is ready, as before, and nothing else", async () => {
    await answered("/meshes/default/dataplanes/web-1/stats")
    // There is no sidecar here that would answer it.
    expect((await attempt({ path: "/ready" }, plainRequest)).status).toBe(503)
    for (const path of ["/stats", "/clusters", "/config_dump", "/quitquitquit", "/"]) {
      expect([path, (await attempt({ path }, plainRequest)).status]).toEqual([path, 404])
      expect([path, (await attempt({ path, method: "POST" }, plainRequest)).status]).toEqual([path, 404])
    }
  }, 60_000)

  it("shows its key to nobody", async () => {
    await answered("/meshes/default/dataplanes/web-1/stats")
    const secret = keys.server.keyPem.split("\n").find((line) => line.length > 40) ?? ""
    for (const last of ["xds", "_config", "stats", "clusters"]) {
      const { status, text } = await ask(`/meshes/default/dataplanes/web-1/${last}`)
      expect(status).toBe(200)
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(keys.server.keyPem).toString("base64").slice(80, 160))
    }
  }, 60_000)
})
