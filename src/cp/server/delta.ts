/** What an incremental subscription is to be sent next: only what changed, by version. Pure. */
import { TypeUrl } from "../xds/XdsResource.ts"
import { due, sent } from "./due.ts"
import type { Offer, OfferOptions } from "./Outgoing.ts"
import type { Subscription } from "./Subscription.ts"

/**
 * Removals wait for `options.removals`, but for listeners: Envoy drains those itself, and one that takes over
 * another's port must be able to arrive together with its removal.
 */
export const delta = (subscription: Subscription, options: OfferOptions): Offer => {
  const { absent, gone, resources } = due(subscription, options.now)
  const removals = options.removals || subscription.typeUrl === TypeUrl.Listener
  const removed = removals && gone.length > 0 ? [...new Set([...absent, ...gone])] : absent
  // A first request is answered even where there is nothing: Envoy waits for it before it listens.
  if (resources.length === 0 && removed.length === 0 && !subscription.awaiting) return null
  const outgoing = {
    typeUrl: subscription.typeUrl,
    nonce: options.nonce,
    // "this information is not actually used by the client to communicate which resources are valid"
    version: options.nonce,
    resources,
    removed
  }
  return { outgoing, subscription: sent(subscription, outgoing) }
}
