/** Folds one request of a proxy into the stream's state: first what it answers, then what it asks for. Pure. */
import { TypeUrl } from "../xds/XdsResource.ts"
import { answer, type Answered, type NackPolicy } from "./ack.ts"
import { isServed, type StreamState, withSubscription } from "./StreamState.ts"
import { subscribeDelta, subscribeSotw, subscription } from "./Subscription.ts"

export interface DeltaRequest {
  readonly typeUrl: string
  readonly responseNonce: string
  /** `error_detail.message`, or null. */
  readonly error: string | null
  readonly resourceNamesSubscribe: ReadonlyArray<string>
  readonly resourceNamesUnsubscribe: ReadonlyArray<string>
  readonly initialResourceVersions: Readonly<Record<string, string>>
}

export interface SotwRequest {
  readonly typeUrl: string
  readonly versionInfo: string
  readonly responseNonce: string
  readonly error: string | null
  readonly resourceNames: ReadonlyArray<string>
}

export interface Received {
  readonly state: StreamState
  /** What the request answers; null where it answers nothing. */
  readonly answered: Answered | null
  /** How many names it says, but for those that a state-of-the-world answer has to repeat. */
  readonly asked: number
}

export interface ReceiveOptions {
  readonly now: number
  readonly policy: NackPolicy
}

export const receiveDelta = (state: StreamState, request: DeltaRequest, options: ReceiveOptions): Received => {
  const { typeUrl } = request
  const asked = request.resourceNamesSubscribe.length + request.resourceNamesUnsubscribe.length +
    Object.keys(request.initialResourceVersions).length
  if (!isServed(typeUrl)) return { state, answered: null, asked }
  const before = state.subscriptions.get(typeUrl)
  const current = before ?? subscription(typeUrl)
  const answered = request.responseNonce === ""
    ? null
    : answer(
      current,
      { nonce: request.responseNonce, error: request.error, merges: false },
      options.now,
      options.policy
    )
  const interest = {
    subscribe: request.resourceNamesSubscribe,
    unsubscribe: request.resourceNamesUnsubscribe,
    initialVersions: request.initialResourceVersions,
    resumes: (name: string) => resumes(state, typeUrl, name)
  }
  const asks = before === undefined || interest.subscribe.length > 0 || interest.unsubscribe.length > 0
  const after = answered?.subscription ?? current
  return {
    state: withSubscription(state, asks ? subscribeDelta(after, interest, before === undefined) : after),
    answered,
    asked
  }
}

/**
 * Whether a proxy that comes back needs nothing of what it has of a name. A cluster that warms waits for an assignment,
 * even for the one that the proxy has: a cluster that it was given on this stream, or on an earlier one. As long as one
 * of an earlier one warms Envoy asks for no clusters, so whoever asked for those before has none.
 */
const resumes = ({ subscriptions, warming }: StreamState, typeUrl: TypeUrl, name: string): boolean =>
  typeUrl !== TypeUrl.ClusterLoadAssignment || (subscriptions.has(TypeUrl.Cluster) && !warming.has(name))

export const receiveSotw = (state: StreamState, request: SotwRequest, options: ReceiveOptions): Received => {
  const asked = request.resourceNames.length
  if (!isServed(request.typeUrl)) return { state, answered: null, asked }
  const before = state.subscriptions.get(request.typeUrl)
  if (before === undefined) {
    const first = { ...subscription(request.typeUrl), resumes: request.versionInfo }
    return { state: withSubscription(state, subscribeSotw(first, request.resourceNames)), answered: null, asked }
  }
  const answered = request.responseNonce === ""
    ? null
    // Envoy answers no clusters while new ones of them warm, and then all that came meanwhile by one request, which
    // has the newest nonce.
    : answer(before, { nonce: request.responseNonce, error: request.error, merges: true }, options.now, options.policy)
  const after = answered?.subscription ?? before
  // "A nonce becomes stale following a newer nonce being presented to Envoy": the names of such a request are followed
  // by a newer request's.
  const stale = before.lastNonce !== null && request.responseNonce !== before.lastNonce
  const subscribed = stale ? after : subscribeSotw(after, request.resourceNames)
  const repeats = answered !== null && answered._tag !== "Stale" && subscribed === after
  return { state: withSubscription(state, subscribed), answered, asked: repeats ? 0 : asked }
}
