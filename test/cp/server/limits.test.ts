// One proxy may ask for so much and no more: its names, its requests, what is noted of it.
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { status } from "@grpc/grpc-js"
import { Context } from "effect"
import { describe, expect, it } from "vitest"
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema
} from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import {
  HealthCheckRequestOrEndpointHealthResponseSchema as HealthMessageSchema
} from "../../../src/cp/proto/envoy/service/health/v3/hds_pb.js"
import type { AllowanceOptions } from "../../../src/cp/Allowance.ts"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { adsService } from "../../../src/cp/server/adsService.ts"
import { hdsService } from "../../../src/cp/server/hds/hdsService.ts"
import { changeNames, type Names, NO_NAMES } from "../../../src/cp/server/Names.ts"
import { excessOf, MAX_NAME_BYTES, MAX_NAMES } from "../../../src/cp/server/limits.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { adsClient, firstRequest } from "./adsClient.ts"
import { bareStream, frame } from "./bareStream.ts"
import { Conversation } from "./conversation.ts"
import { dataplane, eventually, mesh } from "./startControlPlane.ts"
import { useControlPlanes } from "./useControlPlanes.ts"

const { cleanups, start, tls } = await useControlPlanes(mesh("default", false))

const named = (count: number, prefix = "x"): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
const versions = (names: ReadonlyArray<string>) => Object.fromEntries(names.map((name) => [name, "1"]))

const deltaBytes = (fields: object): Buffer =>
  Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, fields)))
const readDelta = (bytes: Buffer) => adsService.DeltaAggregatedResources.requestDeserialize(bytes)
const ofDelta = (fields: object) => readDelta(deltaBytes(fields))
const ofSotw = (fields: object) =>
  adsService.StreamAggregatedResources.requestDeserialize(
    Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, fields)))
  )

const ofHealth = (fields: MessageInitShape<typeof HealthMessageSchema>) =>
  hdsService.StreamHealthCheck.requestDeserialize(
    Buffer.from(toBinary(HealthMessageSchema, create(HealthMessageSchema, fields)))
  )

const node = { id: "default.kv-1", metadata: { text: "é" } }

/** The tag and the length of a field that has so many bytes, from 128 to 2^21. */
const head = (field: number, length: number): Buffer =>
  Buffer.from([(field << 3) | 2, (length & 127) | 128, ...(length < 16_384 ? [length >> 7] : [
    ((length >> 7) & 127) | 128, length >> 14
  ])])
/** A node that says nothing but that it has so many. */
const manyExtensions = (count: number): Buffer =>
  Buffer.concat([head(1, 2 * count), Buffer.alloc(2 * count, Buffer.from([0x4a, 0]))])
const nestedList = (depth: number): ReadonlyArray<unknown> => {
  let list: ReadonlyArray<unknown> = []
  for (let at = 0; at < depth; at++) list = [list]
  return list
}

describe("one request", () => {
  it.each([
    ["names to subscribe to", () => ofDelta({ resourceNamesSubscribe: named(MAX_NAMES + 1) })],
    ["names to subscribe to beside a node", () => ofDelta({ node, resourceNamesSubscribe: named(MAX_NAMES + 1) })],
    ["names that aren't wanted", () => ofDelta({ resourceNamesUnsubscribe: named(MAX_NAMES + 1) })],
    ["versions that it brings", () => ofDelta({ initialResourceVersions: versions(named(MAX_NAMES + 1)) })],
    ["places of resources", () => ofDelta({ resourceLocatorsSubscribe: named(MAX_NAMES + 1).map(() => ({})) })],
    ["names of state of the world", () => ofSotw({ resourceNames: named(MAX_NAMES + 1) })],
    ["letters in a name", () => ofDelta({ resourceNamesSubscribe: ["n".repeat(MAX_NAME_BYTES + 1)] })],
    ["letters in a name of state of the world", () => ofSotw({ resourceNames: ["é".repeat(MAX_NAME_BYTES)] })],
    ["letters in a version", () => ofDelta({ initialResourceVersions: { a: "1".repeat(3 * MAX_NAME_BYTES) } })],
    ["bytes of a node", () => ofDelta({ node: { id: "n".repeat(2 * 1024 * 1024 + 1) } })],
    ["extensions of a node", () => ofDelta({ node: { extensions: named(20_001).map(() => ({})) } })],
    ["values in a node", () => ofSotw({ node: { metadata: { all: named(20_001).map(() => null) } } })],
    ["details of an error", () => ofSotw({ errorDetail: { details: named(20_001).map(() => ({})) } })],
    ["lists in lists", () => ofDelta({ node: { metadata: { deep: nestedList(300) } } })],
    ["nodes, each of them small", () => readDelta(Buffer.concat(named(21).map(() => manyExtensions(1_000))))],
    ["fields that nobody knows", () => readDelta(Buffer.alloc(2 * MAX_NAMES + 2, Buffer.from([0x78, 0])))]
  ])("has no more %s than a proxy needs", (_, decode) => {
    expect(decode()).toEqual({ excess: expect.stringMatching(/\d/) })
  })

  it.each([
    // The node's first field goes on behind it, and what would be an error to who doesn't know are names.
    ["ends behind what holds it", Buffer.concat([
      Buffer.from([0x0a, 2, 0x0a, 4]), head(7, 60_000), Buffer.alloc(60_000, Buffer.from([0x1a, 0]))
    ])],
    ["holds a number where its tag tells of bytes", Buffer.concat([
      head(7, 60_004), head(1, 60_000), Buffer.alloc(60_000, Buffer.from([0x1a, 0]))
    ])],
    ["is an entry of more than a key and a value", Buffer.concat([
      head(5, 2_000), Buffer.alloc(2_000, Buffer.from([0x0a, 0]))
    ])]
  ])("is none where a field of it %s", (_, bytes) => {
    expect(readDelta(bytes)).toEqual({ invalid: expect.stringMatching(/field/) })
  })

  it("tells of no more endpoints' health than there could be", () => {
    const endpointsHealth = named(20_001).map(() => ({}))
    expect(ofHealth({ requestType: { case: "endpointHealthResponse", value: { endpointsHealth } } }))
      .toEqual({ invalid: expect.stringMatching(/\d/) })
  })

  it("has the node of an Envoy, which has a thousand extensions", () => {
    const extensions = named(1_000).map((name) => ({ name, category: "envoy.filters", typeUrls: [name, name] }))
    expect(ofDelta({ node: { id: "default.kv-1", extensions, metadata: { a: [1, true, null, { b: "c" }] } } }))
      .toMatchObject({ request: { node: { id: "default.kv-1", metadata: { a: [1, true, null, { b: "c" }] } } } })
  })

  it("has all that a proxy of 10,000 clusters comes back with, in less than a request may have", () => {
    const names = named(10_000, "n".repeat(95))
    const fields = { node, resourceNamesSubscribe: [...names], initialResourceVersions: versions(names) }
    const decoded = ofDelta({ ...fields, typeUrl: TypeUrl.ClusterLoadAssignment })
    expect(decoded).toMatchObject({ bytes: expect.toSatisfy((bytes: number) => bytes < 3_500_000) })
    expect("request" in decoded && decoded.request.resourceNamesSubscribe).toHaveLength(10_000)
  })

  it("is measured whatever its tags say of how it is to be read", () => {
    const one = Buffer.from([0x18, 1, 0x61])
    const decoded = readDelta(Buffer.alloc(3 * (MAX_NAMES + 1), one))
    expect("request" in decoded).toBe(false)
  })
})

describe("one stream", () => {
  it("asks for so many names of all types and no more", () => {
    const proxy = new Conversation("delta", new Map())
    proxy.subscribe("ClusterLoadAssignment", named(MAX_NAMES / 2))
    proxy.subscribe("RouteConfiguration", named(MAX_NAMES / 2))
    expect(excessOf(proxy.state)).toBeNull()
    proxy.subscribe("RouteConfiguration", ["one"])
    expect(excessOf(proxy.state)).toContain(String(MAX_NAMES))
    proxy.unsubscribe("ClusterLoadAssignment", ["x-1"])
    expect(excessOf(proxy.state)).toBeNull()
  })

  it("leaves no more that is unheard of with who holds it open and reads nothing", () => {
    const proxy = new Conversation("delta", new Map())
    proxy.subscribe("Cluster")
    proxy.unsubscribe("Cluster", named(MAX_NAMES))
    expect(excessOf(proxy.state)).toBeNull()
    proxy.unsubscribe("Cluster", ["one"])
    expect(excessOf(proxy.state)).toContain(String(MAX_NAMES))
  })

  it("ends as it asks for more, with a reason that stands in the journal, and others go on", async () => {
    const controlPlane = await start()
    for (const name of ["kv-1", "kv-2"]) await controlPlane.put(dataplane(name, "kv", { port: 8_080 }))
    const [greedy, other] = [adsClient(controlPlane, tls), adsClient(controlPlane, tls)]
    cleanups.push(greedy.close, other.close)
    other.send(firstRequest("kv-2"))
    greedy.send(firstRequest("kv-1"))
    await eventually(() => [greedy, other].map(({ received }) => received.length), ([a = 0, b = 0]) => a > 0 && b > 0)
    for (const prefix of ["a", "b", "c"]) {
      greedy.send({ typeUrl: TypeUrl.ClusterLoadAssignment, resourceNamesSubscribe: [...named(8_000, prefix)] })
    }
    expect(await greedy.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining("TooManyNames")
    })
    const of = (kind: string) => controlPlane.journal.filter((entry) => entry.kind === kind)
    await eventually(() => of("disconnected").length, (count) => count === 1)
    expect(of("refused")).toMatchObject([{ key: "Dataplane/default/kv-1", door: "ads", reason: "TooManyNames" }])
    expect(of("disconnected")).toMatchObject([{ reason: expect.stringContaining("TooManyNames") }])
    other.send({ typeUrl: TypeUrl.ClusterLoadAssignment, resourceNamesSubscribe: ["one"] })
    await eventually(() => other.received.length, (count) => count > 1)
  })

  it("ends by one request of too many names", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    const client = adsClient(controlPlane, tls)
    cleanups.push(client.close)
    client.send(firstRequest("kv-1"))
    await eventually(() => client.received.length, (count) => count > 0)
    client.send({ typeUrl: TypeUrl.ClusterLoadAssignment, resourceNamesSubscribe: [...named(100_000)] })
    expect(await client.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining("TooManyNames")
    })
  })
})

describe("a request", () => {
  it("may have four mebibytes and no more, however few names it has", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    const client = adsClient(controlPlane, tls)
    cleanups.push(client.close)
    client.send(firstRequest("kv-1"))
    await eventually(() => client.received.length, (count) => count > 0)
    // A thousand letters and three more bytes each.
    const ofKilobytes = (count: number) => named(count, "n".repeat(994)).map((name) => name.padEnd(1_000, "."))
    const answers = client.received.length
    client.send({ typeUrl: TypeUrl.ClusterLoadAssignment, resourceNamesSubscribe: ofKilobytes(4_100) })
    await eventually(() => client.received.length, (count) => count > answers)
    client.send({ typeUrl: TypeUrl.ClusterLoadAssignment, resourceNamesSubscribe: ofKilobytes(4_250) })
    expect(await client.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining(String(4 * 1024 * 1024))
    })
  })
})

describe("one proxy's work", () => {
  const proxyOf = (name: string) => ({ proxyType: "dataplane", mesh: "default", name }) as const
  const typeUrl = TypeUrl.ClusterLoadAssignment

  /** Two proxies that have what they asked for; `asked`: how many names the first one's requests were read to ask for. */
  const meet = async (work?: AllowanceOptions, brought: ReadonlyArray<string> = named(5_000)) => {
    const controlPlane = await start(work === undefined ? {} : { work })
    for (const name of ["kv-1", "kv-2"]) await controlPlane.put(dataplane(name, "kv", { port: 8_080 }))
    const ads = Context.get(controlPlane.services, AdsServer)
    const asked = () => ads.stream(proxyOf("kv-1"))?.subscriptions.get(typeUrl)?.names.size ?? 0
    const askedBefore: Array<number> = []
    const greedy = bareStream(controlPlane, tls, "delta")
    const other = adsClient(controlPlane, tls, [], () => void askedBefore.push(asked()))
    cleanups.push(greedy.close, other.close)
    /** All at once, as no honest client does. */
    const send = (...requests: ReadonlyArray<object>): void =>
      greedy.sendBytes(Buffer.concat(requests.map((fields) => frame(deltaBytes(fields)))))
    send({ ...firstRequest("kv-1"), initialResourceVersions: versions(brought) })
    other.send(firstRequest("kv-2"))
    await eventually(() => [greedy.answered(), other.received.length], ([a = 0, b = 0]) => a > 0 && b > 0)
    /** How many names of the first one's were read before the second one was answered. */
    const answerOther = async (): Promise<number> => {
      const before = askedBefore.length
      other.send({ typeUrl, resourceNamesSubscribe: [`one-${before}`] })
      await eventually(() => askedBefore.length, (length) => length > before)
      return askedBefore[before] ?? Number.NaN
    }
    return { answerOther, asked, controlPlane, greedy, send }
  }

  it("is done a turn at a time: who asks for little that costs much holds up others for a few of its requests", async () => {
    const { answerOther, asked, send } = await meet()
    // Few bytes, and thousands of names to be looked at for each.
    send(...named(100).map((name) => ({ typeUrl, resourceNamesSubscribe: [name] })))
    expect(await answerOther()).toBeLessThan(20)
    await eventually(asked, (count) => count === 100)
  })

  it("is so much, and then waits: what is left isn't read, and others are answered", async () => {
    const { answerOther, asked, send } = await meet({ atOnce: 100_000, perSecond: 1 })
    for (const prefix of ["a", "b", "c", "d", "e", "f", "g", "h"]) {
      send({ typeUrl, resourceNamesSubscribe: named(2_000, prefix) })
    }
    await eventually(asked, (count) => count > 0)
    await answerOther()
    await answerOther()
    expect(asked()).toBeLessThan(8_000)
  })

  it("is also what it says beside names", async () => {
    const { answerOther, asked, send } = await meet({ atOnce: 100_000, perSecond: 1 }, [])
    for (const name of named(8)) {
      send({ typeUrl, resourceNamesSubscribe: [name], errorDetail: { message: "m".repeat(100_000) } })
    }
    await eventually(asked, (count) => count > 0)
    await answerOther()
    await answerOther()
    expect(asked()).toBeLessThan(6)
  })

  it("is spent by whichever of its streams: who comes back all the time comes in later", async () => {
    const { controlPlane, greedy } = await meet({ atOnce: 100_000, perSecond: 1 })
    const connected = () => controlPlane.journal.filter(({ key, kind }) => kind === "connected" && key.endsWith("kv-1"))
    const clients = Array.from({ length: 10 }, () => adsClient(controlPlane, tls))
    for (const { close, send } of clients) {
      cleanups.push(close)
      send(firstRequest("kv-1"))
    }
    expect((await greedy.ended).code).toBe(status.ABORTED)
    const newcomer = adsClient(controlPlane, tls)
    cleanups.push(newcomer.close)
    newcomer.send(firstRequest("kv-2"))
    await eventually(() => newcomer.received.length, (length) => length > 0)
    expect(connected().length).toBeLessThan(7)
  })

  it.each(["delta", "health"] as const)("is waited for by the newest of its streams alone: %s", async (variant) => {
    const controlPlane = await start({ work: { atOnce: 0, perSecond: 1 } })
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    const streams = Array.from({ length: 8 }, () => bareStream(controlPlane, tls, variant))
    const ends: Array<number | null> = []
    for (const { close, ended, send } of streams) {
      cleanups.push(close)
      void ended.then(({ code }) => void ends.push(code))
      send({ node: { id: "default.kv-1" }, typeUrl: TypeUrl.Cluster })
    }
    // The first one owes nothing yet, the last one waits.
    await eventually(() => ends.length, (length) => length >= 6)
    expect(ends).toEqual(new Array(6).fill(status.ABORTED))
  })
})

describe("names", () => {
  it("are those of a set that is copied for each change, and older ones stay as they were", () => {
    const change = fc.array(fc.tuple(fc.nat(60).map(String), fc.boolean()), { maxLength: 6 })
    fc.assert(fc.property(fc.array(change, { maxLength: 40 }), (all) => {
      let [names, plain]: [Names, ReadonlySet<string>] = [NO_NAMES, new Set()]
      const before: Array<readonly [Names, ReadonlySet<string>]> = []
      for (const changes of [named(50, "").map((name) => [name.slice(1), true] as const), ...all]) {
        names = changeNames(names, new Map(changes))
        plain = new Set([...plain].concat([...new Map(changes)].flatMap(([name, isIn]) => isIn ? [name] : []))
          .filter((name) => new Map(changes).get(name) !== false))
        before.push([names, plain])
      }
      for (const [ours, theirs] of before) {
        expect(new Set(ours)).toEqual(theirs)
        expect(ours.size).toBe(theirs.size)
        for (let name = 0; name <= 60; name++) expect(ours.has(String(name))).toBe(theirs.has(String(name)))
      }
    }))
  })

  it("aren't copied for one that changes", () => {
    const all = changeNames(NO_NAMES, new Map(named(1_600).map((name) => [name, true])))
    const more = changeNames(all, new Map([["one", true]]))
    expect([all.size, more.size, more instanceof Set]).toEqual([1_600, 1_601, false])
    expect(changeNames(more, new Map([["one", true]]))).toBe(more)
  })
})
