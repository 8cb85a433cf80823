import { fromBinary } from "@bufbuild/protobuf"
import { expect, it } from "vitest"
import {
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema
} from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import { deltaFrame, encodeDeltaResponse, encodeSotwResponse, sotwFrame } from "../../../src/cp/server/wire.ts"
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
