/** The one method of `envoy.service.health.v3.HealthDiscoveryService` that Envoy calls, for grpc-js. */
import type { ServiceDefinition } from "@grpc/grpc-js"
import { fromBinary } from "@bufbuild/protobuf"
import {
  type HealthCheckRequestOrEndpointHealthResponse,
  HealthCheckRequestOrEndpointHealthResponseSchema
} from "../../proto/envoy/service/health/v3/hds_pb.js"
import { measure } from "../measure.ts"

export type HealthMessage = HealthCheckRequestOrEndpointHealthResponse["requestType"]

/** Node metadata and a few endpoints. */
const MAX_BYTES = 1024 * 1024

/** A message and how many bytes it came in, or why these bytes aren't one: a call is then ended with a reason instead of an internal error. */
export type DecodedHealth = { readonly message: HealthMessage; readonly bytes: number } | { readonly invalid: string }

const decode = (bytes: Buffer): DecodedHealth => {
  if (bytes.length > MAX_BYTES) return { invalid: `more than ${MAX_BYTES} bytes` }
  try {
    measure(HealthCheckRequestOrEndpointHealthResponseSchema, bytes)
    const { requestType } = fromBinary(HealthCheckRequestOrEndpointHealthResponseSchema, bytes)
    return { message: requestType, bytes: bytes.length }
  } catch (error) {
    return { invalid: error instanceof Error ? error.message : "not a health message" }
  }
}

const identity = (bytes: Buffer): Buffer => bytes

export const hdsService = {
  StreamHealthCheck: {
    path: "/envoy.service.health.v3.HealthDiscoveryService/StreamHealthCheck",
    requestStream: true,
    responseStream: true,
    requestSerialize: () => {
      throw new Error("The control plane looks at no workload itself")
    },
    requestDeserialize: decode,
    responseSerialize: identity,
    responseDeserialize: identity
  }
} satisfies ServiceDefinition
