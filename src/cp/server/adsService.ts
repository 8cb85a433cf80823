/**
 * The two methods of `envoy.service.discovery.v3.AggregatedDiscoveryService` for grpc-js. Responses come as Buffers
 * that are ready to be sent.
 */
import type { ServiceDefinition } from "@grpc/grpc-js"
import { TooMuch } from "./limits.ts"
import { decodeDeltaRequest, decodeSotwRequest, type DeltaMessage, type SotwMessage } from "./wire.ts"

/**
 * A request and how many bytes it came in, or why these aren't one, or are more than one may have: a stream is then
 * closed with a reason instead of an internal error.
 */
export type Decoded<A> =
  | { readonly request: A; readonly bytes: number }
  | { readonly invalid: string }
  | { readonly excess: string }

const decoding = <A>(decode: (bytes: Buffer) => A) => (bytes: Buffer): Decoded<A> => {
  try {
    return { request: decode(bytes), bytes: bytes.length }
  } catch (error) {
    if (error instanceof TooMuch) return { excess: error.message }
    return { invalid: error instanceof Error ? error.message : "not a discovery request" }
  }
}

const identity = (bytes: Buffer): Buffer => bytes
const PACKAGE = "/envoy.service.discovery.v3.AggregatedDiscoveryService"

const method = <A>(name: string, decode: (bytes: Buffer) => Decoded<A>) => ({
  path: `${PACKAGE}/${name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: () => {
    throw new Error("The control plane sends no discovery requests")
  },
  requestDeserialize: decode,
  responseSerialize: identity,
  responseDeserialize: identity
})

export const adsService = {
  DeltaAggregatedResources: method<DeltaMessage>(
    "DeltaAggregatedResources",
    decoding(decodeDeltaRequest)
  ),
  StreamAggregatedResources: method<SotwMessage>(
    "StreamAggregatedResources",
    decoding(decodeSotwRequest)
  )
} satisfies ServiceDefinition
