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
  /** Bytes that a request's names take of it. */
  readonly nameBytes: (request: R) => number
}

/** Tags and lengths of a name and what is brought of it. */
const FRAME_BYTES = 8

const sum = (names: ReadonlyArray<string>): number => names.reduce((bytes, name) => bytes + name.length + FRAME_BYTES, 0)

/** A NACK may come without words; it is one all the same. */
const errorOf = ({ errorDetail }: Pick<SotwMessage | DeltaMessage, "errorDetail">): string | null =>
  errorDetail === undefined ? null : errorDetail.message || "refused without a reason"

export const deltaProtocol = (policy: NackPolicy): AdsProtocol<DeltaMessage> => ({
  initial: streamState("delta"),
  encode: encodeDeltaResponse,
  receive: (state, request, now) => receiveDelta(state, { ...request, error: errorOf(request) }, { now, policy }),
  nameBytes: ({ initialResourceVersions, resourceNamesSubscribe, resourceNamesUnsubscribe }) =>
    sum(resourceNamesSubscribe) + sum(resourceNamesUnsubscribe) + sum(Object.entries(initialResourceVersions).flat())
})

export const sotwProtocol = (policy: NackPolicy): AdsProtocol<SotwMessage> => ({
  initial: streamState("sotw"),
  encode: encodeSotwResponse,
  receive: (state, request, now) => receiveSotw(state, { ...request, error: errorOf(request) }, { now, policy }),
  nameBytes: ({ resourceNames }) => sum(resourceNames)
})
