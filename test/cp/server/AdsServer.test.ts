import { status } from "@grpc/grpc-js"
import { Context } from "effect"
import { describe, expect, it } from "vitest"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { VARIANTS } from "./bareStream.ts"
import { type AdsClient, adsClient, firstRequest, unreadStream } from "./adsClient.ts"
import { type ControlPlane, dataplane, eventually, mesh } from "./startControlPlane.ts"
import { useControlPlanes } from "./useControlPlanes.ts"

const { cleanups, createStore, start, tls } = await useControlPlanes(mesh("default", false))

const connect = (controlPlane: ControlPlane, authorization: ReadonlyArray<string> = []): AdsClient => {
  const client = adsClient(controlPlane, tls, authorization)
  cleanups.push(client.close)
  return client
}

const connected = (controlPlane: ControlPlane) => Context.get(controlPlane.services, AdsServer).connected()
const kinds = (controlPlane: ControlPlane, kind: string) => controlPlane.journal.filter((entry) => entry.kind === kind)

describe("a stream is refused", () => {
  it("without a token, by words that say what to bring", async () => {
    const controlPlane = await start({ auth: "dpToken" })
    const client = connect(controlPlane)
    client.send(firstRequest("kv-1"))
    expect(await client.ended).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: expect.stringContaining("CredentialMissing")
    })
    expect(kinds(controlPlane, "refused")).toMatchObject([{ key: "Dataplane/default/kv-1", reason: "CredentialMissing" }])
    expect(connected(controlPlane)).toEqual([])
  })

  it("with a token for another proxy, and nothing of the token is kept", async () => {
    const controlPlane = await start({ auth: "dpToken" })
    const token = await controlPlane.token("other")
    const client = connect(controlPlane, [token])
    client.send(firstRequest("kv-1"))
    expect(await client.ended).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining("TokenNameMismatch")
    })
    expect(JSON.stringify(controlPlane.journal)).not.toContain(token.slice(0, 20))
  })

  it.each([
    ["no node", { typeUrl: TypeUrl.Cluster }],
    ["a node without a mesh", { typeUrl: TypeUrl.Cluster, node: { id: ".kv-1" } }],
    ["a node of an unknown type", {
      typeUrl: TypeUrl.Cluster,
      node: { id: "default.kv-1", metadata: { "dataplane.proxyType": "gateway" } }
    }]
  ])("with %s", async (_, request) => {
    const client = connect(await start())
    client.send(request)
    expect((await client.ended).code).toBe(status.INVALID_ARGUMENT)
  })
})

describe("an open stream", () => {
  it("may leave its node out later on, but not change it", async () => {
    const controlPlane = await start()
    const client = connect(controlPlane)
    client.send(firstRequest("kv-1"))
    client.send({ typeUrl: TypeUrl.Listener })
    await eventually(() => connected(controlPlane).length, (count) => count === 1)
    client.send({ typeUrl: TypeUrl.Listener, node: { id: "default.kv-2" } })
    expect(await client.ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining("node id")
    })
  })

  it("is closed within seconds of its token's revocation, the others stay", async () => {
    const controlPlane = await start({ auth: "dpToken" })
    const [mine, other] = [await controlPlane.token("kv-1"), await controlPlane.token("kv-2")]
    const [revoked, kept] = [connect(controlPlane, [mine]), connect(controlPlane, [other])]
    revoked.send(firstRequest("kv-1"))
    kept.send(firstRequest("kv-2"))
    await eventually(() => connected(controlPlane).length, (count) => count === 2)
    const jti = (JSON.parse(Buffer.from(mine.split(".")[1] ?? "", "base64url").toString()) as { jti: string }).jti
    const at = Date.now()
    await controlPlane.put({
      type: "Secret",
      mesh: "default",
      name: "dataplane-token-revocations-default",
      labels: {},
      spec: { data: Buffer.from(jti).toString("base64") }
    })
    expect(await revoked.ended).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining("TokenRevoked")
    })
    expect(Date.now() - at).toBeLessThan(2_000)
    expect(connected(controlPlane)).toMatchObject([{ name: "kv-2" }])
  })

  it("gives way to a newer one of the same proxy", async () => {
    const controlPlane = await start()
    const older = connect(controlPlane)
    older.send(firstRequest("kv-1"))
    await eventually(() => connected(controlPlane).length, (count) => count === 1)
    const newer = connect(controlPlane)
    newer.send(firstRequest("kv-1"))
    expect((await older.ended).code).toBe(status.ABORTED)
    await eventually(() => connected(controlPlane).length, (count) => count === 1)
  })

  it("is told that the control plane stops, and its proxy stays registered", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    const client = connect(controlPlane)
    client.send(firstRequest("kv-1"))
    await eventually(() => client.received.length, (count) => count > 0)
    await controlPlane.stop()
    expect((await client.ended).code).toBe(status.UNAVAILABLE)
  })
})

describe("a change of one endpoint", () => {
  it("is one response with one resource to each caller, noted once when sent and once when taken", async () => {
    const controlPlane = await start()
    const callers = Array.from({ length: 20 }, (_, index) => `app-${index}`)
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    await controlPlane.put(dataplane("log-1", "log", { port: 8_080 }))
    const calls = [{ service: "kv", port: 20_000 }, { service: "log", port: 20_001 }]
    for (const name of callers) await controlPlane.put(dataplane(name, name, { port: 8_080 }, calls))
    await controlPlane.put(dataplane("other", "other", { port: 8_080 }, calls.slice(1)))
    const clients = [...callers, "other"].map((name) => {
      const client = connect(controlPlane)
      client.send(firstRequest(name))
      client.send({ typeUrl: TypeUrl.ClusterLoadAssignment, resourceNamesSubscribe: ["kv", "log"] })
      return client
    })
    const hasAssignments = ({ received }: AdsClient): boolean =>
      received.some(({ typeUrl }) => typeUrl === TypeUrl.ClusterLoadAssignment)
    await eventually(() => clients.every(hasAssignments), (all) => all, 20_000)
    const noted = (kind: string) => kinds(controlPlane, kind).length
    const answered = new Set<unknown>()
    /** Has each client take what came; answers how many responses aren't taken yet. */
    const take = (): number => {
      for (const client of clients) {
        for (const response of client.received) {
          if (!answered.has(response)) client.send({ typeUrl: response.typeUrl, responseNonce: response.nonce })
          answered.add(response)
        }
      }
      return noted("pushed") - noted("acked")
    }
    const cache = Context.get(controlPlane.services, ResourceCache)
    await eventually(() => cache.list("Dataplane").length, (count) => count === callers.length + 3)
    await eventually(take, (open) => open === 0, 20_000)
    const before = { received: clients.map(({ received }) => received.length), pushed: noted("pushed") }

    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_081 }))
    await eventually(() => noted("pushed") - before.pushed, (count) => count >= callers.length, 20_000)
    const news = () => clients.map(({ received }, index) => received.slice(before.received[index]))
    await eventually(() => news().flat().length, (count) => count >= callers.length, 20_000)
    const changed = news()
    const brief = changed.map((responses) =>
      responses.map(({ resources, typeUrl }) => [typeUrl, ...resources.map(({ name }) => name)]))
    expect(brief).toEqual([...callers.map(() => [[TypeUrl.ClusterLoadAssignment, "kv"]]), []])
    const contents = changed.flat().flatMap(({ resources }) => resources.map(({ resource }) => resource?.value.join()))
    expect(new Set(contents).size).toBe(1)
    await eventually(take, (open) => open === 0, 20_000)
    expect(noted("pushed") - before.pushed).toBe(callers.length)
  })
})

describe("a slow reader", () => {
  it.each(VARIANTS)("by %s costs no queue, holds up nobody, and gets the newest once it reads", async (variant) => {
    const controlPlane = await start()
    // Names that make each response larger than HTTP/2 sends without a reader (64 KiB).
    const outbounds = (round: number) =>
      Array.from({ length: 400 }, (_, at) => ({ service: `${round}-${at}-${"x".repeat(150)}`, port: 20_000 + at }))
    for (const name of ["slow", "quick"]) await controlPlane.put(dataplane(name, name, { port: 8_080 }, outbounds(0)))
    const slow = unreadStream(controlPlane, tls, variant, firstRequest("slow"))
    cleanups.push(slow.close)
    const quick = connect(controlPlane)
    quick.send(firstRequest("quick"))
    const pushes = (name: string) =>
      kinds(controlPlane, "pushed").filter(({ key }) => key === `Dataplane/default/${name}`).length
    await eventually(() => pushes("slow"), (count) => count > 0)
    const rounds = 10
    for (let round = 1; round <= rounds; round++) {
      for (const name of ["slow", "quick"]) {
        await controlPlane.put(dataplane(name, name, { port: 8_080 }, outbounds(round)))
      }
      const newest = () => quick.received.at(-1)?.resources.some(({ name }) => name.startsWith(`${round}-`))
      await eventually(newest, (seen) => seen === true)
    }
    expect(pushes("quick")).toBeGreaterThan(rounds)
    expect(pushes("slow")).toBe(1)
    const responses = slow.read()
    await eventually(
      () => responses.at(-1)?.some((name) => name.startsWith(`${rounds}-`)),
      (seen) => seen === true
    )
    expect(responses).toHaveLength(2)
  }, 60_000)
})

describe("without an operator", () => {
  const yaml = (name: string, service = "kv") => `type: Dataplane
mesh: default
name: ${name}
networking:
  address: 127.0.0.1
  inbound:
  - port: 8080
    servicePort: 8081
    tags: {kuma.io/service: ${service}}
`
  const key = { type: "Dataplane", mesh: "default", name: "kv-1" } as const

  it("a proxy's own Dataplane is there while it is connected, and goes some time after it left", async () => {
    const controlPlane = await start()
    const client = connect(controlPlane)
    client.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    const there = await eventually(() => controlPlane.get(key), (found) => found !== null)
    expect(there?.labels).toMatchObject({ "kuma.io/zone": "default", "kuma.io/proxy-type": "sidecar" })
    expect(there?.spec.networking?.inbound?.[0]?.tags).toMatchObject({ "kuma.io/zone": "default" })
    client.close()
    await eventually(() => controlPlane.get(key), (found) => found === null)
    await eventually(
      () => controlPlane.get({ ...key, type: "DataplaneInsight" }),
      (found) => found === null
    )
  })

  it("its insight tells what its sidecar can do", async () => {
    const controlPlane = await start()
    const metadata = { "dataplane.resource": yaml("kv-1"), features: ["feature-x"] }
    connect(controlPlane).send({ node: { id: "default.kv-1", metadata }, typeUrl: TypeUrl.Cluster })
    const insight = await eventually(
      () => controlPlane.get({ ...key, type: "DataplaneInsight" }),
      (found) => found !== null
    )
    expect(insight?.spec.metadata).toEqual({ features: ["feature-x"] })
  })

  it("stays where the proxy comes back in time", async () => {
    const controlPlane = await start()
    const client = connect(controlPlane)
    client.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    await eventually(() => controlPlane.get(key), (found) => found !== null)
    // It is stored before the stream is open.
    await eventually(() => connected(controlPlane).length, (count) => count === 1)
    client.close()
    await eventually(() => kinds(controlPlane, "disconnected").length, (count) => count === 1)
    const again = connect(controlPlane)
    again.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    await eventually(() => connected(controlPlane).length, (count) => count === 1)
    const left = kinds(controlPlane, "disconnected")[0]
    expect(left).toMatchObject({ key: "Dataplane/default/kv-1" })
    const settled = Date.now() + 600
    await eventually(() => Date.now(), (now) => now > settled)
    expect(await controlPlane.get(key)).not.toBeNull()
  })

  it("stays when an older stream of the proxy ends, which a newer one took over from", async () => {
    const controlPlane = await start()
    const older = connect(controlPlane)
    older.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    await eventually(() => connected(controlPlane).length, (count) => count === 1)
    const newer = connect(controlPlane)
    newer.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    expect((await older.ended).code).toBe(status.ABORTED)
    // Whoever left after it is gone by now, so what was to be removed would be.
    const other = connect(controlPlane)
    other.send(firstRequest("kv-2", { "dataplane.resource": yaml("kv-2") }))
    await eventually(() => controlPlane.get({ ...key, name: "kv-2" }), (found) => found !== null)
    other.close()
    await eventually(() => controlPlane.get({ ...key, name: "kv-2" }), (found) => found === null)
    expect(await controlPlane.get(key)).not.toBeNull()
    expect(connected(controlPlane)).toMatchObject([{ name: "kv-1" }])
  })

  it("stays where the proxy went to another replica", async () => {
    const store = await createStore()
    const [one, other] = [await start({ store }), await start({ store, instanceId: "cp-2" })]
    const first = connect(one)
    first.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    await eventually(() => one.get(key), (found) => found !== null)
    const second = connect(other)
    second.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    await eventually(
      () => other.get({ ...key, type: "DataplaneInsight" }),
      (found) => found?.spec.subscriptions.some((open) => open.controlPlaneInstanceId === "cp-2") === true
    )
    first.close()
    const settled = Date.now() + 600
    await eventually(() => Date.now(), (now) => now > settled)
    expect(await one.get(key)).not.toBeNull()
  })

  it("the operator's Dataplanes are neither overwritten nor removed", async () => {
    const controlPlane = await start()
    const own = dataplane("kv-1", "from-the-operator", { port: 9_090 })
    await controlPlane.put({ ...own, labels: { "ecs-mesh.io/task": "kv-1" } })
    const client = connect(controlPlane)
    client.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1") }))
    await eventually(() => connected(controlPlane).length, (count) => count === 1)
    client.close()
    const settled = Date.now() + 600
    await eventually(() => Date.now(), (now) => now > settled)
    expect((await controlPlane.get(key))?.version).toBe(1)
  })

  it.each([
    ["of another name", yaml("kv-2"), "the same mesh and name"],
    ["that isn't valid", yaml("kv-1").replace("8080", "0"), "port"],
    ["that isn't YAML", "{", "dataplaneResource"]
  ])("a Dataplane %s is refused by its reason", async (_, resource, reason) => {
    const controlPlane = await start()
    const client = connect(controlPlane)
    client.send(firstRequest("kv-1", { "dataplane.resource": resource }))
    expect(await client.ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(reason)
    })
    expect(await controlPlane.get(key)).toBeNull()
  })

  it("a Dataplane that its token isn't for is never registered", async () => {
    const controlPlane = await start({ auth: "dpToken" })
    const client = connect(controlPlane, [await controlPlane.token("kv-1", { "kuma.io/service": ["web"] })])
    client.send(firstRequest("kv-1", { "dataplane.resource": yaml("kv-1", "kv") }))
    expect(await client.ended).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining("TokenTagMismatch")
    })
    expect(await controlPlane.get(key)).toBeNull()
  })
})
