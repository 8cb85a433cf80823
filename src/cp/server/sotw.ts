/** What a state-of-the-world subscription is to be sent next. Pure. */
import { createHash } from "node:crypto"
import { TypeUrl, type XdsResource } from "../xds/XdsResource.ts"
import { due, type Resources, sent } from "./due.ts"
import type { Offer, OfferOptions } from "./Outgoing.ts"
import type { Subscription } from "./Subscription.ts"
import { wants } from "./Subscription.ts"

/**
 * "In the SotW protocol variants, all resource types except for Listener and Cluster are grouped into responses in the
 * same way as in the incremental protocol variants. However, [for these two] the server must include the complete state
 * of the world [...] even if they did not change since the last response."
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#grouping-resources-into-responses
 */
const isWhole = (typeUrl: TypeUrl): boolean => typeUrl === TypeUrl.Listener || typeUrl === TypeUrl.Cluster

export const sotw = (subscription: Subscription, resources: Resources, options: OfferOptions): Offer => {
  const found = due(subscription, resources, options.now)
  return isWhole(subscription.typeUrl)
    ? whole(subscription, resources, options, found)
    : changed(subscription, resources, options, found)
}

type Found = ReturnType<typeof due>

const whole = (subscription: Subscription, resources: Resources, options: OfferOptions, found: Found): Offer => {
  const removals = options.removals || subscription.typeUrl === TypeUrl.Listener
  const gone = removals ? found.gone : []
  if (found.resources.length === 0 && gone.length === 0 && !subscription.awaiting) return null
  const current = [...resources.values()].filter((resource) => wants(subscription, resource.name))
  // What may not be removed yet is repeated as the proxy has it: leaving it out would delete it.
  const held = removals ? [] : found.gone.flatMap((name) => subscription.known.get(name)?.resource ?? [])
  const all = [...current, ...held]
  const outgoing = {
    typeUrl: subscription.typeUrl,
    nonce: options.nonce,
    version: versionOf(all),
    resources: all,
    removed: gone
  }
  return { outgoing, subscription: sent(subscription, outgoing) }
}

/** Removal needs no word here: "deletions are indicated implicitly by parent resources". */
const changed = (subscription: Subscription, resources: Resources, options: OfferOptions, found: Found): Offer => {
  if (found.resources.length === 0) return null
  const outgoing = {
    typeUrl: subscription.typeUrl,
    nonce: options.nonce,
    version: versionOf([...resources.values()].filter((resource) => wants(subscription, resource.name))),
    resources: found.resources,
    removed: []
  }
  const removed = [...found.gone, ...found.absent]
  return { outgoing, subscription: sent(subscription, { ...outgoing, removed }) }
}

/** Hash over names and versions, so that every replica gives the same resources the same version. */
export const versionOf = (resources: ReadonlyArray<XdsResource>): string => {
  const hash = createHash("sha256")
  const lines = resources.map((resource) => JSON.stringify([resource.name, resource.version])).sort()
  for (const line of lines) hash.update(line)
  return hash.digest("hex").slice(0, 16)
}

/**
 * "Servers may decide to optimize by not resending resources that the client had already seen on the previous stream
 * [...] it is generally safe for servers to do this optimization for LDS and CDS when the only subscription is a
 * wildcard subscription"
 */
export const resume = (subscription: Subscription, resources: Resources, versionInfo: string): Subscription => {
  const all = [...resources.values()]
  const same = isWhole(subscription.typeUrl) && subscription.wildcard && subscription.names.size === 0 &&
    versionInfo === versionOf(all)
  if (!same) return subscription
  const known = new Map(all.map((resource) => [resource.name, { version: resource.version, resource }]))
  return { ...subscription, known, awaiting: false }
}
