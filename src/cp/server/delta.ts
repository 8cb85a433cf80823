/** What an incremental subscription is to be sent next: only what changed, by version. Pure. */
import { TypeUrl } from "../xds/XdsResource.ts"
import { due, type Resources, sent } from "./due.ts"
import type { Offer, OfferOptions } from "./Outgoing.ts"
import type { Subscription } from "./Subscription.ts"

/**
 * Removals wait for `options.removals`, but for listeners: Envoy drains those itself, and one that takes over
 * another's port must be able to arrive together with its removal.
 */
export const delta = (subscription: Subscription, resources: Resources, options: OfferOptions): Offer => {
  const found = due(subscription, resources, options.now)
  const removals = options.removals || subscription.typeUrl === TypeUrl.Listener
  const removed = [...new Set([...found.absent, ...(removals ? found.gone : [])])]
  // A first request is answered even where there is nothing: Envoy waits for it before it listens.
  if (found.resources.length === 0 && removed.length === 0 && !subscription.awaiting) return null
  const outgoing = {
    typeUrl: subscription.typeUrl,
    nonce: options.nonce,
    // "this information is not actually used by the client to communicate which resources are valid"
    version: options.nonce,
    resources: found.resources,
    removed
  }
  return { outgoing, subscription: sent(subscription, outgoing) }
}
