import { mkdtempSync, rmSync } from "node:fs"
import { createServer, request } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo, Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TLSSocket } from "node:tls"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { translateText } from "../../../src/cli/translate.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy } from "../../support/startEnvoy.ts"
import { bootstrapOf, type CertificateFiles, putResources, putSecrets } from "./fileXds.ts"
import { meshCertificates } from "./meshCertificates.ts"

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-destinations-"))
const cleanups: Array<() => Promise<unknown> | void> = []

/** An address that every Linux host has, and that nobody else listens on. */
const VIP = "127.4.77.3"
const EXTERNAL_VIP = "127.3.77.3"
const HOSTNAME = "api.example.test"

interface Answer {
  readonly status: number
  readonly body: string
}

const call = (host: string, port: number): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path: "/", agent: false }, (incoming) => {
      let body = ""
      incoming.setEncoding("utf8")
      incoming.on("data", (chunk: string) => (body += chunk))
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body }))
    })
    outgoing.on("error", reject)
    outgoing.end()
  })

const until = async (what: string, condition: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + 20_000
  while (!(await condition().catch(() => false))) {
    if (performance.now() > end) throw new Error(`${what} did not come`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cleanups.push(() => void server.close())
  const address: AddressInfo | string | null = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

const world = { app: 0, outside: 0, port: 0, inbound: 0 }
/** What the server outside saw of its callers. */
const seen: Array<{ readonly sni: string | false | null; readonly client: string; readonly host: string }> = []

const certificates: { outside?: CertificateFiles; client?: CertificateFiles; another?: CertificateFiles } = {}

const base64 = (text: string): string => Buffer.from(text).toString("base64")

interface Scene {
  readonly ca?: string
  readonly serverName?: string
}

const resources = ({ ca = certificates.outside?.caPem ?? "", serverName = HOSTNAME }: Scene): string =>
  [
    { type: "Mesh", name: "default", mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } },
    { type: "Dataplane", mesh: "default", name: "caller", networking: { address: "127.0.0.1", outbound: [
      { port: world.port, backendRef: { kind: "MeshService", name: "kv", port: world.port } }
    ] } },
    { type: "Dataplane", mesh: "default", name: "kv-1", networking: { address: "127.0.0.1", inbound: [{
      port: world.inbound, servicePort: world.app, name: "main",
      tags: { "kuma.io/service": "kv", "kuma.io/protocol": "http" }
    }] } },
    { type: "MeshService", mesh: "default", name: "kv", spec: {
      selector: { dataplaneTags: { "kuma.io/service": "kv" } },
      ports: [{ name: "main", port: world.port, targetPort: "main", appProtocol: "http" }]
    } },
    { type: "ServiceAddress", name: VIP, spec: { kind: "MeshService", mesh: "default", service: "kv" } },
    { type: "MeshTrafficPermission", mesh: "default", name: "to-kv", spec: {
      from: [{ targetRef: { kind: "MeshService", name: "caller" }, default: { action: "Allow" } }]
    } },
    { type: "Secret", mesh: "default", name: "client-key", data: base64(certificates.client?.privateKeyPem ?? "") },
    { type: "MeshExternalService", mesh: "default", name: "api", spec: {
      match: { type: "HostnameGenerator", port: world.port, protocol: "http" },
      endpoints: [{ address: "127.0.0.1", port: world.outside }],
      tls: { enabled: true, verification: {
        serverName,
        caCert: { inlineString: ca },
        clientCert: { inlineString: certificates.client?.certificatePem ?? "" },
        clientKey: { secret: "client-key" }
      } }
    } },
    { type: "ServiceAddress", name: EXTERNAL_VIP, spec: { kind: "MeshExternalService", mesh: "default", service: "api" } }
  ].map((resource) => stringify(resource)).join("---\n")

/** What is printed says nothing of keys: here they are put back. */
const withKey = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll("\"[redacted]\"", JSON.stringify(certificates.client?.privateKeyPem ?? "")))

const apply = (scene: Scene): void => {
  for (const proxy of ["caller", "kv-1"]) {
    const [translated] = translateText(resources(scene), { proxy, settings: { bindOutbounds: proxy === "caller" } })
    if (translated === undefined) throw new Error(`${proxy} was not translated`)
    expect(translated.conditions).toEqual([])
    const { clusters, ...rendered } = translated.rendered
    const restored = withKey(clusters)
    putResources(join(folder, proxy), { ...rendered, clusters: Array.isArray(restored) ? restored : [] })
  }
}

beforeAll(async () => {
  const issue = await meshCertificates("default")
  const outside = await meshCertificates("outside")
  certificates.outside = await outside([], [HOSTNAME])
  certificates.client = await outside(["urn:caller"])
  certificates.another = await (await meshCertificates("another"))([], [HOSTNAME])
  world.app = await listening(createServer((incoming, outgoing) => {
    outgoing.end(`kv for ${String(incoming.headers["x-forwarded-client-cert"])}`)
  }))
  world.outside = await listening(createTlsServer({
    cert: certificates.outside.certificatePem,
    key: certificates.outside.privateKeyPem,
    ca: certificates.outside.caPem,
    requestCert: true,
    rejectUnauthorized: true
  }, (incoming, outgoing) => {
    const socket = incoming.socket as TLSSocket & { readonly servername?: string | false }
    seen.push({
      sni: socket.servername ?? null,
      client: socket.getPeerCertificate().subjectaltname ?? "",
      host: String(incoming.headers.host)
    })
    outgoing.end("outside")
  }))
  world.port = await freePort()
  world.inbound = await freePort()
  putSecrets(join(folder, "caller"), "default", await issue(["spiffe://default/caller"]))
  putSecrets(join(folder, "kv-1"), "default", await issue(["spiffe://default/kv"]))
  apply({})
  for (const proxy of ["caller", "kv-1"]) {
    const adminPort = await freePort()
    const envoy = await startEnvoy(bootstrapOf(join(folder, proxy), proxy, adminPort), {
      admin: `http://127.0.0.1:${adminPort}`
    })
    cleanups.push(() => envoy.stop())
  }
}, 60_000)

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  rmSync(folder, { recursive: true, force: true })
})

describe("destinations behind real Envoys", () => {
  it("a MeshService is called by mTLS on its virtual address, and by a backendRef", async () => {
    await until("an answer", async () => (await call(VIP, world.port)).status === 200)
    const { body } = await call(VIP, world.port)
    expect(body).toContain("URI=spiffe://default/caller")
    expect((await call("127.0.0.1", world.port)).status).toBe(200)
  }, 60_000)

  it("an external service is called by TLS that the proxy begins: its own certificate, the name asked for, the CA checked", async () => {
    await until("an answer", async () => (await call(EXTERNAL_VIP, world.port)).status === 200)
    expect((await call(EXTERNAL_VIP, world.port)).body).toBe("outside")
    expect(seen.at(-1)).toMatchObject({ sni: HOSTNAME, client: expect.stringContaining("urn:caller") })
  }, 60_000)

  it("an external service that proves to be another is not called", async () => {
    apply({ serverName: "another.example.test" })
    await until("the refusal of the name", async () => (await call(EXTERNAL_VIP, world.port)).status === 503)
    apply({})
    await until("an answer", async () => (await call(EXTERNAL_VIP, world.port)).status === 200)
    apply({ ca: certificates.another?.caPem ?? "" })
    await until("the refusal of the CA", async () => (await call(EXTERNAL_VIP, world.port)).status === 503)
    expect((await call(VIP, world.port)).status).toBe(200)
  }, 90_000)
})
