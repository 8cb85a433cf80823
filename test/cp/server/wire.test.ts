import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import fc from "fast-check"
import { expect, it } from "vitest"
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema
} from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import {
  decodeDeltaRequest,
  decodeSotwRequest,
  deltaFrame,
  type DeltaMessage,
  encodeDeltaResponse,
  encodeSotwResponse,
  sotwFrame,
  type SotwMessage
} from "../../../src/cp/server/wire.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { resource } from "./resources.ts"

const outgoing = {
  typeUrl: TypeUrl.Cluster,
  nonce: "7",
  version: "v",
  resources: [resource(TypeUrl.Cluster, "a", "1", 300), resource(TypeUrl.Cluster, "b", "2", 0)],
  removed: ["c", "d"]
}

it("an incremental response is what the proto says", () => {
  const read = fromBinary(DeltaDiscoveryResponseSchema, encodeDeltaResponse(outgoing))
  expect(read).toMatchObject({ typeUrl: TypeUrl.Cluster, nonce: "7", systemVersionInfo: "v", removedResources: ["c", "d"] })
  expect(read.resources.map(({ name, version, resource }) => [name, version, resource?.typeUrl, resource?.value.length]))
    .toEqual([["a", "1", TypeUrl.Cluster, 300], ["b", "2", TypeUrl.Cluster, 0]])
})

it("a state-of-the-world response is what the proto says", () => {
  const read = fromBinary(DiscoveryResponseSchema, encodeSotwResponse(outgoing))
  expect(read).toMatchObject({ typeUrl: TypeUrl.Cluster, nonce: "7", versionInfo: "v" })
  expect(read.resources.map(({ typeUrl, value }) => [typeUrl, value.length]))
    .toEqual([[TypeUrl.Cluster, 300], [TypeUrl.Cluster, 0]])
})

it("encodes the same resource to the same bytes each time", () => {
  expect(encodeDeltaResponse(outgoing)).toEqual(encodeDeltaResponse(outgoing))
})

it("what frames a resource is made once for all who are sent it, and is a few bytes beside its own", () => {
  const shared = resource(TypeUrl.ClusterLoadAssignment, "a", "1", 2_200)
  for (const frame of [deltaFrame, sotwFrame]) {
    expect(frame(shared)).toBe(frame(shared))
    expect(frame(shared).length).toBeLessThan(128)
    expect(frame(resource(TypeUrl.ClusterLoadAssignment, "a", "1", 2_200))).not.toBe(frame(shared))
  }
})

it("a change of one assignment is that assignment's bytes and some 200 more, whichever protocol", () => {
  const shared = resource(TypeUrl.ClusterLoadAssignment, "a", "0123456789abcdef", 2_200)
  const change = { ...outgoing, typeUrl: TypeUrl.ClusterLoadAssignment, resources: [shared], removed: [] }
  for (const encode of [encodeDeltaResponse, encodeSotwResponse]) {
    expect(encode(change).length).toBeGreaterThan(2_200)
    expect(encode(change).length).toBeLessThan(2_400)
  }
})

const ofDelta = (message: DeltaMessage) => [
  message.node?.id,
  message.typeUrl,
  message.responseNonce,
  message.errorDetail?.message,
  message.resourceNamesSubscribe,
  message.resourceNamesUnsubscribe,
  { ...message.initialResourceVersions }
]
const ofSotw = (message: SotwMessage) => [
  message.node?.id,
  message.typeUrl,
  message.responseNonce,
  message.errorDetail?.message,
  message.versionInfo,
  message.resourceNames
]

const short = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: "grapheme", maxLength: 200 }))
const names = fc.array(short, { maxLength: 4 })
const maybe = <A>(of: fc.Arbitrary<A>) => fc.option(of, { freq: 1, nil: undefined })
const node = maybe(fc.constant({ id: "default.kv-1" }))
const errorDetail = maybe(fc.record({ code: fc.nat(16), message: short }))

it("an incremental request is read as the whole decoder reads it, whatever it says", () => {
  const versions = maybe(fc.dictionary(short, short))
  const all = [short, short, names, names, versions, node, errorDetail] as const
  fc.assert(fc.property(...all, (typeUrl, nonce, some, others, initial, node, errorDetail) => {
    const request: MessageInitShape<typeof DeltaDiscoveryRequestSchema> = {
      typeUrl,
      responseNonce: nonce,
      resourceNamesSubscribe: some,
      resourceNamesUnsubscribe: others,
      ...(initial === undefined ? {} : { initialResourceVersions: initial }),
      ...(node === undefined ? {} : { node }),
      ...(errorDetail === undefined ? {} : { errorDetail })
    }
    const bytes = Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)))
    expect(ofDelta(decodeDeltaRequest(bytes))).toEqual(ofDelta(fromBinary(DeltaDiscoveryRequestSchema, bytes)))
  }), { numRuns: 500 })
})

it("a state-of-the-world request is read as the whole decoder reads it, whatever it says", () => {
  const all = [short, short, short, names, node, errorDetail] as const
  fc.assert(fc.property(...all, (typeUrl, nonce, version, some, node, errorDetail) => {
    const request: MessageInitShape<typeof DiscoveryRequestSchema> = {
      typeUrl,
      responseNonce: nonce,
      versionInfo: version,
      resourceNames: some,
      ...(node === undefined ? {} : { node }),
      ...(errorDetail === undefined ? {} : { errorDetail })
    }
    const bytes = Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request)))
    expect(ofSotw(decodeSotwRequest(bytes))).toEqual(ofSotw(fromBinary(DiscoveryRequestSchema, bytes)))
  }), { numRuns: 500 })
})

it("bytes that are cut off or no message at all are refused as ever, and none are misread", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (content) => {
    const bytes = Buffer.from(content)
    const read = (decode: () => unknown): unknown => {
      try {
        return decode()
      } catch {
        return "refused"
      }
    }
    expect(read(() => ofDelta(decodeDeltaRequest(bytes))))
      .toEqual(read(() => ofDelta(fromBinary(DeltaDiscoveryRequestSchema, bytes))))
  }), { numRuns: 2_000 })
})

it("an acknowledgement is read without the whole decoder", () => {
  const ack = { typeUrl: TypeUrl.Cluster, responseNonce: "17" }
  const delta = Buffer.from(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, ack)))
  expect(decodeDeltaRequest(delta)).toEqual({
    ...ack, resourceNamesSubscribe: [], resourceNamesUnsubscribe: [], initialResourceVersions: {}
  })
  const state = { ...ack, versionInfo: "1", resourceNames: ["a", "b"] }
  const sotw = Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, state)))
  expect(decodeSotwRequest(sotw)).toEqual(state)
})
