// An ADS call on bare HTTP/2: its header lines go out exactly as they are given, twins and all.
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import { connect, type SecureClientSessionOptions } from "node:http2"
import {
  DeltaDiscoveryRequestSchema,
  DiscoveryRequestSchema
} from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import {
  HealthCheckRequestOrEndpointHealthResponseSchema
} from "../../../src/cp/proto/envoy/service/health/v3/hds_pb.js"
import type { ControlPlane, Tls } from "./startControlPlane.ts"

export const VARIANTS = ["delta", "sotw"] as const
/** Beside ADS: health discovery, by the same door. */
export type Variant = typeof VARIANTS[number] | "health"

export const METHODS: Readonly<Record<Variant, string>> = {
  delta: "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  sotw: "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources",
  health: "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck"
}

/** What both variants' requests have. */
export type Request = Pick<MessageInitShape<typeof DeltaDiscoveryRequestSchema>, "node" | "typeUrl">

/** gRPC's status; `code` is null where the stream ended without one. */
export interface End {
  readonly code: number | null
  readonly details: string
  /** All that came beside messages. */
  readonly headers: Readonly<Record<string, unknown>>
}

export interface BareStream {
  readonly send: (request: Request) => void
  /** These bytes as they are, in no frame of gRPC's. */
  readonly sendBytes: (bytes: Uint8Array) => void
  readonly ended: Promise<End>
  /** Bytes of answers so far. */
  readonly answered: () => number
  /** Bytes that the peer had room for. */
  readonly taken: () => number
  readonly close: () => void
}

/** A message as gRPC sends it: not compressed, its length, itself. */
export const frame = (message: Uint8Array): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

export const encode = (variant: Variant, { node, typeUrl }: Request): Uint8Array => {
  if (variant === "health") {
    const value = node === undefined ? {} : { node }
    return toBinary(
      HealthCheckRequestOrEndpointHealthResponseSchema,
      create(HealthCheckRequestOrEndpointHealthResponseSchema, { requestType: { case: "healthCheckRequest", value } })
    )
  }
  const fields = { ...(node === undefined ? {} : { node }), ...(typeUrl === undefined ? {} : { typeUrl }) }
  return variant === "delta"
    ? toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, fields))
    : toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, fields))
}

/** Node would send no second line of a header that has one value; its types don't know of this yet. */
const LAX: SecureClientSessionOptions & { readonly strictSingleValueFields: boolean } = {
  strictSingleValueFields: false
}

/** `lines`: names and values in turn. */
export const bareStream = (
  { port }: Pick<ControlPlane, "port">,
  tls: Pick<Tls, "caPem">,
  variant: Variant,
  lines: ReadonlyArray<string> = []
): BareStream => {
  const session = connect(`https://localhost:${port}`, { ca: tls.caPem, ...LAX })
  session.on("error", () => {})
  const stream = session.request([
    ":method", "POST", ":path", METHODS[variant], ":scheme", "https", ":authority", `localhost:${port}`,
    "content-type", "application/grpc", "te", "trailers", ...lines
  ])
  stream.on("error", () => {})
  let bytes = 0
  stream.on("data", (chunk: Buffer) => { bytes += chunk.length })
  const ended = new Promise<End>((resolve) => {
    const read = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers["grpc-status"] === undefined) return
      resolve({
        code: Number(headers["grpc-status"]),
        details: decodeURIComponent(String(headers["grpc-message"] ?? "")),
        headers
      })
      session.destroy()
    }
    // A status comes in the trailers, or at once in the only headers.
    stream.on("response", read)
    stream.on("trailers", read)
    stream.on("close", () => resolve({ code: null, details: "", headers: {} }))
  })
  return {
    send: (request) => void stream.write(frame(encode(variant, request))),
    sendBytes: (content) => void stream.write(content),
    ended,
    answered: () => bytes,
    taken: () => session.socket.bytesWritten,
    close: () => session.destroy()
  }
}
