/** Which resources of a type are due for a proxy: what both protocol variants have in common. Pure. */
import type { XdsResource } from "../xds/XdsResource.ts"
import { RESPONSE_BYTES } from "./Outgoing.ts"
import { NOTHING_PENDING, type Pending, type Subscription, underWay } from "./Subscription.ts"

export interface Due {
  /**
   * Changed, added or owed, up to RESPONSE_BYTES. A refused one whose time has come is alone,
   * so that it can't take others along.
   */
  readonly resources: ReadonlyArray<XdsResource>
  /** Owed and not there. */
  readonly absent: ReadonlyArray<string>
  /** The proxy has them and should not any more. */
  readonly gone: ReadonlyArray<string>
}

export const due = (subscription: Subscription, now: number): Due => {
  const fresh: Array<XdsResource> = []
  const ripe: Array<XdsResource> = []
  const absent: Array<string> = []
  const gone: Array<string> = []
  let bytes = 0
  for (const [name, { known, owed, rejected }] of subscription.pending) {
    const resource = subscription.seen.get(name)
    if (resource === undefined) {
      if (owed) absent.push(name)
      if (known !== null) gone.push(name)
    } else if (!owed && rejected?.version === resource.version) {
      if (rejected.retryAt !== null && rejected.retryAt <= now) ripe.push(resource)
    } else if (owed || known?.version !== resource.version) {
      if (bytes > 0 && bytes + resource.bytes.length > RESPONSE_BYTES) continue
      bytes += resource.bytes.length
      fresh.push(resource)
    }
  }
  return { resources: fresh.length > 0 ? fresh : again(subscription, ripe), absent, gone }
}

/** One at a time, and none that is on its way. */
const again = (subscription: Subscription, ripe: ReadonlyArray<XdsResource>): ReadonlyArray<XdsResource> => {
  if (ripe.length === 0) return ripe
  const waiting = underWay(subscription)
  const first = ripe.find(({ name }) => !waiting.has(name))
  return first === undefined ? [] : [first]
}

/** The subscription once these went out under this nonce. */
export const sent = (
  before: Subscription,
  response: {
    readonly nonce: string
    readonly version: string
    readonly resources: ReadonlyArray<XdsResource>
    readonly removed: ReadonlyArray<string>
  }
): Subscription => {
  const { nonce, removed, resources, version } = response
  return {
    ...before,
    pending: resources.length + removed.length === 0 ? before.pending : left(before, resources, removed),
    unanswered: [...before.unanswered, { nonce, version, resources }],
    awaiting: false,
    lastNonce: nonce
  }
}

/** What is still to be looked at once these went out. */
const left = (
  { pending, seen }: Subscription,
  resources: ReadonlyArray<XdsResource>,
  removed: ReadonlyArray<string>
): ReadonlyMap<string, Pending> => {
  const after = new Map(pending)
  for (const resource of resources) {
    const { name, version } = resource
    const was = pending.get(name)
    if (was === undefined) continue
    const rejected = was.rejected?.version === version ? was.rejected : null
    if (rejected === null && seen.get(name)?.version === version) after.delete(name)
    else after.set(name, { known: { version, resource }, owed: false, rejected })
  }
  // A name that isn't there and isn't pending is one that the proxy knows to be absent: it is told once.
  for (const name of removed) after.delete(name)
  return after.size === 0 ? NOTHING_PENDING : after
}
