/** What policies of calls do to traffic: a real Envoy beside a caller, with instances that answer as each test says. */
import { mkdtempSync, rmSync } from "node:fs"
import { request, type IncomingHttpHeaders } from "node:http"
import { createServer, type IncomingHttpHeaders as H2Headers, type ServerHttp2Stream } from "node:http2"
import { connect, createServer as createTcpServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { translateText } from "../../../src/cli/translate.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy, type TestEnvoy } from "../../support/startEnvoy.ts"
import { bootstrapOf, putResources } from "./fileXds.ts"

const cleanups: Array<() => Promise<unknown> | void> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Instance {
  readonly port: number
  readonly requests: Array<H2Headers>
  readonly requestsOf: (path: string) => number
}

type Answer = (stream: ServerHttp2Stream, headers: H2Headers, nth: number) => void

const ok: Answer = (stream) => {
  stream.respond({ ":status": 200, "x-inner": "1" })
  stream.end("ok")
}

const status = (code: number): Answer => (stream) => {
  stream.respond({ ":status": code })
  stream.end()
}

/** Speaks HTTP/2 in the clear, as the proxy of an instance does in a mesh without mTLS. */
const instance = async (answer: Answer = ok): Promise<Instance> => {
  const requests: Array<H2Headers> = []
  const server = createServer()
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {})
    requests.push(headers)
    stream.resume()
    answer(stream, headers, requests.length)
  })
  const sessions = new Set<{ destroy: () => void }>()
  server.on("session", (session) => void sessions.add(session))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cleanups.push(() => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, requests, requestsOf: (path) => requests.filter((headers) => headers[":path"] === path).length }
}

const dataplane = (name: string, service: string, version: string, port: number, outbound: ReadonlyArray<object> = []) => ({
  type: "Dataplane",
  mesh: "default",
  name,
  networking: {
    address: "127.0.0.1",
    inbound: [{
      port,
      servicePort: 1,
      tags: { "kuma.io/service": service, "kuma.io/protocol": service === "redis" ? "tcp" : "http", version }
    }],
    outbound
  }
})

interface Targets {
  readonly [service: string]: ReadonlyArray<{ readonly port: number }>
}

interface Called {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** The nth instance of a service has the version n. */
const startCaller = async (targets: Targets, policies: ReadonlyArray<object>) => {
  const ports = new Map<string, number>()
  for (const service of Object.keys(targets)) ports.set(service, await freePort())
  const resources = [
    { type: "Mesh", name: "default" },
    dataplane("caller", "caller", "1", await freePort(),
      [...ports].map(([service, port]) => ({ port, tags: { "kuma.io/service": service } }))),
    ...Object.entries(targets).flatMap(([service, instances]) =>
      instances.map(({ port }, index) => dataplane(`${service}-${index + 1}`, service, `${index + 1}`, port))),
    ...policies.map((policy) => ({ mesh: "default", name: "tried", ...policy }))
  ]
  const [translated] = translateText(resources.map((one) => stringify(one)).join("---\n"), { proxy: "caller" })
  if (translated === undefined) throw new Error("the caller was not translated")
  const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-policies-"))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  putResources(folder, translated.rendered)
  const adminPort = await freePort()
  const envoy: TestEnvoy = await startEnvoy(bootstrapOf(folder, "caller", adminPort), {
    admin: `http://127.0.0.1:${adminPort}`
  })
  cleanups.push(() => envoy.stop())
  const call = (service: string, path: string, { headers = {}, method = "GET" } = {}): Promise<Called> =>
    new Promise((resolve, reject) => {
      const to = { host: "127.0.0.1", port: ports.get(service), path, method, headers }
      const outgoing = request(to, (incoming) => {
        incoming.resume()
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers }))
      })
      outgoing.on("error", reject)
      outgoing.end()
    })
  for (const [service] of ports) {
    if (service !== "redis") await until(`${service} to be there`, () => call(service, "/").then(() => true, () => false))
  }
  return { call, envoy, port: (service: string): number => ports.get(service) ?? 0 }
}

const until = async (what: string, condition: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 500; tries++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${what}: not within ten seconds`)
}

/** All that it says of its configuration: of what is deprecated, above all. */
const complaints = (envoy: TestEnvoy): ReadonlyArray<string> =>
  envoy.output().split("\n").filter((line) => line !== "" && !line.includes("no configured limit to the number of"))

const toKv = (conf: object) => ({ to: [{ targetRef: { kind: "MeshService", name: "kv" }, default: conf }] })

const routes = (...rules: ReadonlyArray<object>) => ({
  type: "MeshHTTPRoute",
  spec: { to: [{ targetRef: { kind: "MeshService", name: "kv" }, rules }] }
})

const prefix = (value: string) => [{ path: { type: "PathPrefix", value } }]

describe("a caller's real Envoy", () => {
  it("retries what a MeshRetry says", async () => {
    const failsFirst: Answer = (stream, headers, nth) =>
      (headers[":path"] === "/fails-first" && nth % 2 === 0 ? status(503) : ok)(stream, headers, nth)
    const post = { method: "POST" }
    const without = await instance(failsFirst)
    const plain = await startCaller({ kv: [without] }, [])
    while (without.requests.length % 2 === 0) await plain.call("kv", "/")
    expect((await plain.call("kv", "/fails-first", post)).status).toBe(503)
    const kv = await instance(failsFirst)
    const { call, envoy } = await startCaller({ kv: [kv] }, [
      { type: "MeshRetry", spec: toKv({ http: { numRetries: 1, retryOn: ["503", "HttpMethodPost"], hostSelection: [] } }) }
    ])
    while (kv.requests.length % 2 === 0) await call("kv", "/")
    expect((await call("kv", "/fails-first", post)).status).toBe(200)
    expect(kv.requestsOf("/fails-first")).toBe(2)
    // Of another method than it names.
    while (kv.requests.length % 2 === 0) await call("kv", "/")
    expect((await call("kv", "/fails-first")).status).toBe(503)
    expect(complaints(envoy)).toEqual([])
  }, 30_000)

  it("sends no more at once than a MeshCircuitBreaker allows", async () => {
    const held: Array<() => void> = []
    const kv = await instance((stream, headers, nth) => {
      if (headers[":path"] === "/held") held.push(() => ok(stream, headers, nth))
      else ok(stream, headers, nth)
    })
    const { call, envoy } = await startCaller({ kv: [kv] }, [
      { type: "MeshCircuitBreaker", spec: toKv({ connectionLimits: { maxRequests: 1 } }) },
      { type: "MeshRetry", spec: toKv({ http: { numRetries: 0 } }) }
    ])
    const first = call("kv", "/held")
    await until("the first one to be there", () => held.length === 1)
    const second = await call("kv", "/")
    expect([second.status, second.headers["x-envoy-overloaded"]]).toEqual([503, "true"])
    for (const answer of held) answer()
    expect((await first).status).toBe(200)
    expect((await call("kv", "/")).status).toBe(200)
    expect(complaints(envoy)).toEqual([])
  }, 30_000)

  it("passes over the instance that a MeshCircuitBreaker's detector finds failing", async () => {
    const [good, bad] = [await instance(), await instance(status(500))]
    const detection = { maxEjectionPercent: 100, detectors: { totalFailures: { consecutive: 3 } }, healthyPanicThreshold: 0 }
    const { call, envoy } = await startCaller({ kv: [good, bad] }, [
      { type: "MeshCircuitBreaker", spec: toKv({ outlierDetection: { ...detection, baseEjectionTime: "1h" } }) }
    ])
    await until("three failures", async () => {
      await call("kv", "/")
      return bad.requests.length === 3
    })
    for (let i = 0; i < 20; i++) expect((await call("kv", "/")).status).toBe(200)
    expect(bad.requests.length).toBe(3)
    expect(complaints(envoy)).toEqual([])
  }, 30_000)

  it("gives up when a MeshTimeout says so, on the one route that it is about", async () => {
    const held: Array<() => void> = []
    const kv = await instance((stream, headers, nth) => {
      if (String(headers[":path"]).startsWith("/slow")) held.push(() => ok(stream, headers, nth))
      else ok(stream, headers, nth)
    })
    const { call, envoy } = await startCaller({ kv: [kv] }, [
      routes({ matches: prefix("/slow/short"), default: {} }),
      {
        type: "MeshTimeout",
        spec: {
          targetRef: { kind: "MeshHTTPRoute", name: "tried" },
          to: [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout: "100ms" } } }]
        }
      },
      { type: "MeshRetry", spec: toKv({ http: { numRetries: 0 } }) }
    ])
    const patient = call("kv", "/slow/long")
    await until("the patient one to be there", () => held.length === 1)
    expect((await call("kv", "/slow/short")).status).toBe(504)
    expect(held.length).toBe(2)
    held[0]?.()
    expect((await patient).status).toBe(200)
    expect(complaints(envoy)).toEqual([])
  }, 30_000)

  it("changes requests and responses as a MeshHTTPRoute's filters say", async () => {
    const [kv, audit] = [await instance(), await instance()]
    const { call, envoy } = await startCaller({ kv: [kv], audit: [audit] }, [
      routes(
        {
          matches: prefix("/api"),
          default: {
            filters: [
              {
                type: "RequestHeaderModifier",
                requestHeaderModifier: {
                  set: [{ name: "x-set", value: "100%" }],
                  add: [{ name: "x-add", value: "b" }],
                  remove: ["x-remove"]
                }
              },
              { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "x-outer", value: "2" }], remove: ["x-inner"] } },
              { type: "URLRewrite", urlRewrite: { hostname: "kv.example", path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/v2" } } },
              { type: "RequestMirror", requestMirror: { backendRef: { kind: "MeshService", name: "audit" } } }
            ]
          }
        },
        {
          matches: [{ path: { type: "Exact", value: "/old" }, headers: [{ name: "x-browser", type: "Present" }] }],
          default: {
            filters: [{
              type: "RequestRedirect",
              requestRedirect: { scheme: "https", hostname: "new.example", path: { type: "ReplaceFullPath", replaceFullPath: "/new" }, statusCode: 308 }
            }]
          }
        }
      )
    ])
    const headers = { "x-set": "old", "x-add": "a", "x-remove": "1" }
    const answer = await call("kv", "/api/items?q=1", { headers })
    expect([answer.status, answer.headers["x-outer"], answer.headers["x-inner"]]).toEqual([200, "2", undefined])
    expect(kv.requests.at(-1)).toMatchObject({
      ":path": "/v2/items?q=1", ":authority": "kv.example", "x-set": "100%", "x-add": "a, b"
    })
    expect(kv.requests.at(-1)?.["x-remove"]).toBeUndefined()
    await until("the copy", () => audit.requestsOf("/v2/items?q=1") === 1)
    await call("kv", "/api")
    expect(kv.requests.at(-1)?.[":path"]).toBe("/v2")
    await call("kv", "/apis")
    expect(kv.requests.at(-1)?.[":path"]).toBe("/apis")
    const redirected = await call("kv", "/old", { headers: { "x-browser": "1" } })
    expect([redirected.status, redirected.headers.location]).toEqual([308, "https://new.example/new"])
    expect((await call("kv", "/old")).status).toBe(200)
    expect(complaints(envoy)).toEqual([])
  }, 30_000)

  it("splits a MeshHTTPRoute's requests by its weights", async () => {
    const [one, two] = [await instance(), await instance()]
    const backend = (version: string, weight: number) => ({ kind: "MeshServiceSubset", name: "kv", tags: { version }, weight })
    const { call, envoy } = await startCaller({ kv: [one, two] }, [
      routes({ matches: prefix("/split"), default: { backendRefs: [backend("1", 90), backend("2", 10)] } })
    ])
    for (let i = 0; i < 400; i++) expect((await call("kv", "/split")).status).toBe(200)
    // Forty are expected; fewer than ten, or more than eighty, come once in a hundred million times.
    expect(two.requestsOf("/split")).toBeGreaterThan(9)
    expect(two.requestsOf("/split")).toBeLessThan(81)
    expect(one.requestsOf("/split") + two.requestsOf("/split")).toBe(400)
    expect(complaints(envoy)).toEqual([])
  }, 60_000)

  it("takes a MeshTCPRoute's connections where they are to go", async () => {
    const names = ["old", "new"]
    const servers = await Promise.all(names.map(async (name) => {
      const server = createTcpServer((socket) => {
        socket.on("error", () => {})
        socket.end(name)
      })
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      cleanups.push(() => void server.close())
      return { port: (server.address() as AddressInfo).port }
    }))
    const { envoy, port } = await startCaller({ redis: servers }, [{
      type: "MeshTCPRoute",
      spec: {
        to: [{
          targetRef: { kind: "MeshService", name: "redis" },
          rules: [{ default: { backendRefs: [{ kind: "MeshServiceSubset", name: "redis", tags: { version: "2" } }] } }]
        }]
      }
    }])
    const read = () =>
      new Promise<string>((resolve) => {
        let text = ""
        const socket = connect(port("redis"), "127.0.0.1")
        socket.on("data", (data) => (text += data.toString()))
        socket.on("error", () => resolve(text))
        socket.on("close", () => resolve(text))
      })
    await until("the listener", async () => (await read()) !== "")
    for (let i = 0; i < 10; i++) expect(await read()).toBe("new")
    expect(complaints(envoy)).toEqual([])
  }, 30_000)
})
