/** Which resources of a type are due for a proxy: what both protocol variants have in common. Pure. */
import type { XdsResource } from "../xds/XdsResource.ts"
import { RESPONSE_BYTES } from "./Outgoing.ts"
import { isUnderWay, type Subscription, wants } from "./Subscription.ts"

export type Resources = ReadonlyMap<string, XdsResource>

export interface Due {
  /**
   * Changed, added or owed, up to RESPONSE_BYTES. A refused one whose time has come is alone,
   * so that it can't take others along.
   */
  readonly resources: ReadonlyArray<XdsResource>
  /** Asked for by name and not there. */
  readonly absent: ReadonlyArray<string>
  /** The proxy has them and should not any more. */
  readonly gone: ReadonlyArray<string>
}

export const due = (subscription: Subscription, resources: Resources, now: number): Due => {
  const fresh: Array<XdsResource> = []
  const again: Array<XdsResource> = []
  let bytes = 0
  const consider = (name: string): void => {
    const resource = resources.get(name)
    if (resource === undefined) return
    const owed = subscription.owed.has(name)
    const rejected = subscription.rejected.get(name)
    if (!owed && rejected?.version === resource.version) {
      if (!isUnderWay(subscription, name) && rejected.retryAt !== null && rejected.retryAt <= now) again.push(resource)
      return
    }
    if (!owed && subscription.known.get(name)?.version === resource.version) return
    if (bytes > 0 && bytes + resource.bytes.length > RESPONSE_BYTES) return
    bytes += resource.bytes.length
    fresh.push(resource)
  }
  for (const name of subscription.wildcard ? resources.keys() : subscription.names) consider(name)
  const absent = [...new Set([...subscription.owed, ...subscription.names])].filter((name) =>
    !resources.has(name) && (subscription.owed.has(name) || !subscription.known.has(name))
  )
  const gone = [...subscription.known].flatMap(([name, known]) =>
    known.version !== "" && (!resources.has(name) || !wants(subscription, name)) ? [name] : []
  )
  return { resources: fresh.length > 0 ? fresh : again.slice(0, 1), absent, gone }
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
  const known = new Map(before.known)
  const owed = new Set(before.owed)
  const rejected = new Map(before.rejected)
  const versions = new Map<string, string>()
  for (const resource of response.resources) {
    versions.set(resource.name, resource.version)
    known.set(resource.name, { version: resource.version, resource })
    owed.delete(resource.name)
    if (rejected.get(resource.name)?.version !== resource.version) rejected.delete(resource.name)
  }
  for (const name of response.removed) {
    owed.delete(name)
    rejected.delete(name)
    // What was asked for by name is remembered as absent, so that it is told once.
    if (before.names.has(name)) known.set(name, { version: "", resource: null })
    else known.delete(name)
  }
  const unanswered = new Map(before.unanswered)
  unanswered.set(response.nonce, { nonce: response.nonce, version: response.version, versions })
  return {
    ...before,
    known,
    owed,
    rejected,
    unanswered,
    awaiting: false,
    lastNonce: response.nonce,
    settledOn: null
  }
}
