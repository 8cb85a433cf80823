import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { Agent, request as httpRequest } from "node:http"
import { get as httpsGet } from "node:https"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { generateKeyPem, readSigningKey } from "../../../src/cp/ca/keys.ts"
import { signLeaf, signRoot } from "../../../src/cp/ca/signCertificate.ts"
import { Environment } from "../../../src/cp/config/Environment.ts"
import type { MonitoringConfig } from "../../../src/cp/config/MonitoringConfig.ts"
import { readMonitoring } from "../../../src/cp/config/readMonitoring.ts"
import { openness } from "../../../src/cp/mads/clients.ts"
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

const TLS = { files: null, minVersion: "TLSv1.2", maxVersion: null, clientCaFile: null } as const
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

/** A client's certificate, and the CA that signed it. */
const clientTls = async (): Promise<Tls> => {
  const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 }
  const [caKey, privateKeyPem] = [await generateKeyPem(), await generateKeyPem()]
  const caPem = await signRoot(caKey, "CN=clients", [], validity)
  const issuer = { certificate: caPem, signingKey: await readSigningKey(caKey) }
  const certificatePem = await signLeaf(issuer, privateKeyPem, [{ type: "dns", value: "prom" }], ["client"], validity)
  return { caPem, privateKeyPem, certificatePem }
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

/** A poll from one of this machine's addresses, answered with its status. */
const askFrom = (url: string, localAddress: string, body: object): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" }
    const agent = new Agent()
    httpRequest(`${url}?fetch-timeout=1m`, { method: "POST", agent, headers, localAddress }, (answer) => {
      resolve(answer.statusCode ?? 0)
      answer.resume()
    }).on("error", reject).end(JSON.stringify(body))
  })

it("lets so many wait and no more, and fewer of one address", async () => {
  const { ask, put, server, url } = await start()
  const version_info = versionOf((await ask({ node })).text)
  const polls: Array<Promise<number>> = []
  for (const place of [1, 2, 3, 4]) {
    const wait = () => askFrom(url, `127.0.0.${place}`, { node, version_info })
    polls.push(...Array.from({ length: 64 }, wait))
    await eventually(() => server.waiting(), (waiting) => waiting === place * 64, 30_000)
    expect(await wait()).toBe(503)
  }
  expect(await askFrom(url, "127.0.0.5", { node, version_info })).toBe(503)
  expect((await ask({ node })).status).toBe(200)
  put(dataplane("kv-2"))
  expect((await Promise.all(polls)).every((status) => status === 200)).toBe(true)
})

it("lets one connection hold no more of them than one address may, however many requests it brings", async () => {
  const { ask, server } = await start()
  const version_info = versionOf((await ask({ node })).text)
  const body = JSON.stringify({ node, version_info })
  const path = "/v3/discovery:monitoringassignments?fetch-timeout=1m"
  const request = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}` +
    `\r\n\r\n${body}`
  const socket = connect({ host: "127.0.0.1", port: server.port ?? 0 }, () => socket.write(request.repeat(100)))
  cleanups.push(async () => void socket.destroy())
  await eventually(() => server.waiting(), (waiting) => waiting === 64, 30_000)
  expect((await ask({ node, version_info }, "?fetch-timeout=1m")).status).toBe(503)
  expect(server.waiting()).toBe(64)
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
  const { server } = await start({ tls: { ...TLS, minVersion: "TLSv1.3" } }, tls)
  const answer = (options: object) =>
    new Promise<number | string>((resolve) => {
      httpsGet({ host: "127.0.0.1", port: server.port, path: "/", ca: tls.caPem, ...options }, ({ statusCode = 0 }) =>
        resolve(statusCode)).on("error", (error) => resolve(error.message))
    })
  expect(await answer({})).toBe(404)
  expect(await answer({ maxVersion: "TLSv1.2" })).toMatch(/protocol version/)
})

describe("who may ask", () => {
  const TOKEN = "0123456789abcdef0123456789abcdef"

  it("is whoever brings the token, where one is asked for", async () => {
    const { url } = await start({ bearerToken: TOKEN })
    const ask = async (authorization?: string) => {
      const headers = { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) }
      const answer = await fetch(`${url}?fetch-timeout=0s`, { method: "POST", headers, body: JSON.stringify({ node }) })
      return { status: answer.status, challenge: answer.headers.get("www-authenticate"), text: await answer.text() }
    }
    expect((await ask(`Bearer ${TOKEN}`)).status).toBe(200)
    for (const wrong of [undefined, TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN}0`, `Bearer ${TOKEN.slice(1)}`, "Bearer "]) {
      const answer = await ask(wrong)
      expect([wrong, answer.status, answer.challenge]).toEqual([wrong, 401, "Bearer"])
      expect(answer.text).not.toContain(TOKEN)
      expect(answer.text).not.toContain("10.0.0.1")
    }
    // Nobody else is told either what there is.
    expect((await fetch(url.replace("/v3/", "/v2/"), { method: "POST" })).status).toBe(401)
  })

  it("is whoever has a certificate of the CA that is named, and nobody else", async () => {
    const [tls, client, other] = [await loopbackTls(), await clientTls(), await clientTls()]
    const clientCaFile = join(mkdtempSync(join(tmpdir(), "mads-")), "ca.pem")
    cleanups.push(async () => rmSync(dirname(clientCaFile), { recursive: true }))
    writeFileSync(clientCaFile, client.caPem)
    const { server } = await start({ tls: { ...TLS, clientCaFile } }, tls)
    const status = (options: object) =>
      new Promise<number | "refused">((resolve) => {
        httpsGet({ host: "127.0.0.1", port: server.port, path: "/", ca: tls.caPem, agent: false, ...options }, (answer) =>
          resolve(answer.statusCode ?? 0)).on("error", () => resolve("refused"))
      })
    expect(await status({})).toBe("refused")
    for (const { certificatePem, privateKeyPem } of [other, tls]) {
      expect(await status({ cert: certificatePem, key: privateKeyPem })).toBe("refused")
    }
    expect(await status({ cert: client.certificatePem, key: client.privateKeyPem })).toBe(404)
  })

  it("isn't decided by a file that isn't there: nothing starts", async () => {
    const tls = await loopbackTls()
    await expect(start({ tls: { ...TLS, clientCaFile: "/nowhere/ca.pem" } }, tls))
      .rejects.toThrow(/^ECS_MESH_MONITORING_ASSIGNMENT_SERVER_TLS_CLIENT_CA_FILE: \/nowhere\/ca.pem can't be used/)
  })

  it("is said at start where it is anybody, or where the token goes in clear", () => {
    const config = readMonitoring(new Environment({}))
    const tls = { ...TLS, clientCaFile: null }
    expect(openness(config)).toMatch(/^The monitoring assignment server is open/)
    expect(openness({ ...config, tls })).toMatch(/^The monitoring assignment server is open/)
    expect(openness({ ...config, bearerToken: TOKEN })).toMatch(/is sent in clear/)
    expect(openness({ ...config, tls, bearerToken: TOKEN })).toBeNull()
    expect(openness({ ...config, tls: { ...TLS, clientCaFile: "ca.pem" } })).toBeNull()
    for (const address of ["127.0.0.1", "::1", "localhost"]) {
      expect(openness({ ...config, address }), "it is reached from this machine alone").toBeNull()
      expect(openness({ ...config, address, bearerToken: TOKEN })).toBeNull()
    }
  })
})

it("reads who may ask, and refuses what would let in more than was meant", () => {
  const prefix = "ECS_MESH_MONITORING_ASSIGNMENT_SERVER"
  const read = (variables: Readonly<Record<string, string>>) => {
    const environment = new Environment(variables)
    return { config: readMonitoring(environment), problems: environment.problems }
  }
  const { config, problems } = read({
    [`${prefix}_TOKEN`]: "0123456789abcdef0123",
    KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED: "true",
    [`${prefix}_TLS_CLIENT_CA_FILE`]: "ca.pem"
  })
  expect([problems, config.bearerToken, config.tls?.clientCaFile]).toEqual([[], "0123456789abcdef0123", "ca.pem"])
  expect(read({ [`${prefix}_TOKEN`]: "short" }).problems[0]).toMatch(/must have 20 characters at least/)
  expect(read({ [`${prefix}_TOKEN`]: "with a blank in it, so long" }).problems[0]).toMatch(/a header has to carry it/)
  expect(read({ [`${prefix}_TLS_CLIENT_CA_FILE`]: "ca.pem" }).problems[0]).toMatch(/has no effect without/)
})

it("isn't there where it is switched off", async () => {
  expect((await start({ enabled: false })).server.port).toBeNull()
})
