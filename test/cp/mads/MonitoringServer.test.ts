import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { Agent, request as httpRequest } from "node:http"
import { get as httpsGet } from "node:https"
import { afterEach, expect, it } from "vitest"
import { Environment } from "../../../src/cp/config/Environment.ts"
import type { MonitoringConfig } from "../../../src/cp/config/MonitoringConfig.ts"
import { readMonitoring } from "../../../src/cp/config/readMonitoring.ts"
import { monitoringServer, MonitoringServer } from "../../../src/cp/mads/MonitoringServer.ts"
import { ResourceCache, type ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceIndex } from "../../../src/cp/snapshot/ResourceIndex.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { eventually, loopbackTls, type Tls } from "../server/startControlPlane.ts"

const T0 = "2026-01-01T00:00:00.000Z"
const common = { labels: {}, creationTime: T0, modificationTime: T0 }
let version = 0

const mesh = (): Resource<"Mesh"> => ({
  ...common, type: "Mesh", mesh: "", name: "default", version: ++version,
  spec: { metrics: { enabledBackend: "p", backends: [{ name: "p", type: "prometheus" }] } }
})
const dataplane = (name: string, address = "10.0.0.1"): Resource<"Dataplane"> => ({
  ...common, type: "Dataplane", mesh: "default", name, version: ++version,
  spec: { networking: { address, inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] } }
})

const cleanups: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const NO_TLS: Tls = { certificatePem: "", privateKeyPem: "", caPem: "" }

const start = async (config: Partial<MonitoringConfig> = {}, tls = NO_TLS) => {
  const index = new ResourceIndex()
  const listeners = new Set<(changes: ReadonlyArray<ResourceChange>) => void>()
  const cache = ResourceCache.of({
    get: (key) => index.get(key),
    list: (type, ofMesh) => index.list(type, ofMesh),
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  })
  const put = (...resources: ReadonlyArray<Resource>): void => {
    const changes = resources.flatMap((one) => index.set(one, one) ?? [])
    for (const listener of listeners) listener(changes)
  }
  put(mesh(), dataplane("kv-1"))
  const scope = Scope.makeUnsafe()
  const layer = monitoringServer(
    { ...readMonitoring(new Environment({})), address: "127.0.0.1", port: 0, ...config },
    tls
  ).pipe(Layer.provide(Layer.succeed(ResourceCache, cache)), Layer.provide(Logger.layer([])))
  const services = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  const stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  cleanups.push(stop)
  const server = Context.get(services, MonitoringServer)
  const url = `http://127.0.0.1:${server.port}/v3/discovery:monitoringassignments`
  const ask = async (body: unknown, query = "?fetch-timeout=0s") => {
    const answer = await fetch(`${url}${query}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body)
    })
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() }
  }
  return { ask, listeners, put, server, stop, url }
}

const node = { id: "prom-1" }
const versionOf = (text: string): string => JSON.parse(text).version_info

it("answers at once who has nothing, and 304 who has what there is", async () => {
  const { ask } = await start()
  const first = await ask({ node, version_info: "" }, "?fetch-timeout=1m")
  expect(first).toMatchObject({ status: 200, type: "application/json" })
  expect(JSON.parse(first.text).resources).toHaveLength(1)
  expect(await ask({ node, version_info: versionOf(first.text) })).toMatchObject({ status: 304, text: "" })
})

it("holds a poll until something changes, and through what changes nothing for it", async () => {
  const { ask, put, server } = await start()
  const version_info = versionOf((await ask({ node })).text)
  const poll = ask({ node, version_info }, "?fetch-timeout=1m")
  await eventually(() => server.waiting(), (waiting) => waiting === 1)
  put({ ...mesh(), spec: { ...mesh().spec, mtls: { enabledBackend: "" } } })
  expect(server.waiting()).toBe(1)
  put(dataplane("kv-2", "10.0.0.2"))
  expect(server.waiting()).toBe(0)
  const answer = await poll
  expect(answer.status).toBe(200)
  expect(answer.text).toContain("10.0.0.2:5670")
})

it("answers 304 once the time of a poll is over", async () => {
  const { ask } = await start({ defaultFetchTimeoutMillis: 20 })
  const version_info = versionOf((await ask({ node })).text)
  expect((await ask({ node, version_info }, "")).status).toBe(304)
})

it("forgets whoever leaves, and whoever waits when it stops is let go", async () => {
  const { ask, listeners, server, stop, url } = await start()
  const version_info = versionOf((await ask({ node })).text)
  const agent = new Agent()
  const poll = httpRequest(`${url}?fetch-timeout=1m`, {
    method: "POST", agent, headers: { "content-type": "application/json" }
  })
  poll.on("error", () => {})
  poll.end(JSON.stringify({ node, version_info }))
  await eventually(() => server.waiting(), (waiting) => waiting === 1)
  poll.destroy()
  await eventually(() => server.waiting(), (waiting) => waiting === 0)
  const last = ask({ node, version_info }, "?fetch-timeout=1m").catch((error: unknown) => error)
  await eventually(() => server.waiting(), (waiting) => waiting === 1)
  await stop()
  expect(await last).toBeInstanceOf(Error)
  expect(listeners.size).toBe(0)
})

it("lets so many wait and no more", async () => {
  const { ask, put, server } = await start()
  const version_info = versionOf((await ask({ node })).text)
  const polls = Array.from({ length: 256 }, () => ask({ node, version_info }, "?fetch-timeout=1m"))
  await eventually(() => server.waiting(), (waiting) => waiting === 256, 30_000)
  expect((await ask({ node, version_info }, "?fetch-timeout=1m")).status).toBe(503)
  expect((await ask({ node })).status).toBe(200)
  put(dataplane("kv-2"))
  expect((await Promise.all(polls)).every(({ status }) => status === 200)).toBe(true)
})

it("says what is wrong with a request, in the shape of Kuma's errors", async () => {
  const { ask, url } = await start()
  expect(JSON.parse((await ask("{")).text)).toMatchObject({
    type: "/std-errors", status: 400, title: "Could not parse request body"
  })
  expect(JSON.parse((await ask({ node }, "?fetch-timeout=soon")).text)).toMatchObject({
    status: 400, title: "Could not parse fetch-timeout"
  })
  expect((await ask("x".repeat(70_000))).status).toBe(413)
  expect((await fetch(url)).status).toBe(405)
  expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(415)
  expect((await fetch(url.replace("/v3/", "/v2/"), { method: "POST" })).status).toBe(404)
})

it("speaks TLS where it is asked to", async () => {
  const tls = await loopbackTls()
  const { server } = await start({ tls: { files: null, minVersion: "TLSv1.3", maxVersion: null } }, tls)
  const answer = (options: object) =>
    new Promise<number | string>((resolve) => {
      httpsGet({ host: "127.0.0.1", port: server.port, path: "/", ca: tls.caPem, ...options }, ({ statusCode = 0 }) =>
        resolve(statusCode)).on("error", (error) => resolve(error.message))
    })
  expect(await answer({})).toBe(404)
  expect(await answer({ maxVersion: "TLSv1.2" })).toMatch(/protocol version/)
})

it("isn't there where it is switched off", async () => {
  expect((await start({ enabled: false })).server.port).toBeNull()
})
