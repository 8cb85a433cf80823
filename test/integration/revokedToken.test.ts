// Without AWS: real sidecars that came by a token are asked how they are doing, and lose their streams when it is
// revoked, dataplanes and zone proxies.
import { mkdtempSync, readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { type RunningProcess, startProcess } from "../../localstack/process/startProcess.ts"
import { sidecarPorts, startSidecar, type TestSidecar } from "../sidecar/startSidecar.ts"
import { askApi } from "../support/askApi.ts"
import { freePort } from "../support/freePort.ts"
import { readJournal, type WrittenEntry } from "../support/readJournal.ts"
import { createDatabase, type TestDatabase } from "../support/testDatabase.ts"
import { until } from "../support/until.ts"

const main = join(import.meta.dirname, "..", "..", "src", "main.ts")
const WITHIN_MILLIS = 5_000

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-revoked-"))
const sidecars: Array<TestSidecar> = []
let api: number
let dataplaneServer: number
let controlPlane: RunningProcess
let database: TestDatabase

beforeAll(async () => {
  database = await createDatabase()
  api = await freePort()
  dataplaneServer = await freePort()
  const diagnostics = await freePort()
  controlPlane = await startProcess({
    command: process.execPath,
    args: [main, "serve", "--without-aws"],
    env: {
      PATH: process.env["PATH"],
      ...database.environment,
      KUMA_GENERAL_WORK_DIR: folder,
      ECS_MESH_DP_SERVER_ADDRESS: "127.0.0.1",
      KUMA_DP_SERVER_PORT: String(dataplaneServer),
      KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTP_PORT: String(api),
      ECS_MESH_MONITORING_ASSIGNMENT_SERVER_ADDRESS: "127.0.0.1",
      KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: "0",
      KUMA_API_SERVER_HTTPS_ENABLED: "false",
      ECS_MESH_DIAGNOSTICS_ADDRESS: "127.0.0.1",
      KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics)
    }
  })
  await until("its readiness", async () => (await fetch(`http://127.0.0.1:${diagnostics}/ready`)).ok, (ready) => ready)
}, 60_000)

afterAll(async () => {
  await Promise.all(sidecars.map((sidecar) => sidecar.stop(3_000)))
  await controlPlane?.stop(10_000)
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
}, 30_000)

const written = (kind: WrittenEntry["kind"], key: string): ReadonlyArray<WrittenEntry> =>
  readJournal(join(folder, "journal.jsonl")).filter((entry) => entry.kind === kind && entry.key === key)

/** The text of a new token. */
const issue = async (kind: "dataplane" | "zone", asked: unknown): Promise<string> => {
  const { body, status } = await askApi(api, `/tokens/${kind}`, "POST", asked)
  expect(status).toBe(200)
  return String(body).trim()
}

/** By which it is revoked. */
const idOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { readonly jti: string }).jti

const start = async (key: string, token: string, resource: string, proxyType: string): Promise<void> => {
  sidecars.push(
    await startSidecar(await sidecarPorts(), {
      KUMA_CONTROL_PLANE_URL: `https://127.0.0.1:${dataplaneServer}`,
      KUMA_CONTROL_PLANE_CA_CERT: readFileSync(join(folder, "tls", "ca.crt"), "utf8"),
      KUMA_DATAPLANE_PROXY_TYPE: proxyType,
      KUMA_DATAPLANE_RUNTIME_TOKEN: token,
      KUMA_DATAPLANE_RUNTIME_RESOURCE: resource,
      KUMA_DATAPLANE_NAME: key.split("/").at(-1) ?? ""
    })
  )
  await until(`${key}'s stream`, () => written("connected", key).length, (count) => count > 0)
}

const dataplane = (name: string, address = "127.0.0.1"): string => `
type: Dataplane
mesh: default
name: ${name}
networking:
  address: ${address}
  inbound: [{ port: 8080, servicePort: 8081, tags: { kuma.io/service: ${name} } }]
`
const ingress = `
type: ZoneIngress
name: ingress
networking: { address: 127.0.0.1, port: 10001 }
`

it("asks a proxy's Envoy for its statistics and clusters, at the proxy's own address", async () => {
  const token = await issue("dataplane", { name: "asked", mesh: "default", validFor: "1h" })
  // Another one than its Envoy's admin interface has: the control plane comes by mTLS.
  await start("Dataplane/default/asked", token, dataplane("asked", "127.0.0.2"), "dataplane")
  const path = "/meshes/default/dataplanes/asked"
  const stats = await until("an answer", () => askApi(api, `${path}/stats`), ({ status }) => status === 200)
  expect(stats.body).toContain("server.live: 1")
  expect((await askApi(api, `${path}/clusters`)).body).toContain("kuma:envoy:admin::")
  expect((await askApi(api, "/global-secrets/envoy-admin-ca")).status).toBe(200)
})

it.each([
  {
    kind: "dataplane",
    key: "Dataplane/default/revoked",
    asked: { name: "revoked", mesh: "default", validFor: "1h" },
    resource: dataplane("revoked"),
    list: ["/meshes/default/secrets/dataplane-token-revocations-default", {
      type: "Secret", mesh: "default", name: "dataplane-token-revocations-default"
    }]
  },
  {
    kind: "zone",
    key: "ZoneIngress//ingress",
    asked: { zone: "default", scope: ["ingress"], validFor: "1h" },
    resource: ingress,
    list: ["/global-secrets/zone-token-revocations", { type: "GlobalSecret", name: "zone-token-revocations" }]
  }
] as const)("closes the stream of a $kind token within 5 s of its revocation, and no other", async (revoked) => {
  const { asked, key, kind, list: [path, list], resource } = revoked
  const kept = `kept-by-${kind}`
  const token = await issue(kind, asked)
  await start(key, token, resource, kind === "zone" ? "ingress" : "dataplane")
  await start(
    `Dataplane/default/${kept}`,
    await issue("dataplane", { name: kept, mesh: "default", validFor: "1h" }),
    dataplane(kept),
    "dataplane"
  )
  const at = Date.now()
  const data = Buffer.from(`${idOf(token)},another`).toString("base64")
  expect((await askApi(api, path, "PUT", { ...list, data })).status).toBe(201)
  const [end] = await until("its end", () => written("disconnected", key), ({ length }) => length > 0)
  expect(end?.["reason"]).toContain("TokenRevoked")
  expect(Date.parse(end?.time ?? "") - at).toBeLessThan(WITHIN_MILLIS)
  // Its Envoy comes again, and again in vain.
  await until("its refusals", () => written("refused", key).length, (count) => count > 2)
  expect(written("connected", key).length).toBe(1)
  expect(written("disconnected", `Dataplane/default/${kept}`)).toEqual([])
})
