/**
 * The bytes of discovery messages. Responses are put together from resources that were serialised once, by whoever
 * built them: only the few bytes of framing before each are written here.
 * Encoding: https://protobuf.dev/programming-guides/encoding/#length-types
 */
import { fromBinary } from "@bufbuild/protobuf"
import { DeltaDiscoveryRequestSchema, DiscoveryRequestSchema } from "../proto/envoy/service/discovery/v3/discovery_pb.js"
import type { XdsResource } from "../xds/XdsResource.ts"
import type { Outgoing } from "./Outgoing.ts"

export const decodeDeltaRequest = (bytes: Buffer) => fromBinary(DeltaDiscoveryRequestSchema, bytes)
export const decodeSotwRequest = (bytes: Buffer) => fromBinary(DiscoveryRequestSchema, bytes)

type Chunk = Uint8Array

/** Tag of a length-delimited field, then the length. Field numbers here are all below 16: their tag is one byte. */
const head = (field: number, length: number): Chunk => {
  const bytes = [(field << 3) | 2]
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

const text = (field: number, value: string): Chunk => {
  const bytes = Buffer.from(value, "utf8")
  return Buffer.concat([head(field, bytes.length), bytes])
}

/** Pushes a message field whose last part is the resource's own bytes. */
const pushMessage = (chunks: Array<Chunk>, field: number, before: ReadonlyArray<Chunk>, bytes: Chunk): void => {
  const length = before.reduce((sum, chunk) => sum + chunk.length, bytes.length)
  chunks.push(head(field, length), ...before, bytes)
}

/** google.protobuf.Any up to its value: type_url 1, value 2. */
const anyHead = ({ bytes, typeUrl }: XdsResource): Chunk =>
  Buffer.concat([text(1, typeUrl), head(2, bytes.length)])

/** envoy.service.discovery.v3.DeltaDiscoveryResponse; its Resource: version 1, name 3, resource 2. */
export const encodeDeltaResponse = (outgoing: Outgoing): Buffer => {
  const chunks: Array<Chunk> = [text(1, outgoing.version)]
  for (const resource of outgoing.resources) {
    const any = anyHead(resource)
    const before = [text(1, resource.version), text(3, resource.name), head(2, any.length + resource.bytes.length), any]
    pushMessage(chunks, 2, before, resource.bytes)
  }
  chunks.push(text(4, outgoing.typeUrl), text(5, outgoing.nonce))
  for (const name of outgoing.removed) chunks.push(text(6, name))
  return Buffer.concat(chunks)
}

/** envoy.service.discovery.v3.DiscoveryResponse */
export const encodeSotwResponse = (outgoing: Outgoing): Buffer => {
  const chunks: Array<Chunk> = [text(1, outgoing.version)]
  for (const resource of outgoing.resources) pushMessage(chunks, 2, [anyHead(resource)], resource.bytes)
  chunks.push(text(4, outgoing.typeUrl), text(5, outgoing.nonce))
  return Buffer.concat(chunks)
}
