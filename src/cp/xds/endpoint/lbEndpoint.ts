/**
 * One endpoint as it stands in assignments, serialised once: an `Endpoint` is the same object while nothing of it is
 * another, and of a service of a thousand mostly one changes at a time.
 */
import { create, type JsonObject, toBinary } from "@bufbuild/protobuf"
import { BinaryWriter } from "@bufbuild/protobuf/wire"
import { LbEndpointSchema } from "../../proto/envoy/config/endpoint/v3/endpoint_components_pb.js"
import { SERVICE_TAG } from "../../../model/Tags.ts"
import type { Endpoint } from "../../snapshot/MeshView.ts"
import { onceFor } from "../share/onceFor.ts"
import { socketAddress } from "../socketAddress.ts"

const metadataOf = (endpoint: Endpoint, mesh: string | null): JsonObject => {
  const { [SERVICE_TAG]: _, ...tags } = endpoint.tags
  const entries = Object.entries({ ...tags, ...(mesh === null ? {} : { mesh }) })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

const serialise = (endpoint: Endpoint, mesh: string | null): Uint8Array => {
  const tags = metadataOf(endpoint, mesh)
  const message = create(LbEndpointSchema, {
    hostIdentifier: {
      case: "endpoint",
      value: { address: socketAddress(endpoint.address, endpoint.port) }
    },
    loadBalancingWeight: 1,
    metadata: { filterMetadata: { "envoy.lb": tags, "envoy.transport_socket_match": tags } }
  })
  return new BinaryWriter().bytes(toBinary(LbEndpointSchema, message)).finish()
}

/** By the mesh in its metadata. */
const serialised = onceFor((_: Endpoint) => new Map<string | null, Uint8Array>())

/** The message behind its length. `mesh` stands in its metadata, if there is one. */
export const lbEndpoint = (endpoint: Endpoint, mesh: string | null): Uint8Array => {
  const known = serialised(endpoint)
  const before = known.get(mesh)
  if (before !== undefined) return before
  const after = serialise(endpoint, mesh)
  known.set(mesh, after)
  return after
}
