import { fromBinary } from "@bufbuild/protobuf"
import { expect, it } from "vitest"
import {
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema
} from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import { encodeDeltaResponse, encodeSotwResponse } from "../../../src/cp/server/wire.ts"
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
