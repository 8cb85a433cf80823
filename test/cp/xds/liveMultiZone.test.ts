import { mkdtempSync, rmSync } from "node:fs"
import { request } from "node:http"
import { createServer } from "node:http2"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { translateText } from "../../../src/cli/translate.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy } from "../../support/startEnvoy.ts"
import { bootstrapOf, putResources } from "./fileXds.ts"

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-multizone-"))
const cleanups: Array<() => Promise<unknown> | void> = []

/** An address that every Linux host has, and that nobody else listens on. */
const VIP = "127.2.77.3"
const world = { port: 0, east: 0, west: 0 }

const SIDES = ["east", "west"] as const
type Side = (typeof SIDES)[number]

interface Scene {
  /** MeshServices that are there. */
  readonly services: ReadonlyArray<Side>
  /** Instances that are to stop. */
  readonly stopping?: ReadonlyArray<Side>
}

const resources = ({ services, stopping = [] }: Scene): string =>
  [
    { type: "Mesh", name: "default" },
    { type: "Dataplane", mesh: "default", name: "caller", networking: { address: "127.0.0.1" } },
    ...SIDES.map((side) => ({
      type: "Dataplane", mesh: "default", name: `kv-${side}-1`,
      labels: stopping.includes(side) ? { "ecs-mesh.io/last-resort": "true" } : {},
      networking: { address: "127.0.0.1", inbound: [{
        port: world[side], name: "main", tags: { "kuma.io/service": `kv-${side}`, "kuma.io/protocol": "http" },
        ...(stopping.includes(side) ? { health: { ready: false } } : {})
      }] }
    })),
    ...services.map((side) => ({
      type: "MeshService", mesh: "default", name: `kv-${side}`, labels: { app: "kv" }, spec: {
        selector: { dataplaneTags: { "kuma.io/service": `kv-${side}` } },
        ports: [{ name: "main", port: world.port, targetPort: "main", appProtocol: "http" }]
      }
    })),
    { type: "MeshMultiZoneService", mesh: "default", name: "kv", spec: {
      selector: { meshService: { matchLabels: { app: "kv" } } },
      ports: [{ name: "main", port: world.port, appProtocol: "http" }]
    } },
    { type: "ServiceAddress", name: VIP, spec: { kind: "MeshMultiZoneService", mesh: "default", service: "kv" } }
  ].map((resource) => stringify(resource)).join("---\n")

const apply = (scene: Scene): void => {
  const [translated] = translateText(resources(scene), { proxy: "caller", settings: { bindOutbounds: true } })
  if (translated === undefined) throw new Error("the caller was not translated")
  expect(translated.conditions).toEqual([])
  putResources(join(folder, "caller"), translated.rendered)
}

const call = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ host: VIP, port: world.port, path: "/", agent: false }, (incoming) => {
      let body = ""
      incoming.setEncoding("utf8")
      incoming.on("data", (chunk: string) => (body += chunk))
      incoming.on("end", () => resolve(incoming.statusCode === 200 ? body : `status ${incoming.statusCode}`))
    })
    outgoing.on("error", reject)
    outgoing.end()
  })

/** Who answers ten calls. */
const answering = async (): Promise<ReadonlyArray<string>> => {
  const answers = new Set<string>()
  for (let count = 0; count < 10; count++) answers.add(await call())
  return [...answers].sort()
}

const until = async (what: string, expected: ReadonlyArray<string>): Promise<void> => {
  const end = performance.now() + 20_000
  let seen: ReadonlyArray<string> = []
  while (seen.join() !== expected.join()) {
    if (performance.now() > end) throw new Error(`${what} did not come; ${seen.join(" and ")} answer`)
    seen = await answering().catch((error: unknown) => [String(error)])
  }
}

beforeAll(async () => {
  for (const side of SIDES) {
    // What an instance's own Envoy speaks.
    const server = createServer((_, outgoing) => outgoing.end(side))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    cleanups.push(() => void server.close())
    const address: AddressInfo | string | null = server.address()
    world[side] = typeof address === "object" && address !== null ? address.port : 0
  }
  world.port = await freePort()
  apply({ services: SIDES })
  const adminPort = await freePort()
  const envoy = await startEnvoy(bootstrapOf(join(folder, "caller"), "caller", adminPort), {
    admin: `http://127.0.0.1:${adminPort}`
  })
  cleanups.push(() => envoy.stop())
}, 60_000)

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
  rmSync(folder, { recursive: true, force: true })
})

describe("a MeshMultiZoneService behind a real Envoy", () => {
  it("is all MeshServices with its labels, and those that are left when one goes", async () => {
    await until("both", SIDES)
    apply({ services: ["east"] })
    await until("the one that is left", ["east"])
    apply({ services: SIDES })
    await until("both again", SIDES)
  }, 90_000)

  it("calls what is to stop only where none of its MeshServices has another", async () => {
    apply({ services: SIDES, stopping: ["east"] })
    await until("the one that stays", ["west"])
    apply({ services: ["east"], stopping: ["east"] })
    await until("the last that is left", ["east"])
  }, 90_000)
})
