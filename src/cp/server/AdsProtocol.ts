/** What differs between the two variants of ADS, for the loop that serves both. */
import type { NackPolicy } from "./ack.ts"
import type { Outgoing } from "./Outgoing.ts"
import { type Received, receiveDelta, receiveSotw } from "./receive.ts"
import { type StreamState, streamState } from "./StreamState.ts"
import { type DeltaMessage, encodeDeltaResponse, encodeSotwResponse, type SotwMessage } from "./wire.ts"

/** What both kinds of request have. */
export type AdsRequest = Pick<SotwMessage | DeltaMessage, "node" | "typeUrl">

export interface AdsProtocol<R extends AdsRequest> {
  readonly initial: StreamState
  readonly encode: (outgoing: Outgoing) => Buffer
  readonly receive: (state: StreamState, request: R, now: number) => Received
}

/** A NACK may come without words; it is one all the same. */
const errorOf = ({ errorDetail }: Pick<SotwMessage | DeltaMessage, "errorDetail">): string | null =>
  errorDetail === undefined ? null : errorDetail.message || "refused without a reason"

export const deltaProtocol = (policy: NackPolicy): AdsProtocol<DeltaMessage> => ({
  initial: streamState("delta"),
  encode: encodeDeltaResponse,
  receive: (state, request, now) => receiveDelta(state, { ...request, error: errorOf(request) }, { now, policy })
})

export const sotwProtocol = (policy: NackPolicy): AdsProtocol<SotwMessage> => ({
  initial: streamState("sotw"),
  encode: encodeSotwResponse,
  receive: (state, request, now) => receiveSotw(state, { ...request, error: errorOf(request) }, { now, policy })
})
