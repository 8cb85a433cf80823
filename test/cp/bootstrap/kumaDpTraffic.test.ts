// Real Envoys on what kuma-dp asks for, with nothing of our sidecar: a control plane that restarts, a token that is
// replaced and one proxy's end, and no call is lost.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { Agent, createServer, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { initialPolicies } from "../../../src/model/initialPolicies.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy, type TestEnvoy } from "../../support/startEnvoy.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { type ControlPlane, eventually, loopbackTls, mesh, startControlPlane, type Tls } from "../server/startControlPlane.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { askAsKumaDp, readAsKumaDp } from "./askAsKumaDp.ts"

const databases = useTestDatabases()
const cleanups = useCleanups()
let tls: Tls
let work: string
beforeAll(async () => {
  tls = await loopbackTls()
  work = await mkdtemp(join(tmpdir(), "ecs-mesh-kuma-dp-"))
}, 60_000)
afterAll(() => rm(work, { recursive: true, force: true }))

const startApp = async (answer: string): Promise<number> => {
  const port = await freePort()
  const server = createServer((_, response) => response.end(answer))
  await new Promise<void>((resume) => server.listen(port, "127.0.0.1", resume))
  cleanups.push(() => void server.close())
  return port
}

interface Proxy {
  readonly envoy: TestEnvoy
  readonly admin: string
}

/** Calls until it is told to stop, and tells of each that didn't go well. */
const startCalls = (url: string) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const failures: Array<string> = []
  const answers = new Map<string, number>()
  let goesOn = true
  const call = () =>
    new Promise<void>((resolve) => {
      const failed = (reason: string) => {
        failures.push(`${new Date().toISOString()} ${reason}`)
        resolve()
      }
      request(url, { agent }, (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
        response.on("error", (error) => failed(error.message))
        response.on("end", () => {
          if (response.statusCode !== 200) return failed(`${response.statusCode} ${text}`)
          answers.set(text, (answers.get(text) ?? 0) + 1)
          resolve()
        })
      }).on("error", (error) => failed(error.message)).end()
    })
  const caller = async (): Promise<void> => {
    while (goesOn) {
      await call()
      await new Promise((resume) => setTimeout(resume, 10))
    }
  }
  const ended = Promise.all([caller(), caller(), caller()])
  return {
    failures,
    answers,
    stop: async () => {
      goesOn = false
      await ended
      agent.destroy()
    }
  }
}

const jtiOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { readonly jti: string }).jti

it.each([["incremental", true], ["state-of-the-world", false]] as const)("over %s ADS", async (_, deltaXds) => {
  const port = await freePort()
  const store = await databases.create()
  const start = async (instanceId: string): Promise<ControlPlane> => {
    const started = await startControlPlane({
      store, tls, port, instanceId, auth: "dpToken", reloadableTokens: true,
      bootstrap: { deltaXds }, xds: { deregistrationDelayMillis: 10_000 }
    })
    cleanups.push(started.stop)
    return started
  }
  const first = await start("cp-1")
  const own = mesh("default", true)
  await first.put(own)
  for (const policy of initialPolicies(own)) await first.put(policy)
  await first.put({
    type: "MeshTrafficPermission",
    mesh: "default",
    name: "all",
    labels: {},
    spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] }
  })
  const token = await first.token()
  const tokenPath = join(work, `token-${deltaXds}`)
  await writeFile(tokenPath, token)

  const enter = async (name: string, service: string, app: number, outbound?: number): Promise<Proxy> => {
    const adminPort = await freePort()
    const resource = {
      type: "Dataplane",
      mesh: "default",
      name,
      networking: {
        address: "127.0.0.1",
        admin: { port: adminPort },
        inbound: [{ port: await freePort(), servicePort: app, tags: { "kuma.io/service": service, "kuma.io/protocol": "http" } }],
        ...(outbound === undefined ? {} : { outbound: [{ port: outbound, tags: { "kuma.io/service": "kv" } }] })
      }
    }
    const answer = await eventually(
      () => askAsKumaDp({ port, caPem: tls.caPem, token, tokenPath }, "bind-outbounds", (body) => ({
        ...body, name, features: [], dataplaneResource: JSON.stringify(resource)
      })),
      ({ status }) => status === 200
    )
    const admin = `http://127.0.0.1:${adminPort}`
    const { text } = readAsKumaDp(answer)
    expect(/^ {4}api_type: (\w+)$/m.exec(text)?.[1]).toBe(deltaXds ? "DELTA_GRPC" : "GRPC")
    const envoy = await startEnvoy(text, { admin })
    cleanups.push(envoy.stop)
    return { envoy, admin }
  }
  const outbound = await freePort()
  const [one, two] = [await startApp("one"), await startApp("two")]
  const proxies = [
    await enter("kv-1", "kv", one),
    await enter("kv-2", "kv", two),
    await enter("web-1", "web", await startApp("web"), outbound)
  ]
  const [, leaving, calling] = proxies
  if (leaving === undefined || calling === undefined) throw new Error("they didn't all enter")
  const url = `http://127.0.0.1:${outbound}/`
  const text = () => fetch(url).then((response) => response.text(), () => "no answer")
  await eventually(text, (answer) => answer === "one", 20_000)
  await eventually(text, (answer) => answer === "two", 20_000)

  const calls = startCalls(url)
  const key = { type: "Secret", mesh: "default", name: "dataplane-token-revocations-default" } as const
  await writeFile(tokenPath, await first.token())
  await first.stop()
  const second = await start("cp-2")
  // Whoever came back with what its Envoy began with would be refused.
  await second.put({ ...key, labels: {}, spec: { data: Buffer.from(jtiOf(token)).toString("base64") } })
  const connected = () => new Set(second.journal.filter(({ kind }) => kind === "connected").map((entry) => entry.key))
  await eventually(connected, (all) => all.size === proxies.length, 40_000)

  // As kuma-dp does at SIGTERM: it has Envoy fail its health check, waits for the drain time, and ends it.
  expect((await fetch(`${leaving.admin}/healthcheck/fail`, { method: "POST" })).status).toBe(200)
  await new Promise((resume) => setTimeout(resume, 1_000))
  await leaving.envoy.stop()
  const left = { type: "Dataplane", mesh: "default", name: "kv-2" } as const
  await eventually(() => second.get(left), (resource) => resource === null, 20_000)
  const before = calls.answers.get("one") ?? 0
  await eventually(() => calls.answers.get("one") ?? 0, (count) => count > before + 20)
  await calls.stop()
  expect(calls.failures).toEqual([])
  expect(calls.answers.get("two") ?? 0).toBeGreaterThan(20)
  expect(await text()).toBe("one")
  for (const { admin } of [calling]) {
    const rejected = await (await fetch(`${admin}/stats?filter=update_rejected$`)).text()
    expect(rejected.split("\n").filter((line) => line !== "" && !line.endsWith(": 0"))).toEqual([])
  }
  for (const { envoy } of proxies) expect(envoy.output()).not.toMatch(/deprecat/i)
}, 120_000)
