/** What differs between the two variants of ADS, for the loop that serves both. */
import type { DeltaDiscoveryRequest, DiscoveryRequest } from "../proto/envoy/service/discovery/v3/discovery_pb.js"
import type { NackPolicy } from "./ack.ts"
import type { Outgoing } from "./Outgoing.ts"
import { type Received, receiveDelta, receiveSotw } from "./receive.ts"
import { type StreamState, streamState } from "./StreamState.ts"
import { encodeDeltaResponse, encodeSotwResponse } from "./wire.ts"

/** What both kinds of request have. */
export type AdsRequest = Pick<DiscoveryRequest | DeltaDiscoveryRequest, "node" | "typeUrl">

export interface AdsProtocol<R extends AdsRequest> {
  readonly initial: StreamState
  readonly encode: (outgoing: Outgoing) => Buffer
  readonly receive: (state: StreamState, request: R, now: number) => Received
}

/** A NACK may come without words; it is one all the same. */
const errorOf = (request: DiscoveryRequest | DeltaDiscoveryRequest): string | null =>
  request.errorDetail === undefined ? null : request.errorDetail.message || "refused without a reason"

export const deltaProtocol = (policy: NackPolicy): AdsProtocol<DeltaDiscoveryRequest> => ({
  initial: streamState("delta"),
  encode: encodeDeltaResponse,
  receive: (state, request, now) => receiveDelta(state, { ...request, error: errorOf(request) }, { now, policy })
})

export const sotwProtocol = (policy: NackPolicy): AdsProtocol<DiscoveryRequest> => ({
  initial: streamState("sotw"),
  encode: encodeSotwResponse,
  receive: (state, request, now) => receiveSotw(state, { ...request, error: errorOf(request) }, { now, policy })
})
