// What kuma-dp 2.14.3 was seen to ask, sent as it sent it, and the answers read as it reads them.
import { Context, Effect } from "effect"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startProcess } from "../../../localstack/process/startProcess.ts"
import { toolPaths } from "../../../localstack/tools.ts"
import { ensureSigningKey } from "../../../src/cp/auth/token/ensureSigningKey.ts"
import { issueZoneToken } from "../../../src/cp/auth/token/issueToken.ts"
import { keySecret, ZONE_TOKENS } from "../../../src/cp/auth/token/TokenScope.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { adsClient } from "../server/adsClient.ts"
import {
  type ControlPlane, eventually, loopbackTls, mesh, startControlPlane, type Tls
} from "../server/startControlPlane.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { type Asked, askAsKumaDp, type KumaDpAnswer, readAsKumaDp, recorded, recordings } from "./askAsKumaDp.ts"

const databases = useTestDatabases()
let tls: Tls
let plain: ControlPlane
let reloadable: ControlPlane
let tokens: { readonly dataplane: string; readonly zone: string }
let work: string

beforeAll(async () => {
  tls = await loopbackTls()
  work = await mkdtemp(join(tmpdir(), "ecs-mesh-kuma-dp-"))
  const options = { store: await databases.create(), tls, auth: "dpToken", zoneAuth: "zoneToken" } as const
  plain = await startControlPlane(options)
  reloadable = await startControlPlane({
    ...options, reloadableTokens: true, instanceId: "cp-2", bootstrap: { deltaXds: false }
  })
  await plain.put(mesh("default", true))
  const zoneToken = Effect.gen(function*() {
    yield* ensureSigningKey(ZONE_TOKENS)
    yield* Effect.promise(() =>
      eventually(
        () => Context.get(plain.services, ResourceCache).get(keySecret(ZONE_TOKENS, "1")),
        (key) => key !== undefined
      ))
    return yield* issueZoneToken({ zone: "default", scope: ["ingress", "egress"], validForMillis: 60_000 })
  })
  tokens = {
    dataplane: await plain.token(),
    zone: await Effect.runPromise(Effect.provide(zoneToken, plain.services))
  }
  await writeFile(join(work, "token"), tokens.dataplane)
  for (const controlPlane of [plain, reloadable]) {
    await eventually(() => ask(controlPlane, "delta"), ({ status }) => status === 200)
    await eventually(() => ask(controlPlane, "ingress"), ({ status }) => status === 200)
  }
}, 60_000)
afterAll(async () => {
  await plain?.stop()
  await reloadable?.stop()
  await rm(work, { recursive: true, force: true })
})

const ask = (
  { port }: ControlPlane,
  name: string,
  change?: (body: Asked) => object
): Promise<KumaDpAnswer> => {
  const token = name.endsWith("gress") ? tokens.zone : tokens.dataplane
  return askAsKumaDp({ port, caPem: tls.caPem, token, tokenPath: join(work, "token") }, name, change)
}
const read = readAsKumaDp

/** Of Envoy's extensions those that kuma-dp was seen to know: it reads the configuration before Envoy does. */
const KNOWN_TYPES = new Set([
  "envoy.config.grpc_credential.v3.FileBasedMetadataConfig",
  "envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig",
  "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
  "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
  "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
])

describe.each([["token in the bootstrap", () => plain], ["token in a file", () => reloadable]])("with its %s", (_, of) => {
  it.each(recordings.filter((name) => !name.startsWith("without")))("kuma-dp's request %s is answered as it can read it", async (name) => {
    const { body } = recorded(name)
    const answer = await ask(of(), name, (asked) => ({ ...asked, resources: { maxHeapSizeBytes: 512 * 1024 * 1024 } }))
    expect([answer.status, answer.contentType]).toEqual([200, "application/json"])
    const { config, kumaSidecarConfiguration, text } = read(answer)
    const isDataplane = !name.endsWith("gress")
    expect(kumaSidecarConfiguration).toMatchObject({ networking: { address: "127.0.0.2" }, metrics: { aggregate: [] } })
    expect(config.node).toMatchObject({
      id: isDataplane ? "default.backend" : ".backend",
      cluster: isDataplane ? "backend" : name,
      metadata: {
        "dataplane.admin.port": "29913",
        "dataplane.proxyType": isDataplane ? "dataplane" : name,
        "dataplane.readinessReporter.port": "9902",
        "dataplane.resource": body.dataplaneResource,
        features: body.features,
        version: body.version,
        workdir: body.workdir
      }
    })
    const types = [...text.matchAll(/"?@type"?: "?type\.googleapis\.com\/([\w.]+)/g)].map(([, type = ""]) => type)
    expect(types.length).toBeGreaterThan(0)
    expect(types.filter((type) => !KNOWN_TYPES.has(type))).toEqual([])
    expect(text.includes(tokens.dataplane) || text.includes(tokens.zone)).toBe(of() === plain)
  })

  it("Envoy takes it, without a word about what it will not take some day", async () => {
    const file = join(work, "bootstrap.yaml")
    await writeFile(file, read(await ask(of(), "bind-outbounds")).text)
    const envoy = await startProcess({
      command: toolPaths().envoy,
      args: ["--mode", "validate", "--config-path", file, "--log-level", "warning"]
    })
    expect([await envoy.exited, envoy.output()]).toEqual([
      { code: 0, signal: null },
      expect.not.stringMatching(/deprecat|\[(warning|error|critical)\]/i)
    ])
  })
})

describe("kuma-dp", () => {
  it("is given incremental ADS, or state-of-the-world where that is set and it didn't ask for the other", async () => {
    const variant = async (controlPlane: ControlPlane, name: string) =>
      /^ {4}api_type: (\w+)$/m.exec(read(await ask(controlPlane, name)).text)?.[1]
    expect(await variant(plain, "delta")).toBe("DELTA_GRPC")
    expect(await variant(plain, "bind-outbounds")).toBe("DELTA_GRPC")
    expect(await variant(reloadable, "delta")).toBe("DELTA_GRPC")
    expect(await variant(reloadable, "bind-outbounds")).toBe("GRPC")
  })

  it("that may not wait is told why, by what ends it", async () => {
    const without = await ask(plain, "without-token")
    expect(without).toMatchObject({ status: 422, contentType: "application/json" })
    expect(JSON.parse(without.body)).toMatchObject({ type: "/std-errors", detail: expect.stringContaining("token") })
    const wrong = await ask(plain, "delta", (body) => ({ ...body, dataplaneToken: "no token" }))
    expect(wrong.status).toBe(403)
    const nowhere = await ask(plain, "delta", (body) => ({
      ...body, dataplaneResource: body.dataplaneResource?.replaceAll("default", "nowhere"), mesh: "nowhere"
    }))
    expect([403, 422]).toContain(nowhere.status)
  })

  it("without a resource of its own waits for the one that is to come, which only an empty 404 has it do", async () => {
    const nine = (body: Asked) => ({ ...body, name: "not-yet" })
    expect(await ask(plain, "without-resource", nine)).toMatchObject({ status: 404, body: "" })
  })

  it("with a transparent proxy is refused, as no listener would be where its host sends everything", async () => {
    const asked = [
      { dataplaneConfig: { redirect: { inbound: { enabled: true, port: 15_006 } } } },
      { features: ["feature-transparent-proxy-in-dataplane-metadata"] }
    ]
    for (const fields of asked) {
      const answer = await ask(plain, "delta", (body) => ({ ...body, ...fields }))
      expect(answer.status).toBe(422)
      expect(JSON.parse(answer.body)).toMatchObject({ invalid_parameters: [{ field: "dataplaneConfig" }] })
    }
  })

  it.each([
    ["delta", { type: "Dataplane", mesh: "default", name: "backend" }],
    ["ingress", { type: "ZoneIngress", mesh: "", name: "backend" }],
    ["egress", { type: "ZoneEgress", mesh: "", name: "backend" }]
  ] as const)("opens its stream by the node it was given, and brings along what it is: %s", async (name, key) => {
    const { node } = read(await ask(plain, name)).config
    const client = adsClient(plain, tls, [name === "delta" ? tokens.dataplane : tokens.zone])
    const { cluster, id, metadata } = node
    client.send({ node: { id, cluster, metadata: metadata as Record<string, string> }, typeUrl: TypeUrl.Listener })
    const stored = await eventually(() => plain.get(key), (resource) => resource !== null)
    expect(stored?.labels).toMatchObject({ "kuma.io/origin": "zone", "kuma.io/zone": "default", "kuma.io/env": "universal" })
    await eventually(() => client.received.length, (count) => count > 0)
    const listeners = client.received.flatMap(({ resources }) => resources.map((resource) => resource.name))
    expect(listeners).toContain("kuma:envoy:admin")
    client.close()
    await eventually(() => plain.get(key), (resource) => resource === null)
  })
})
