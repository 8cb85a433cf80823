/** Everything that is remembered of one ADS stream's conversation: plain data. */
import { TypeUrl } from "../xds/XdsResource.ts"
import type { Subscription } from "./Subscription.ts"

export interface StreamState {
  readonly protocol: "delta" | "sotw"
  readonly subscriptions: ReadonlyMap<TypeUrl, Subscription>
  /** Clusters that were sent before any assignment was asked for: each waits for its own, which the proxy may have. */
  readonly warming: ReadonlySet<string>
  /** Number of responses so far; the next nonce is one more. */
  readonly sequence: number
}

const NONE: ReadonlySet<string> = new Set()

export const streamState = (protocol: StreamState["protocol"]): StreamState => ({
  protocol,
  subscriptions: new Map(),
  warming: NONE,
  sequence: 0
})

const TYPES: ReadonlySet<string> = new Set(Object.values(TypeUrl))

/** Whether this is a type that proxies are served here; others (runtime, say) are never answered. */
export const isServed = (typeUrl: string): typeUrl is TypeUrl => TYPES.has(typeUrl)

export const withSubscription = (state: StreamState, subscription: Subscription): StreamState => ({
  ...state,
  // Whoever asks for assignments is given those from then on.
  warming: subscription.typeUrl === TypeUrl.ClusterLoadAssignment ? NONE : state.warming,
  subscriptions: new Map(state.subscriptions).set(subscription.typeUrl, subscription)
})
