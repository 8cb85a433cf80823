/**
 * The bytes of discovery messages. Responses are put together from resources that were serialised once; the part that
 * is the same for every proxy is kept with the resource.
 */
import { fromBinary } from "@bufbuild/protobuf"
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire"
import { DeltaDiscoveryRequestSchema, DiscoveryRequestSchema } from "../proto/envoy/service/discovery/v3/discovery_pb.js"
import type { XdsResource } from "../xds/XdsResource.ts"
import type { Outgoing } from "./Outgoing.ts"

export const decodeDeltaRequest = (bytes: Buffer) => fromBinary(DeltaDiscoveryRequestSchema, bytes)
export const decodeSotwRequest = (bytes: Buffer) => fromBinary(DiscoveryRequestSchema, bytes)

const text = (writer: BinaryWriter, field: number, value: string): BinaryWriter =>
  value === "" ? writer : writer.tag(field, WireType.LengthDelimited).string(value)

const nested = (writer: BinaryWriter, field: number, value: Uint8Array): BinaryWriter =>
  writer.tag(field, WireType.LengthDelimited).bytes(value)

/** google.protobuf.Any */
const encodeAny = (resource: XdsResource): Uint8Array => {
  const writer = text(new BinaryWriter(), 1, resource.typeUrl)
  return nested(writer, 2, resource.bytes).finish()
}

const anys = new WeakMap<XdsResource, Uint8Array>()
const deltaResources = new WeakMap<XdsResource, Uint8Array>()

const kept = (
  cache: WeakMap<XdsResource, Uint8Array>,
  resource: XdsResource,
  encode: (resource: XdsResource) => Uint8Array
): Uint8Array => {
  const before = cache.get(resource)
  if (before !== undefined) return before
  const bytes = encode(resource)
  cache.set(resource, bytes)
  return bytes
}

/** envoy.service.discovery.v3.Resource: name 3, version 1, resource 2. */
const encodeDeltaResource = (resource: XdsResource): Uint8Array => {
  const writer = text(new BinaryWriter(), 1, resource.version)
  nested(writer, 2, encodeAny(resource))
  return text(writer, 3, resource.name).finish()
}

/** envoy.service.discovery.v3.DeltaDiscoveryResponse */
export const encodeDeltaResponse = (outgoing: Outgoing): Buffer => {
  const writer = text(new BinaryWriter(), 1, outgoing.version)
  for (const resource of outgoing.resources) nested(writer, 2, kept(deltaResources, resource, encodeDeltaResource))
  text(writer, 4, outgoing.typeUrl)
  text(writer, 5, outgoing.nonce)
  for (const name of outgoing.removed) text(writer, 6, name)
  return asBuffer(writer.finish())
}

/** envoy.service.discovery.v3.DiscoveryResponse */
export const encodeSotwResponse = (outgoing: Outgoing): Buffer => {
  const writer = text(new BinaryWriter(), 1, outgoing.version)
  for (const resource of outgoing.resources) nested(writer, 2, kept(anys, resource, encodeAny))
  text(writer, 4, outgoing.typeUrl)
  text(writer, 5, outgoing.nonce)
  return asBuffer(writer.finish())
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
