/** What a state-of-the-world subscription is to be sent next. Pure. */
import { TypeUrl } from "../xds/XdsResource.ts"
import { type Due, due, sent } from "./due.ts"
import type { Offer, OfferOptions } from "./Outgoing.ts"
import { knownOf, NOTHING_PENDING, type Subscription, wants } from "./Subscription.ts"
import { versionOf, versionOfAll } from "./versionOf.ts"

/**
 * "In the SotW protocol variants, all resource types except for Listener and Cluster are grouped into responses in the
 * same way as in the incremental protocol variants. However, [for these two] the server must include the complete state
 * of the world [...] even if they did not change since the last response."
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#grouping-resources-into-responses
 */
const isWhole = (typeUrl: TypeUrl): boolean => typeUrl === TypeUrl.Listener || typeUrl === TypeUrl.Cluster

export const sotw = (subscription: Subscription, options: OfferOptions): Offer => {
  const found = due(subscription, options.now)
  return isWhole(subscription.typeUrl)
    ? whole(subscription, options, found)
    : changed(subscription, options, found)
}

const whole = (subscription: Subscription, options: OfferOptions, found: Due): Offer => {
  const removals = options.removals || subscription.typeUrl === TypeUrl.Listener
  const gone = removals ? found.gone : []
  if (found.resources.length === 0 && gone.length === 0 && !subscription.awaiting) return null
  const all = [...subscription.seen.values()]
  const current = subscription.wildcard ? all : all.filter(({ name }) => wants(subscription, name))
  // What may not be removed yet is repeated as the proxy has it: leaving it out would delete it.
  const held = removals ? [] : found.gone.flatMap((name) => knownOf(subscription, name)?.resource ?? [])
  const resources = held.length === 0 ? current : [...current, ...held]
  const outgoing = {
    typeUrl: subscription.typeUrl,
    nonce: options.nonce,
    version: resources === all ? versionOfAll(subscription.seen) : versionOf(resources),
    resources,
    removed: gone
  }
  return { outgoing, subscription: sent(subscription, outgoing) }
}

/** Removal needs no word here: "deletions are indicated implicitly by parent resources". */
const changed = (subscription: Subscription, options: OfferOptions, found: Due): Offer => {
  if (found.resources.length === 0) return null
  const outgoing = {
    typeUrl: subscription.typeUrl,
    nonce: options.nonce,
    // Of what it carries: all that the proxy has besides may be the whole mesh, which one change mustn't cost.
    version: versionOf(found.resources),
    resources: found.resources,
    removed: []
  }
  const removed = [...found.gone, ...found.absent]
  return { outgoing, subscription: sent(subscription, { ...outgoing, removed }) }
}

/**
 * "Servers may decide to optimize by not resending resources that the client had already seen on the previous stream
 * [...] it is generally safe for servers to do this optimization for LDS and CDS when the only subscription is a
 * wildcard subscription". `before` has seen the newest snapshot.
 */
export const resume = (before: Subscription): Subscription => {
  if (before.resumes === "") return before
  const same = isWhole(before.typeUrl) && before.awaiting && before.wildcard && before.names.size === 0 &&
    before.resumes === versionOfAll(before.seen)
  return { ...before, resumes: "", ...(same ? { pending: NOTHING_PENDING, awaiting: false } : {}) }
}
