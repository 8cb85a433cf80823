/** A proxy's open stream as it can be looked at. */
import type { ProxySnapshot, TypeUrl } from "../xds/XdsResource.ts"
import type { Subscription } from "./Subscription.ts"

export interface ProxyStream {
  /** What was asked for, sent and answered, by type. */
  readonly subscriptions: ReadonlyMap<TypeUrl, Subscription>
  /** What it is to have; null until the first. */
  readonly snapshot: ProxySnapshot | null
  /** Where it comes from, as the socket has it; null where that isn't known. */
  readonly peerAddress: string | null
}
