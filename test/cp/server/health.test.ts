// Health discovery on a running control plane: what a proxy is asked, what its reports do, and a real Envoy's way in it.
import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf"
import { Client, credentials, Metadata, type StatusObject, status } from "@grpc/grpc-js"
import { Context } from "effect"
import { createServer, type Server } from "node:net"
import { describe, expect, it } from "vitest"
import { HealthStatus } from "../../../src/cp/proto/envoy/config/core/v3/health_check_pb.js"
import {
  type HealthCheckSpecifier,
  HealthCheckRequestOrEndpointHealthResponseSchema,
  HealthCheckSpecifierSchema
} from "../../../src/cp/proto/envoy/service/health/v3/hds_pb.js"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { TASK_LABEL } from "../../../src/model/dataplaneLabels.ts"
import type { Inbound } from "../../../src/model/Dataplane.ts"
import type { DesiredResource } from "../../../src/model/Resource.ts"
import { freePort } from "../../support/freePort.ts"
import { startEnvoy } from "../../support/startEnvoy.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { adsClient, unreadStream } from "./adsClient.ts"
import { askBootstrap } from "./askBootstrap.ts"
import { bareStream, encode, frame } from "./bareStream.ts"
import { type ControlPlane, eventually, mesh } from "./startControlPlane.ts"
import { useControlPlanes } from "./useControlPlanes.ts"

const { cleanups, start, tls } = await useControlPlanes(mesh("default", false))

const probed = (port: number, labels: Readonly<Record<string, string>> = {}): DesiredResource<"Dataplane"> => ({
  type: "Dataplane",
  mesh: "default",
  name: "kv-1",
  labels,
  spec: {
    networking: {
      address: "127.0.0.1",
      inbound: [{
        port, servicePort: 8080, serviceProbe: { tcp: {}, interval: "2s", unhealthyThreshold: 3 },
        state: "NotReady", health: {}, tags: { "kuma.io/service": "kv" }
      }]
    }
  }
})

const SCHEMA = HealthCheckRequestOrEndpointHealthResponseSchema
const METHOD = "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck"

const encodeReport = (clusters: Readonly<Record<string, HealthStatus>>): Buffer =>
  Buffer.from(toBinary(SCHEMA, create(SCHEMA, {
    requestType: {
      case: "endpointHealthResponse",
      value: {
        clusterEndpointsHealth: Object.entries(clusters).map(([clusterName, healthStatus]) => ({
          clusterName, localityEndpointsHealth: [{ endpointsHealth: [{ healthStatus }] }]
        }))
      }
    }
  })))

const healthClient = ({ port }: ControlPlane, authorization: ReadonlyArray<string> = []) => {
  const client = new Client(`127.0.0.1:${port}`, credentials.createSsl(Buffer.from(tls.caPem)), {
    // An address is no server name (RFC 6066).
    "grpc.ssl_target_name_override": "localhost"
  })
  const metadata = new Metadata()
  for (const value of authorization) metadata.add("authorization", value)
  const call = client.makeBidiStreamRequest(METHOD, (bytes: Buffer) => bytes,
    (bytes: Buffer) => fromBinary(HealthCheckSpecifierSchema, bytes), metadata)
  const received: Array<HealthCheckSpecifier> = []
  call.on("data", (one: HealthCheckSpecifier) => received.push(one))
  call.on("error", () => {})
  const ended = new Promise<StatusObject>((resolve) => {
    call.on("status", (end: StatusObject) => {
      resolve(end)
      client.close()
    })
  })
  cleanups.push(() => call.cancel())
  const send = (message: Parameters<typeof create<typeof SCHEMA>>[1]) =>
    void call.write(Buffer.from(toBinary(SCHEMA, create(SCHEMA, message))))
  return {
    received,
    ended,
    close: () => call.cancel(),
    ask: (id: string, metadata: JsonObject = {}) =>
      send({ requestType: { case: "healthCheckRequest", value: { node: { id, metadata } } } }),
    report: (clusters: Readonly<Record<string, HealthStatus>>) => void call.write(encodeReport(clusters))
  }
}

const inboundOf = async (controlPlane: ControlPlane) =>
  (await controlPlane.get({ type: "Dataplane", mesh: "default", name: "kv-1" }))?.spec.networking?.inbound?.[0]

const known = (controlPlane: ControlPlane) =>
  eventually(
    () => Context.get(controlPlane.services, ResourceCache).get({ type: "Dataplane", mesh: "default", name: "kv-1" }),
    (found) => found !== undefined
  )

/** 90 KB of what is to be looked at: a peer that reads nothing has room for 64 KiB, and as much in its window. */
const putMany = async (controlPlane: ControlPlane, round: number): Promise<void> => {
  const ports = Array.from({ length: 1_000 }, (_, index) => round * 1_000 + index)
  const inbound = ports.map((port) => ({ port, serviceProbe: { tcp: {} }, tags: { "kuma.io/service": "kv" } }))
  const { labels, mesh, name, type } = probed(80)
  const stored = await controlPlane.put({ type, mesh, name, labels, spec: { networking: { address: "::1", inbound } } })
  const cache = Context.get(controlPlane.services, ResourceCache)
  await eventually(() => cache.get(stored)?.version, (version) => version === stored.version)
}

describe("a proxy's health stream", () => {
  it("is told at once what to look at, and again when that is another", async () => {
    const controlPlane = await start()
    const client = healthClient(controlPlane)
    client.ask("default.kv-1")
    await eventually(() => client.received.length, (length) => length === 1)
    expect(client.received[0]?.clusterHealthChecks).toEqual([])
    await controlPlane.put(probed(80))
    await eventually(() => client.received.length, (length) => length === 2)
    const [check] = client.received[1]?.clusterHealthChecks ?? []
    expect(check?.clusterName).toBe("localhost:8080")
    expect(check?.healthChecks[0]).toMatchObject({
      interval: { seconds: 2n }, unhealthyThreshold: 3, healthChecker: { case: "tcpHealthCheck" }
    })
  })

  it("is told the newest once it reads again, and nothing of what came before waits for it", async () => {
    const controlPlane = await start()
    const put = (round: number) => putMany(controlPlane, round)
    const proxy = unreadStream(controlPlane, tls, "health", { node: { id: "default.kv-1" } })
    cleanups.push(proxy.close)
    await put(1)
    await proxy.begun
    for (let round = 2; round <= 5; round += 1) await put(round)
    const responses = proxy.read()
    await eventually(() => responses.at(-1)?.[0], (first) => first === "localhost:5000")
    expect(responses.length).toBeLessThan(5)
  }, 60_000)

  it("makes its inbound ready and unready by what it reports", async () => {
    const controlPlane = await start()
    await controlPlane.put(probed(80))
    await known(controlPlane)
    const client = healthClient(controlPlane)
    client.ask("default.kv-1")
    await eventually(() => client.received.length, (length) => length === 1)
    // Again and again, as Envoy does: a report that comes before the last one is known is taken for old news.
    const reporting = (clusters: Readonly<Record<string, HealthStatus>>, ready: boolean) =>
      eventually(() => {
        client.report(clusters)
        return inboundOf(controlPlane)
      }, (one) => one?.state === (ready ? "Ready" : "NotReady") && one.health?.ready === ready)
    await reporting({ "localhost:8080": HealthStatus.HEALTHY }, true)
    await reporting({ "localhost:8080": HealthStatus.TIMEOUT }, false)
    client.report({ "localhost:8080": HealthStatus.HEALTHY, "kuma:envoy:admin": HealthStatus.UNHEALTHY, "x:1": 1 })
    await reporting({ "localhost:8080": HealthStatus.HEALTHY, "kuma:envoy:admin": HealthStatus.HEALTHY }, true)
  })

  it("never touches what the operator wrote", async () => {
    const controlPlane = await start()
    await controlPlane.put(probed(80, { [TASK_LABEL]: "kv-1" }))
    await known(controlPlane)
    const client = healthClient(controlPlane)
    client.ask("default.kv-1")
    await eventually(() => client.received.length, (length) => length === 1)
    expect(client.received[0]?.clusterHealthChecks).toEqual([])
    client.report({ "localhost:8080": HealthStatus.HEALTHY })
    client.report({ "localhost:8080": HealthStatus.HEALTHY })
    // Refused once all that was sent before was read.
    client.ask("default.another")
    expect((await client.ended).code).toBe(status.INVALID_ARGUMENT)
    expect(await inboundOf(controlPlane)).toMatchObject({ state: "NotReady" })
  })

  it("counts on when the proxy comes back with the same resource", async () => {
    const controlPlane = await start()
    const { labels: _, spec, ...key } = probed(80)
    const { health: __, state: ___, ...inbound } = spec.networking?.inbound?.[0] ?? { port: 0 }
    const resource = JSON.stringify({ ...key, networking: { address: "127.0.0.1", inbound: [inbound] } })
    const enter = async (): Promise<void> => {
      const ads = adsClient(controlPlane, tls)
      cleanups.push(() => ads.close())
      ads.send({ node: { id: "default.kv-1", metadata: { "dataplane.resource": resource } }, typeUrl: TypeUrl.Cluster })
      await eventually(() => ads.received.length, (length) => length > 0)
    }
    await enter()
    await eventually(() => inboundOf(controlPlane), (one) => one?.state === "NotReady")
    await known(controlPlane)
    const client = healthClient(controlPlane)
    client.ask("default.kv-1")
    await eventually(() => client.received.length, (length) => length === 1)
    client.report({ "localhost:8080": HealthStatus.HEALTHY })
    await eventually(() => inboundOf(controlPlane), (one) => one?.state === "Ready")
    await enter()
    expect(await inboundOf(controlPlane)).toMatchObject({ state: "Ready", health: { ready: true } })
  })

  it("gives way to a newer one of the same proxy", async () => {
    const controlPlane = await start()
    const [older, newer] = [healthClient(controlPlane), healthClient(controlPlane)]
    older.ask("default.kv-1")
    await eventually(() => older.received.length, (length) => length === 1)
    newer.ask("default.kv-1")
    expect((await older.ended).code).toBe(status.ABORTED)
    await eventually(() => newer.received.length, (length) => length === 1)
  })

  it("is read no faster than the proxy's share of the time, and others are heard", async () => {
    const controlPlane = await start({ work: { atOnce: 25_000, perSecond: 1 } })
    await controlPlane.put(probed(80))
    await known(controlPlane)
    const [greedy, other] = [bareStream(controlPlane, tls, "health"), healthClient(controlPlane)]
    cleanups.push(greedy.close)
    greedy.send({ node: { id: "default.kv-1" } })
    await eventually(() => greedy.answered(), (bytes) => bytes > 0)
    let isOver = false
    void greedy.ended.then(() => { isOver = true })
    const report = frame(encodeReport({ "localhost:8080": HealthStatus.HEALTHY }))
    // The last would end it, if it were read.
    const another = frame(encode("health", { node: { id: "default.another" } }))
    greedy.sendBytes(Buffer.concat([...Array.from({ length: 200 }, () => report), another]))
    other.ask("default.kv-2")
    await eventually(() => other.received.length, (length) => length === 1)
    other.ask("default.another")
    expect((await other.ended).code).toBe(status.INVALID_ARGUMENT)
    expect(isOver).toBe(false)
  })

  it("is cut where its proxy doesn't even read that it is over", async () => {
    const controlPlane = await start()
    await putMany(controlPlane, 1)
    const older = unreadStream(controlPlane, tls, "health", { node: { id: "default.kv-1" } })
    await older.begun
    await putMany(controlPlane, 2)
    healthClient(controlPlane).ask("default.kv-1")
    await older.ended
  }, 45_000)

  it("ends with its right: a token that is revoked, at the latest with its next report", async () => {
    const controlPlane = await start({ auth: "dpToken" })
    await controlPlane.put(probed(80))
    const token = await controlPlane.token("kv-1")
    const client = healthClient(controlPlane, [token])
    client.ask("default.kv-1")
    await eventually(() => client.received.length, (length) => length === 1)
    const { jti } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
    await controlPlane.put({
      type: "Secret", mesh: "default", name: "dataplane-token-revocations-default", labels: {},
      spec: { data: Buffer.from(jti).toString("base64") }
    })
    const end = await client.ended
    expect(end.code).toBe(status.PERMISSION_DENIED)
    expect(end.details).toMatch(/^TokenRevoked/)
  }, 20_000)

  it("says nothing of a workload that its token isn't good for", async () => {
    const controlPlane = await start({ auth: "dpToken" })
    await controlPlane.put(probed(80))
    await known(controlPlane)
    const client = healthClient(controlPlane, [await controlPlane.token("", { "kuma.io/service": ["other"] })])
    client.ask("default.kv-1")
    const end = await client.ended
    expect(end.details).toMatch(/^TokenTagMismatch/)
    expect(client.received).toEqual([])
  })

  it.each([
    ["a node id that names nobody", "kv-1", status.INVALID_ARGUMENT],
    ["nothing to prove who it is", "default.kv-1", status.UNAUTHENTICATED]
  ])("is refused with %s", async (_, id, code) => {
    const controlPlane = await start({ auth: "dpToken" })
    const client = healthClient(controlPlane)
    client.ask(id)
    expect((await client.ended).code).toBe(code)
    expect(client.received).toEqual([])
  })

  it("is refused where a report comes first", async () => {
    const controlPlane = await start()
    const client = healthClient(controlPlane)
    client.report({ "localhost:8080": HealthStatus.HEALTHY })
    expect((await client.ended).code).toBe(status.INVALID_ARGUMENT)
  })
})

const ENVOYS_OWN = "kuma:envoy:admin"

describe("a proxy without probes", () => {
  const unprobed = (): DesiredResource<"Dataplane"> => {
    const { spec, ...rest } = probed(80)
    const inbound = [{ port: 80, servicePort: 8080, tags: { "kuma.io/service": "kv" } }]
    return { ...rest, spec: { networking: { ...spec.networking, inbound } } }
  }

  it("leaves by its Envoy's own word that it isn't ready any more, and comes back by it", async () => {
    const controlPlane = await start()
    await controlPlane.put(unprobed())
    await known(controlPlane)
    const client = healthClient(controlPlane)
    client.ask("default.kv-1", { "dataplane.admin.address": "127.0.0.1", "dataplane.admin.port": "9901" })
    await eventually(() => client.received.length, (length) => length === 1)
    expect(client.received[0]?.clusterHealthChecks).toMatchObject([
      { clusterName: ENVOYS_OWN, healthChecks: [{ healthChecker: { value: { path: "/ready" } } }] }
    ])
    const reporting = (health: HealthStatus, state: string) =>
      eventually(() => {
        client.report({ [ENVOYS_OWN]: health })
        return inboundOf(controlPlane)
      }, (one) => one?.state === state)
    await reporting(HealthStatus.UNHEALTHY, "NotReady")
    await reporting(HealthStatus.HEALTHY, "Ready")
  })

  it("stays by a first report, when its Envoy may not be up yet, and while that is too busy to say", async () => {
    const controlPlane = await start()
    const { version } = await controlPlane.put(unprobed())
    await known(controlPlane)
    const client = healthClient(controlPlane)
    client.ask("default.kv-1")
    await eventually(() => client.received.length, (length) => length === 1)
    client.report({ [ENVOYS_OWN]: HealthStatus.UNHEALTHY })
    client.report({ [ENVOYS_OWN]: HealthStatus.HEALTHY })
    client.report({ [ENVOYS_OWN]: HealthStatus.TIMEOUT })
    // Refused once all that was sent before was read.
    client.ask("default.another")
    await client.ended
    expect((await controlPlane.get({ type: "Dataplane", mesh: "default", name: "kv-1" }))?.version).toBe(version)
  })
})

describe("a real Envoy", () => {
  /** One by its bootstrap, at whose inbound it may be looked; gives where its admin interface answers. */
  const enter = async (
    controlPlane: ControlPlane,
    more: Pick<Inbound, "servicePort" | "serviceProbe">
  ): Promise<string> => {
    const [port, adminPort] = [await freePort(), await freePort()]
    const inbound = [{ port, ...more, tags: { "kuma.io/service": "kv" } }]
    const resource = { type: "Dataplane", mesh: "default", name: "kv-1", networking: { address: "127.0.0.1", inbound } }
    const answer = await askBootstrap(controlPlane, tls, {
      mesh: "default", name: "kv-1", adminPort, dataplaneResource: JSON.stringify(resource)
    })
    expect(answer.status, answer.body).toBe(200)
    const admin = `http://127.0.0.1:${adminPort}`
    cleanups.push((await startEnvoy(answer.body, { admin })).stop)
    return admin
  }

  it("is asked to by its bootstrap, and holds its inbound back until the workload listens", async () => {
    const controlPlane = await start()
    const workload = await freePort()
    await enter(controlPlane, { servicePort: workload, serviceProbe: { tcp: {}, interval: "1s" } })
    await eventually(() => inboundOf(controlPlane), (one) => one?.state === "NotReady", 20_000)
    const server = createServer((socket) => socket.end())
    await listen(server, workload)
    await eventually(() => inboundOf(controlPlane), (one) => one?.state === "Ready", 20_000)
    await new Promise((resolve) => server.close(resolve))
    await eventually(() => inboundOf(controlPlane), (one) => one?.state === "NotReady", 20_000)
  }, 60_000)

  it("without a probe takes its inbound away while it drains", async () => {
    const controlPlane = await start()
    const admin = await enter(controlPlane, {})
    const first = await eventually(() => inboundOf(controlPlane), (one) => one !== undefined)
    expect(first?.state).toBeUndefined()
    await fetch(`${admin}/healthcheck/fail`, { method: "POST" })
    await eventually(() => inboundOf(controlPlane), (one) => one?.state === "NotReady", 20_000)
    await fetch(`${admin}/healthcheck/ok`, { method: "POST" })
    await eventually(() => inboundOf(controlPlane), (one) => one?.state === "Ready", 20_000)
  }, 60_000)
})

const listen = async (server: Server, port: number): Promise<void> => {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  cleanups.push(() => server.close())
}
