import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, createServer, request, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { translateText } from "../../../src/cli/translate.ts"
import { NODE_PROXY, NODE_SOURCE } from "../../../src/model/nodeMetadata.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy } from "../../support/startEnvoy.ts"
import { bootstrapOf, putResources, putSecrets } from "./fileXds.ts"
import { meshCertificates } from "./meshCertificates.ts"

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-live-"))
const cleanups: Array<() => Promise<unknown> | void> = []

interface Answer {
  readonly status: number
  readonly body: string
}

interface App {
  readonly server: Server
  readonly port: number
  /** Holds the answers to `/slow` back until it is called. */
  readonly release: () => void
  readonly slow: () => number
  readonly callers: ReadonlyArray<string>
}

const startApp = async (name: string): Promise<App> => {
  const held: Array<() => void> = []
  const callers: Array<string> = []
  const server = createServer((incoming, outgoing) => {
    callers.push(String(incoming.headers["x-forwarded-client-cert"] ?? ""))
    const answer = () => outgoing.end(name)
    incoming.resume()
    if (incoming.url === "/slow") held.push(answer)
    else answer()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cleanups.push(() => void (server.close(), server.closeAllConnections()))
  return {
    server,
    port: (server.address() as AddressInfo).port,
    release: () => held.splice(0).forEach((answer) => answer()),
    slow: () => held.length,
    callers
  }
}

const call = (port: number, options: { path?: string; method?: string; agent?: Agent } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { path = "/", method = "GET", agent } = options
    const to = { host: "127.0.0.1", port, path, method, ...(agent === undefined ? {} : { agent }) }
    const outgoing = request(to, (incoming) => {
      let body = ""
      incoming.setEncoding("utf8")
      incoming.on("data", (chunk: string) => (body += chunk))
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body }))
    })
    outgoing.on("error", reject)
    outgoing.end(method === "POST" ? "{}" : undefined)
  })

/** Waits for a condition; answers the milliseconds it took. */
const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMillis: number
): Promise<number> => {
  const start = performance.now()
  while (!(await condition())) {
    if (performance.now() - start > withinMillis) throw new Error(`${what}: not within ${withinMillis} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return performance.now() - start
}

const PROXIES = ["demo-app", "kv-1", "kv-2"] as const
type Proxy = (typeof PROXIES)[number]

const world = {
  outbound: 0,
  inbound: { "demo-app": 0, "kv-1": 0, "kv-2": 0 },
  admin: { "demo-app": 0, "kv-1": 0, "kv-2": 0 }
}
const apps: { kv1?: App; kv2?: App } = {}

interface Scene {
  readonly action?: "Allow" | "Deny"
  /** Whether kv-1 counts as ready. */
  readonly kv1Ready?: boolean
  readonly mode?: "STRICT" | "PERMISSIVE"
  /** Whom the service gives 100 ms. */
  readonly hurried?: string
}

const dataplane = (name: Proxy, service: string, servicePort: number, more: object, ready = true) => ({
  type: "Dataplane",
  mesh: "default",
  name,
  networking: {
    address: "127.0.0.1",
    inbound: [{
      port: world.inbound[name],
      servicePort,
      health: { ready },
      tags: { "kuma.io/service": service, "kuma.io/protocol": "http" }
    }],
    ...more
  }
})

const resources = ({ action = "Allow", hurried, kv1Ready = true, mode = "STRICT" }: Scene): string =>
  [
    {
      type: "Mesh",
      name: "default",
      mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin", mode }] }
    },
    dataplane("demo-app", "demo-app", 1, {
      outbound: [{ port: world.outbound, tags: { "kuma.io/service": "kv" } }]
    }),
    dataplane("kv-1", "kv", apps.kv1?.port ?? 0, {}, kv1Ready),
    dataplane("kv-2", "kv", apps.kv2?.port ?? 0, {}),
    {
      type: "MeshTrafficPermission",
      mesh: "default",
      name: "to-kv",
      spec: {
        targetRef: { kind: "MeshService", name: "kv" },
        from: [{ targetRef: { kind: "MeshService", name: "demo-app" }, default: { action } }]
      }
    },
    ...(hurried === undefined ? [] : [{
      type: "MeshTimeout",
      mesh: "default",
      name: "hurried",
      spec: {
        targetRef: { kind: "MeshService", name: "kv" },
        rules: [{
          matches: [{ spiffeID: { type: "Exact", value: `spiffe://default/${hurried}` } }],
          default: { http: { requestTimeout: "100ms" } }
        }]
      }
    }])
  ].map((resource) => stringify(resource)).join("---\n")

const serviceOf = (proxy: Proxy): string => (proxy === "demo-app" ? "demo-app" : "kv")

const logOf = (proxy: Proxy): string => join(folder, `${proxy}.log`)

const apply = (scene: Scene): void => {
  for (const proxy of PROXIES) {
    const node = { proxy, source: serviceOf(proxy) }
    const [translated] = translateText(resources(scene), { proxy, settings: { accessLogPath: logOf(proxy), node } })
    if (translated === undefined) throw new Error(`${proxy} was not translated`)
    putResources(join(folder, proxy), translated.rendered)
  }
}

const stat = async (proxy: Proxy, name: string): Promise<number> => {
  const { body } = await call(world.admin[proxy], { path: `/stats?filter=^${name.replaceAll(".", "\\.")}$` })
  return Number(body.split(": ")[1])
}

const logLines = (proxy: Proxy): ReadonlyArray<Record<string, unknown>> => {
  const text = readFileSync(logOf(proxy), "utf8").trim()
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>)
}

beforeAll(async () => {
  apps.kv1 = await startApp("kv-1")
  apps.kv2 = await startApp("kv-2")
  world.outbound = await freePort()
  const issue = await meshCertificates("default")
  for (const proxy of PROXIES) {
    world.inbound[proxy] = await freePort()
    world.admin[proxy] = await freePort()
    const uris = [`spiffe://default/${serviceOf(proxy)}`, "kuma://version/v1"]
    putSecrets(join(folder, proxy), "default", await issue(uris))
  }
  apply({})
  for (const proxy of PROXIES) {
    const admin = `http://127.0.0.1:${world.admin[proxy]}`
    const metadata = { [NODE_PROXY]: proxy, [NODE_SOURCE]: serviceOf(proxy) }
    const envoy = await startEnvoy(bootstrapOf(join(folder, proxy), proxy, world.admin[proxy], metadata), { admin })
    cleanups.push(() => envoy.stop())
  }
  await until("the first answer", async () => {
    const answer = await call(world.outbound).catch(() => undefined)
    return answer?.status === 200
  }, 15_000)
}, 60_000)

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  rmSync(folder, { recursive: true, force: true })
})

describe("two services behind real Envoys", () => {
  it("reach each other by mTLS, and both ends know who the other is", async () => {
    expect((await call(world.outbound, { path: "/seen?token=hidden" })).status).toBe(200)
    expect([...apps.kv1?.callers ?? [], ...apps.kv2?.callers ?? []].at(-1)).toContain("URI=spiffe://default/demo-app")
    const seenBy = (proxy: Proxy) => logLines(proxy).filter((line) => line["path"] === "/seen")
    // Envoy writes its logs out every ten seconds where `--file-flush-interval-msec` says nothing else.
    await until("the log lines", () => seenBy("demo-app").length === 1, 15_000)
    expect(seenBy("demo-app")[0]).toMatchObject({
      direction: "outbound", proxy: "demo-app", source: "demo-app", destination: "kv", method: "GET", status: 200
    })
    expect(seenBy("demo-app")[0]?.["peer"]).toContain("spiffe://default/kv")
    await until("the inbound's log line", () => seenBy("kv-1").length + seenBy("kv-2").length === 1, 15_000)
    const [inbound] = [...seenBy("kv-1"), ...seenBy("kv-2")]
    expect(inbound).toMatchObject({ direction: "inbound", destination: "kv", status: 200 })
    expect(inbound?.["proxy"]).toBe(seenBy("kv-1").length === 1 ? "kv-1" : "kv-2")
    expect(inbound?.["peer"]).toContain("spiffe://default/demo-app")
    expect(readFileSync(logOf("demo-app"), "utf8")).not.toContain("hidden")
  }, 30_000)

  it("a denial refuses the next request on open connections within a second, and drains nothing", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const status = async (): Promise<number> => (await call(world.outbound, { agent })).status
    // Two Envoys stand behind the service, and take turns: each reads the news on its own.
    const allAre = async (wanted: number): Promise<boolean> => {
      for (let i = 0; i < 8; i++) if (await status() !== wanted) return false
      return true
    }
    expect(await status()).toBe(200)
    const connections = await stat("demo-app", "cluster.kv.upstream_cx_total")
    apply({ action: "Deny" })
    await until("the refusal", async () => (await status()) === 403, 1_000)
    await until("the refusal of both", () => allAre(403), 1_000)
    apply({ action: "Allow" })
    await until("the permission", async () => (await status()) === 200, 1_000)
    await until("the permission of both", () => allAre(200), 1_000)
    expect(await stat("demo-app", "cluster.kv.upstream_cx_total")).toBe(connections)
    expect(await stat("kv-1", "listener_manager.listener_modified")).toBe(0)
    expect(await stat("kv-1", "listener_manager.listener_in_place_updated")).toBe(0)
    agent.destroy()
  })

  it("a caller that is given less time gets no more, and others do", async () => {
    const post = { path: "/slow", method: "POST" }
    const held = () => (apps.kv1?.slow() ?? 0) + (apps.kv2?.slow() ?? 0)
    const release = () => {
      apps.kv1?.release()
      apps.kv2?.release()
    }
    apply({ hurried: "demo-app" })
    // Two Envoys stand behind the service: until both have the news one of them waits.
    await until("the end of patience", async () => {
      const answers = Promise.all([call(world.outbound, post), call(world.outbound, post)])
      const first = await Promise.race([answers, new Promise<null>((resolve) => setTimeout(() => resolve(null), 1_000))])
      release()
      await answers
      return first?.every(({ status }) => status === 504) === true
    }, 10_000)
    apply({ hurried: "demo" })
    await until("patience again", async () => {
      const answer = call(world.outbound, post)
      const first = await Promise.race([answer, new Promise<null>((resolve) => setTimeout(() => resolve(null), 1_000))])
      const isHeld = first === null && held() > 0
      release()
      await answer
      return isHeld
    }, 10_000)
    apply({})
  }, 30_000)

  it("an endpoint that is taken out gets no new request, and finishes the one it has", async () => {
    const [kv1, kv2] = [apps.kv1, apps.kv2]
    if (kv1 === undefined || kv2 === undefined) throw new Error("no apps")
    const slow: Array<Promise<Answer>> = []
    while (kv1.slow() === 0) {
      slow.push(call(world.outbound, { path: "/slow" }))
      await until("one more request held", () => kv1.slow() + kv2.slow() === slow.length, 5_000)
    }
    apply({ kv1Ready: false })
    await until("the removal", async () => (await stat("demo-app", "cluster.kv.membership_total")) === 1, 5_000)
    for (let i = 0; i < 10; i++) expect((await call(world.outbound)).body).toBe("kv-2")
    kv1.release()
    kv2.release()
    const answers = await Promise.all(slow)
    expect(answers.map((answer) => answer.status)).toEqual(slow.map(() => 200))
    expect(answers.map((answer) => answer.body)).toContain("kv-1")
    apply({})
    await until("the return", async () => (await stat("demo-app", "cluster.kv.membership_total")) === 2, 5_000)
  })

  it("take nothing in the clear, but where the mesh is permissive; then calls of the mesh are still mTLS", async () => {
    // Each on a connection of its own: one that is open is served until the old listener has drained.
    const agent = new Agent({ keepAlive: false })
    const inTheClear = () => call(world.inbound["kv-2"], { agent }).then(({ status }) => status, () => "refused")
    expect(await inTheClear()).toBe("refused")
    apply({ mode: "PERMISSIVE" })
    await until("an answer in the clear", async () => (await inTheClear()) === 200, 5_000)
    const handshakes = () => stat("kv-2", "listener.127.0.0.1_" + world.inbound["kv-2"] + ".ssl.handshake")
    expect(await handshakes()).toBeGreaterThan(0)
    for (let i = 0; i < 4; i++) expect((await call(world.outbound)).status).toBe(200)
    apply({ mode: "PERMISSIVE", action: "Deny" })
    await until("the refusal of the mesh's calls", async () => (await call(world.outbound)).status === 403, 1_000)
    expect(await inTheClear()).toBe(200)
    apply({})
    await until("the refusal in the clear", async () => (await inTheClear()) === "refused", 5_000)
    await until("the mesh's calls", async () => (await call(world.outbound)).status === 200, 5_000)
  })

  it("a POST that finds the workload gone goes to another instance", async () => {
    const kv1 = apps.kv1
    if (kv1 === undefined) throw new Error("no app")
    kv1.server.close()
    kv1.server.closeAllConnections()
    const answers: Array<Answer> = []
    for (let i = 0; i < 20; i++) answers.push(await call(world.outbound, { method: "POST" }))
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(answers.map(() => "200 kv-2"))
    expect(await stat("demo-app", "cluster.kv.upstream_rq_retry_success")).toBeGreaterThan(0)
  })
})
