/** Discovery requests and responses of both variants of ADS, read and written by hand. Pure. */
import { eachField, field } from "./protobuf.ts"

export type Variant = "delta" | "sotw"

export const VARIANTS: ReadonlyArray<Variant> = ["delta", "sotw"]

export const METHODS: Readonly<Record<Variant, string>> = {
  delta: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  sotw: "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
}

export interface ReceivedResource {
  /** The empty string where the response doesn't say it (state of the world): the resource itself does. */
  readonly name: string
  readonly version: string
  readonly bytes: Buffer
}

export interface Response {
  readonly typeUrl: string
  readonly nonce: string
  readonly version: string
  readonly resources: ReadonlyArray<ReceivedResource>
  readonly removed: ReadonlyArray<string>
}

const readAny = (any: Buffer): Buffer => {
  let bytes: Buffer = Buffer.alloc(0)
  eachField(any, (number, value) => {
    if (number === 2 && typeof value !== "number") bytes = value
  })
  return bytes
}

/** envoy.service.discovery.v3.Resource: version 1, resource 2, name 3. */
const readResource = (resource: Buffer): ReceivedResource => {
  let [name, version] = ["", ""]
  let bytes: Buffer = Buffer.alloc(0)
  eachField(resource, (number, value) => {
    if (typeof value === "number") return
    if (number === 1) version = value.toString("utf8")
    else if (number === 2) bytes = readAny(value)
    else if (number === 3) name = value.toString("utf8")
  })
  return { name, version, bytes }
}

/** Of both variants: version 1, resources 2, type 4, nonce 5; removed names 6 of the incremental one alone. */
export const readResponse = (variant: Variant, message: Buffer): Response => {
  let [typeUrl, nonce, version] = ["", "", ""]
  const resources: Array<ReceivedResource> = []
  const removed: Array<string> = []
  eachField(message, (number, value) => {
    if (typeof value === "number") return
    if (number === 1) version = value.toString("utf8")
    else if (number === 2) {
      resources.push(variant === "delta" ? readResource(value) : { name: "", version: "", bytes: readAny(value) })
    } else if (number === 4) typeUrl = value.toString("utf8")
    else if (number === 5) nonce = value.toString("utf8")
    else if (number === 6 && variant === "delta") removed.push(value.toString("utf8"))
  })
  return { typeUrl, nonce, version, resources, removed }
}

export interface DeltaRequest {
  readonly typeUrl: string
  /** A serialised Node: on a stream's first request. */
  readonly node?: Uint8Array
  readonly subscribe?: Iterable<string>
  readonly unsubscribe?: Iterable<string>
  /** Versions by name. */
  readonly initial?: Iterable<readonly [string, string]>
  readonly nonce?: string
  readonly error?: string
}

/** google.rpc.Status: message 2. */
const status = (message: string): Uint8Array => field(2, message)

export const writeDelta = (request: DeltaRequest): Buffer => {
  const parts: Array<Buffer> = []
  if (request.node !== undefined) parts.push(field(1, request.node))
  parts.push(field(2, request.typeUrl))
  for (const name of request.subscribe ?? []) parts.push(field(3, name))
  for (const name of request.unsubscribe ?? []) parts.push(field(4, name))
  for (const [name, version] of request.initial ?? []) {
    parts.push(field(5, Buffer.concat([field(1, name), field(2, version)])))
  }
  if (request.nonce !== undefined) parts.push(field(6, request.nonce))
  if (request.error !== undefined) parts.push(field(7, status(request.error)))
  return frame(parts)
}

export interface SotwRequest {
  readonly typeUrl: string
  readonly node?: Uint8Array
  readonly names: Iterable<string>
  readonly version: string
  readonly nonce: string
  readonly error?: string
}

export const writeSotw = (request: SotwRequest): Buffer => {
  const parts: Array<Buffer> = []
  if (request.version !== "") parts.push(field(1, request.version))
  if (request.node !== undefined) parts.push(field(2, request.node))
  for (const name of request.names) parts.push(field(3, name))
  parts.push(field(4, request.typeUrl))
  if (request.nonce !== "") parts.push(field(5, request.nonce))
  if (request.error !== undefined) parts.push(field(6, status(request.error)))
  return frame(parts)
}

/** A message as gRPC sends it: not compressed, its length, itself. */
const frame = (parts: ReadonlyArray<Buffer>): Buffer => {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, ...parts])
}
