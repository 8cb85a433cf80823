/**
 * The bytes of discovery messages. Responses are put together from resources that were serialised once, by whoever
 * built them; the few bytes of framing before each are made once, too, for all streams.
 * Encoding: https://protobuf.dev/programming-guides/encoding/#length-types
 */
import { fromBinary } from "@bufbuild/protobuf"
import {
  type DeltaDiscoveryRequest,
  DeltaDiscoveryRequestSchema,
  type DiscoveryRequest,
  DiscoveryRequestSchema
} from "../proto/envoy/service/discovery/v3/discovery_pb.js"
import { onceFor } from "../xds/share/onceFor.ts"
import { TypeUrl, type XdsResource } from "../xds/XdsResource.ts"
import { measure } from "./measure.ts"
import type { Outgoing } from "./Outgoing.ts"
import { readStrings } from "./readStrings.ts"

/** What of requests is read here. */
export type DeltaMessage = Pick<
  DeltaDiscoveryRequest,
  | "node"
  | "typeUrl"
  | "responseNonce"
  | "errorDetail"
  | "resourceNamesSubscribe"
  | "resourceNamesUnsubscribe"
  | "initialResourceVersions"
>
export type SotwMessage = Pick<
  DiscoveryRequest,
  "node" | "typeUrl" | "responseNonce" | "errorDetail" | "versionInfo" | "resourceNames"
>

/** Numbers of those that are strings. */
const DELTA = { typeUrl: 2, subscribe: 3, unsubscribe: 4, nonce: 6 } as const
const SOTW = { version: 1, names: 3, typeUrl: 4, nonce: 5 } as const
const DELTA_FIELDS: ReadonlySet<number> = new Set(Object.values(DELTA))
const SOTW_FIELDS: ReadonlySet<number> = new Set(Object.values(SOTW))

export const decodeDeltaRequest = (bytes: Buffer): DeltaMessage => {
  measure(DeltaDiscoveryRequestSchema, bytes)
  const strings = readStrings(bytes, DELTA_FIELDS)
  return strings === null ? fromBinary(DeltaDiscoveryRequestSchema, bytes) : {
    typeUrl: strings.one(DELTA.typeUrl),
    responseNonce: strings.one(DELTA.nonce),
    resourceNamesSubscribe: strings.many(DELTA.subscribe),
    resourceNamesUnsubscribe: strings.many(DELTA.unsubscribe),
    initialResourceVersions: {}
  }
}

export const decodeSotwRequest = (bytes: Buffer): SotwMessage => {
  measure(DiscoveryRequestSchema, bytes)
  const strings = readStrings(bytes, SOTW_FIELDS)
  return strings === null ? fromBinary(DiscoveryRequestSchema, bytes) : {
    typeUrl: strings.one(SOTW.typeUrl),
    responseNonce: strings.one(SOTW.nonce),
    versionInfo: strings.one(SOTW.version),
    resourceNames: strings.many(SOTW.names)
  }
}

/** Bytes of a varint: seven bits in each. */
const varintSize = (value: number): number => {
  let size = 1
  for (let rest = value; rest >= 0x80; rest >>>= 7) size += 1
  return size
}

/** Writes the tag of a length-delimited field (all of these are below 16: one byte) and the length; answers the end. */
const writeHead = (to: Buffer, at: number, field: number, length: number): number => {
  to[at++] = (field << 3) | 2
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) to[at++] = (rest & 0x7f) | 0x80
  to[at++] = rest
  return at
}

const head = (field: number, length: number): Buffer => {
  const bytes = Buffer.allocUnsafe(1 + varintSize(length))
  writeHead(bytes, 0, field, length)
  return bytes
}

const text = (field: number, value: string): Buffer => {
  const length = Buffer.byteLength(value)
  const bytes = Buffer.allocUnsafe(1 + varintSize(length) + length)
  bytes.write(value, writeHead(bytes, 0, field, length))
  return bytes
}

/** google.protobuf.Any up to its value: type_url 1, value 2. */
const anyHead = ({ bytes, typeUrl }: XdsResource): Buffer => Buffer.concat([text(1, typeUrl), head(2, bytes.length)])

/** All of a field of the response that stands before the resource's own bytes; `inside`: what of the message does. */
const before = (field: number, inside: Buffer, { bytes }: XdsResource): Buffer =>
  Buffer.concat([head(field, inside.length + bytes.length), inside])

/**
 * envoy.service.discovery.v3.Resource (`resources` 2 of the response): version 1, name 3, resource 2. Made once for a
 * resource, whoever is sent it: a resource never changes, and lives as long as somebody has it.
 */
export const deltaFrame = onceFor((resource: XdsResource) => {
  const any = anyHead(resource)
  const inside = [text(1, resource.version), text(3, resource.name), head(2, any.length + resource.bytes.length), any]
  return before(2, Buffer.concat(inside), resource)
})

/** `resources` 2 of the response: an Any; made once, too. */
export const sotwFrame = onceFor((resource: XdsResource) => before(2, anyHead(resource), resource))

/** Always the same few: both responses' `type_url` is 4. */
const typeUrls = new Map<TypeUrl, Buffer>(Object.values(TypeUrl).map((typeUrl) => [typeUrl, text(4, typeUrl)]))

/** `version` 1, resources 2, `type_url` 4, `nonce` 5: what both responses have. */
const chunksOf = (
  { nonce, resources, typeUrl, version }: Outgoing,
  frame: (resource: XdsResource) => Buffer
): Array<Uint8Array> => {
  const chunks: Array<Uint8Array> = [text(1, version), text(5, nonce), typeUrls.get(typeUrl) ?? text(4, typeUrl)]
  for (const resource of resources) chunks.push(frame(resource), resource.bytes)
  return chunks
}

/** envoy.service.discovery.v3.DeltaDiscoveryResponse; its `removed_resources` 6. */
export const encodeDeltaResponse = (outgoing: Outgoing): Buffer => {
  const chunks = chunksOf(outgoing, deltaFrame)
  for (const name of outgoing.removed) chunks.push(text(6, name))
  return Buffer.concat(chunks)
}

/** envoy.service.discovery.v3.DiscoveryResponse */
export const encodeSotwResponse = (outgoing: Outgoing): Buffer => Buffer.concat(chunksOf(outgoing, sotwFrame))
