/** Which lines MeshAccessLogs have a real Envoy write, where, and of which calls. */
import { Server, ServerCredentials } from "@grpc/grpc-js"
import { execFileSync } from "node:child_process"
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, request } from "node:http"
import { createServer as createHttp2Server } from "node:http2"
import { type AddressInfo, createServer as createTcpServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect as connectTls } from "node:tls"
import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import type { MeshAccessLog } from "../../../src/model/MeshAccessLog.ts"
import type { DesiredResource } from "../../../src/model/Resource.ts"
import { decodeAll, translateResources } from "../../../src/cli/translate.ts"
import { accessLogSocket } from "../../../src/cp/xds/kumaSockets.ts"
import type { TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import { LINE_KEY, NODE_ADDRESS, NODE_PROXY, NODE_SOURCE } from "../../../src/model/nodeMetadata.ts"
import { LineCarrier } from "../../../src/sidecar/LineCarrier.ts"
import { makeLog } from "../../../src/sidecar/Log.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy } from "../../support/startEnvoy.ts"
import { until } from "../../support/until.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { bootstrapOf, putResources, putSecrets } from "./fileXds.ts"
import { meshCertificates } from "./meshCertificates.ts"

const cleanups = useCleanups()

const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-logs-"))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Another instance's proxy, as a mesh without mTLS has it. */
const startInstance = async (): Promise<number> => {
  const server = createHttp2Server((_, response) => void response.end("ok"))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cleanups.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const startWorkload = async (): Promise<number> => {
  const server = createServer((_, response) => response.end("ok"))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cleanups.push(() => (server.close(), server.closeAllConnections()))
  return (server.address() as AddressInfo).port
}

/** A host that keeps what it is sent. */
const startLogHost = async () => {
  const received: Array<string> = []
  const server = createTcpServer((socket) => {
    socket.setEncoding("utf8").on("data", (chunk: string) => received.push(chunk)).on("error", () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cleanups.push(() => server.close())
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, text: () => received.join("") }
}

interface Started {
  readonly settings?: Partial<TranslateSettings>
  readonly metadata?: object
  readonly mtls?: boolean
  /** Policies that nobody judged, by whoever stored them. */
  readonly stored?: ReadonlyArray<DesiredResource>
}

/** The proxy `web`, which calls `kv` and `redis`, and its workload. */
const startWeb = async (policies: ReadonlyArray<object>, { metadata, mtls = false, settings = {}, stored = [] }: Started = {}) => {
  const folder = temporary()
  const ports = { inbound: await freePort(), kv: await freePort(), redis: await freePort(), admin: await freePort() }
  const dataplane = (name: string, inbound: object, outbound: ReadonlyArray<object> = []) => ({
    type: "Dataplane", mesh: "default", name, networking: { address: "127.0.0.1", inbound: [inbound], outbound }
  })
  const tags = (service: string, protocol: string) => ({ "kuma.io/service": service, "kuma.io/protocol": protocol })
  const resources = [
    {
      type: "Mesh",
      name: "default",
      ...(mtls ? { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } } : {})
    },
    dataplane("web", { port: ports.inbound, servicePort: await startWorkload(), tags: tags("web", "http") }, [
      { port: ports.kv, tags: { "kuma.io/service": "kv" } }, { port: ports.redis, tags: { "kuma.io/service": "redis" } }
    ]),
    dataplane("kv", { port: await startInstance(), servicePort: 1, tags: tags("kv", "http") }),
    dataplane("redis", { port: await startWorkload(), servicePort: 1, tags: tags("redis", "tcp") }),
    ...policies.map((policy, index) => ({ mesh: "default", name: `tried-${index}`, ...policy }))
  ]
  const text = resources.map((one) => stringify(one)).join("---\n")
  const [translated] = translateResources([...decodeAll(text), ...stored], { proxy: "web", settings })
  if (translated === undefined) throw new Error("web was not translated")
  const issue = await meshCertificates("default")
  if (mtls) putSecrets(folder, "default", await issue(["spiffe://default/web"]))
  putResources(folder, translated.rendered)
  const envoy = await startEnvoy(bootstrapOf(folder, "web", ports.admin, metadata), {
    admin: `http://127.0.0.1:${ports.admin}`,
    args: ["--file-flush-interval-msec", "20"]
  })
  cleanups.push(() => envoy.stop())
  const call = (to: "inbound" | "kv", path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: "127.0.0.1", port: ports[to], path, agent: false }, (incoming) => {
        incoming.resume()
        incoming.on("end", () => resolve(incoming.statusCode ?? 0))
      })
      outgoing.on("error", reject)
      outgoing.end()
    })
  if (!mtls) {
    for (const one of ["inbound", "kv"] as const) {
      await until(`${one} answers`, () => call(one, "/first"), (status) => status === 200)
    }
  }
  return { envoy, ports, call, issue, conditions: translated.conditions }
}

const linesOf = (file: string): ReadonlyArray<string> =>
  existsSync(file) ? readFileSync(file, "utf8").split("\n").filter((line) => line !== "") : []

const ofCalls = (backends: ReadonlyArray<object>, targetRef: object = { kind: "Mesh" }) =>
  ({ type: "MeshAccessLog", spec: { to: [{ targetRef, default: { backends } }] } })

const ofCallers = (backends: ReadonlyArray<object>) =>
  ({ type: "MeshAccessLog", spec: { from: [{ targetRef: { kind: "Mesh" }, default: { backends } }] } })

/** All that it says of its configuration: of what is deprecated, above all. */
const complaints = (output: string): ReadonlyArray<string> =>
  output.split("\n").filter((line) => /\[(warning|error|critical)\]/.test(line))
    .filter((line) => !line.includes("no configured limit to the number of"))

describe("a real Envoy", () => {
  it("writes a file's lines of its calls and of its callers, and none where a policy takes them away", async () => {
    const folder = temporary()
    const file = (name: string, format: object = {}) => ({ type: "File", file: { path: join(folder, name), ...format } })
    const plain = "%KUMA_TRAFFIC_DIRECTION% %KUMA_MESH% %KUMA_SOURCE_SERVICE% %KUMA_SOURCE_ADDRESS_WITHOUT_PORT% " +
      "%KUMA_DESTINATION_SERVICE% %REQ(:PATH)% %RESPONSE_CODE%"
    const { call, envoy } = await startWeb([
      ofCalls([file("calls", { format: { type: "Plain", plain } }), file("default")]),
      ofCallers([file("callers", { format: { type: "Plain", plain } })]),
      ofCalls([], { kind: "MeshService", name: "redis" })
    ])
    await call("kv", "/seen")
    await call("inbound", "/seen")
    const seenIn = (name: string) =>
      until(name, () => linesOf(join(folder, name)).filter((line) => line.includes("/seen")), ({ length }) => length > 0)
    expect(await seenIn("calls")).toEqual(["OUTBOUND default web 127.0.0.1 kv /seen 200"])
    expect(await seenIn("callers")).toEqual(["INBOUND default unknown 127.0.0.1 web /seen 200"])
    expect((await seenIn("default"))[0])
      .toMatch(/^\[\S+\] default "GET \/seen HTTP\/1.1" 200 - 0 2 \d+ .* "web" "kv" "127.0.0.1" "127.0.0.1:\d+"$/)
    expect(complaints(envoy.output())).toEqual([])
  }, 30_000)

  it("gives kuma-dp the lines that are for another host, by its pipe", async () => {
    const workdir = temporary()
    const pipe = accessLogSocket(workdir, "default", "web")
    execFileSync("mkfifo", [pipe])
    const read: Array<string> = []
    const reader = createReadStream(pipe, { encoding: "utf8", flags: "r+" }).on("data", (chunk) => read.push(String(chunk)))
    cleanups.push(() => reader.destroy())
    const json = [{ key: "path", value: "%REQ(:PATH)%" }, { key: "missing", value: "%REQ(X-MISSING)%" }]
    const { call, envoy } = await startWeb([
      ofCalls([{ type: "Tcp", tcp: { address: "logs:1", format: { type: "Json", json, omitEmptyValues: true } } }]),
      ofCallers([{ type: "Tcp", tcp: { address: "logs:2", format: { type: "Plain", plain: "%REQ(:PATH)%" } } }])
    ], { settings: { workdir } })
    await call("kv", "/seen")
    await call("inbound", "/seen")
    const lines = await until("both lines", () => read.join("").split("\n").filter((line) => line.includes("/seen")),
      ({ length }) => length === 2)
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(expect.arrayContaining([
      { address: "logs:1", message: { path: "/seen" } },
      { address: "logs:2", message: "/seen\n" }
    ]))
    expect(complaints(envoy.output())).toEqual([])
  }, 30_000)

  it("gives our sidecar the lines that are for another host, and nobody else can have a line carried", async () => {
    const log: Array<string> = []
    const carrier = new LineCarrier(makeLog((line) => log.push(line)))
    cleanups.push(() => carrier.close())
    const host = await startLogHost()
    const metadata = {
      [NODE_PROXY]: "web", [NODE_SOURCE]: "web", [NODE_ADDRESS]: "127.0.0.1",
      dynamicMetadata: { [LINE_KEY]: carrier.key }
    }
    const node = { proxy: "web", source: "web", address: "127.0.0.1" }
    const plain = "%KUMA_SOURCE_SERVICE% at %KUMA_SOURCE_ADDRESS% asks for %REQ(:PATH)%"
    const { call, envoy } = await startWeb([
      ofCalls([
        { type: "Tcp", tcp: { address: host.address, format: { type: "Plain", plain } } },
        { type: "File", file: { path: "/dev/stdout", format: { type: "Plain", plain: "%PATH(NQ:PATH)%" } } }
      ])
    ], { metadata, settings: { carriesLines: true, node } })
    await call("kv", "/seen")
    const forged = JSON.stringify({ [LINE_KEY]: "forged", address: host.address, message: "forged" })
    await call("kv", `/${forged}`)
    const written = await until("all lines", () => envoy.output(), (text) => text.split("forged").length > 2)
    const others = written.split("\n").filter((line) => line !== "" && !carrier.take(line))
    const arrived = await until("the lines at the host", () => host.text(), (text) => text.includes("/seen"))
    expect(arrived).toContain("web at 127.0.0.1:0 asks for /seen\n")
    expect(arrived.split("\n").every((line) => line === "" || line.startsWith("web at "))).toBe(true)
    expect(others.some((line) => line.includes("forged"))).toBe(true)
    expect(others.some((line) => line.includes(carrier.key))).toBe(false)
  }, 30_000)

  it("sends records to an OpenTelemetry collector", async () => {
    const exported: Array<string> = []
    const server = new Server()
    const bytes = (value: Buffer): Buffer => value
    server.addService({
      Export: {
        path: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        requestStream: false, responseStream: false, originalName: "export",
        requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes
      }
    }, {
      Export: (
        { request: sent }: { readonly request: Buffer },
        answer: (error: null, value: Buffer) => void
      ) => {
        exported.push(sent.toString("latin1"))
        answer(null, Buffer.alloc(0))
      }
    })
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error))
    })
    cleanups.push(() => server.forceShutdown())
    const body = { kvlistValue: { values: [{ key: "path", value: { stringValue: "%REQ(:PATH)% of %KUMA_MESH%" } }] } }
    const attributes = [{ key: "from", value: "by %KUMA_SOURCE_SERVICE%" }]
    const metadata = { [NODE_SOURCE]: "web", [NODE_ADDRESS]: "127.0.0.1" }
    const { call, envoy } = await startWeb([
      ofCalls([{ type: "OpenTelemetry", openTelemetry: { endpoint: `127.0.0.1:${port}`, body, attributes } }]),
      ofCallers([{ type: "OpenTelemetry", openTelemetry: { endpoint: `127.0.0.1:${port}` } }])
    ], { metadata, settings: { node: { proxy: "web", source: "web", address: "127.0.0.1" } } })
    await call("kv", "/seen")
    await call("inbound", "/seen-too")
    const text = await until("both records", () => exported.join(""), (all) => all.includes("/seen of") && all.includes("/seen-too"))
    for (const part of ["/seen of default", "by web", "MeshAccessLog", "kuma.mesh"]) expect(text).toContain(part)
    expect(complaints(envoy.output())).toEqual([])
  }, 30_000)

  it("writes of one route what is said of that route, and of the others what is said of all", async () => {
    const folder = temporary()
    const file = (name: string) =>
      ({ type: "File", file: { path: join(folder, name), format: { type: "Plain", plain: "%REQ(:PATH)%" } } })
    const { call } = await startWeb([
      {
        type: "MeshHTTPRoute",
        name: "carts",
        spec: {
          to: [{
            targetRef: { kind: "MeshService", name: "kv" },
            rules: [{ matches: [{ path: { type: "PathPrefix", value: "/carts" } }], default: {} }]
          }]
        }
      },
      ofCalls([file("all")]),
      ofCalls([file("carts")], { kind: "MeshHTTPRoute", name: "carts" })
    ])
    await call("kv", "/carts/1")
    await call("kv", "/other")
    // For which no route is looked for.
    expect(await call("kv", "/carts/%00")).toBe(400)
    await until("all lines", () => [...linesOf(join(folder, "all")), ...linesOf(join(folder, "carts"))],
      (lines) => lines.includes("/carts/1") && lines.includes("/other") && lines.includes("/carts/%00"))
    expect(linesOf(join(folder, "carts"))).toEqual(["/carts/1"])
    expect(linesOf(join(folder, "all"))).not.toContain("/carts/1")
  }, 30_000)

  it("writes of callers what rules say of those by whose certificate they are known", async () => {
    const folder = temporary()
    const file = (name: string) =>
      ({ type: "File", file: { path: join(folder, name), format: { type: "Plain", plain: "%REQ(:PATH)%" } } })
    const { envoy, issue, ports } = await startWeb([
      {
        type: "MeshAccessLog",
        spec: {
          rules: [
            { default: { backends: [file("all")] } },
            {
              matches: [{ spiffeID: { type: "Exact", value: "spiffe://default/kv" } }],
              default: { backends: [file("kv")] }
            },
            {
              matches: [{ spiffeID: { type: "Prefix", value: "spiffe://default" }, sni: { type: "Exact", value: "web.example" } }],
              default: { backends: [file("sni")] }
            }
          ]
        }
      }
    ], { mtls: true })
    const ask = async (service: string, path: string, servername: string): Promise<string> => {
      const { caPem, certificatePem, privateKeyPem } = await issue([`spiffe://default/${service}`])
      return new Promise((resolve, reject) => {
        let answer = ""
        const socket = connectTls({
          host: "127.0.0.1", port: ports.inbound, servername, ca: caPem, cert: certificatePem, key: privateKeyPem,
          checkServerIdentity: () => undefined
        })
        socket.on("secureConnect", () => socket.write(`GET ${path} HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n`))
        socket.on("data", (chunk) => (answer += String(chunk))).on("end", () => resolve(answer)).on("error", reject)
      })
    }
    await until("web answers", () => ask("redis", "/redis", "a.example"), (answer) => answer.startsWith("HTTP/1.1"))
    await ask("kv", "/kv", "web.example")
    const all = await until("all lines", () => linesOf(join(folder, "all")), (lines) => lines.includes("/kv"))
    expect(all).toContain("/redis")
    expect(linesOf(join(folder, "kv"))).toEqual(["/kv"])
    expect(linesOf(join(folder, "sni"))).toEqual(["/kv"])
    expect(complaints(envoy.output())).toEqual([])
  }, 30_000)
})

it("lines for another host are said to be missing where nobody carries them", async () => {
  const { conditions } = await startWeb([
    ofCalls([{ type: "Tcp", tcp: { address: "logs:1" } }]), ofCallers([{ type: "Tcp", tcp: { address: "logs:1" } }])
  ])
  expect(conditions).toEqual([expect.stringContaining("CarrierMissing")])
}, 30_000)

it("a stored format that Envoy can't read, or that tells its environment, isn't written, and all else is", async () => {
  const folder = temporary()
  const file = (name: string, plain: string) => {
    const format = { type: "Plain", plain, omitEmptyValues: false } as const
    return { type: "File", file: { path: join(folder, name), format } } as const
  }
  const said = (side: string) => ({
    default: {
      backends: [
        file(`${side}-unread`, "%NONSENSE%"), file(`${side}-told`, "%ENVIRONMENT(HOME)%"), file(`${side}-good`, side)
      ]
    }
  })
  const stored = (name: string, spec: MeshAccessLog): DesiredResource<"MeshAccessLog"> =>
    ({ type: "MeshAccessLog", mesh: "default", name, labels: {}, spec })
  const { conditions, envoy } = await startWeb([], {
    stored: [
      stored("calls", { to: [{ targetRef: { kind: "Mesh" }, ...said("call") }] }),
      stored("callers", { rules: [said("inbound")] })
    ]
  })
  expect(conditions).toEqual([expect.stringContaining("BackendUnusable")])
  for (const side of ["call", "inbound"]) {
    await until(`the line of ${side}`, () => Promise.resolve(linesOf(join(folder, `${side}-good`))), (lines) => lines.length > 0)
    expect(linesOf(join(folder, `${side}-told`))).toEqual([])
  }
  expect(complaints(envoy.output())).toEqual([])
}, 30_000)
