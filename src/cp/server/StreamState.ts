/** Everything that is remembered of one ADS stream's conversation: plain data. */
import { TypeUrl } from "../xds/XdsResource.ts"
import type { Subscription } from "./Subscription.ts"

export interface StreamState {
  readonly protocol: "delta" | "sotw"
  readonly subscriptions: ReadonlyMap<TypeUrl, Subscription>
  /** Number of responses so far; the next nonce is one more. */
  readonly sequence: number
}

export const streamState = (protocol: StreamState["protocol"]): StreamState => ({
  protocol,
  subscriptions: new Map(),
  sequence: 0
})

const TYPES: ReadonlySet<string> = new Set(Object.values(TypeUrl))

/** Whether this is a type that proxies are served here; others (runtime, say) are never answered. */
export const isServed = (typeUrl: string): typeUrl is TypeUrl => TYPES.has(typeUrl)

export const withSubscription = (state: StreamState, subscription: Subscription): StreamState => ({
  ...state,
  subscriptions: new Map(state.subscriptions).set(subscription.typeUrl, subscription)
})
