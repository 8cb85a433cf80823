/** One response before it has bytes. */
import type { TypeUrl, XdsResource } from "../xds/XdsResource.ts"
import type { Subscription } from "./Subscription.ts"

export interface Outgoing {
  readonly typeUrl: TypeUrl
  readonly nonce: string
  /** `version_info` or `system_version_info`. */
  readonly version: string
  readonly resources: ReadonlyArray<XdsResource>
  /** Names of removed resources; state of the world has no way to say it and leaves them out. */
  readonly removed: ReadonlyArray<string>
}

/** What is due of one type, and the subscription once it is sent. Null: nothing is. */
export type Offer = { readonly outgoing: Outgoing; readonly subscription: Subscription } | null

export interface OfferOptions {
  readonly nonce: string
  /** Unix milliseconds. */
  readonly now: number
  /** Whether resources that are gone may be taken away from the proxy now. */
  readonly removals: boolean
}

/**
 * Bytes of resources after which a response is closed and another begun: well below the 4 MiB that gRPC
 * clients take by default.
 */
export const RESPONSE_BYTES = 2 * 1024 * 1024
