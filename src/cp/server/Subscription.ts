/**
 * What one ADS stream asks for of one type, and what it has been told: plain data, folded by pure functions.
 * Receives the names of requests; never knows gRPC, time or what the resources mean.
 *
 * Rules quoted here are from https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 */
import type { TypeUrl, XdsResource } from "../xds/XdsResource.ts"

/** What the proxy has of one name. `version` is "" where it was told that there is no such resource. */
export interface Known {
  readonly version: string
  /** Null where the proxy brought it from an earlier stream (`initial_resource_versions`). */
  readonly resource: XdsResource | null
}

/** One response that is on its way or unanswered. */
export interface Sent {
  readonly nonce: string
  readonly version: string
  /** Version by name of what it carried. */
  readonly versions: ReadonlyMap<string, string>
}

/** A version that the proxy refused. */
export interface Rejected {
  readonly version: string
  readonly attempts: number
  /** Unix milliseconds at which it may be offered once more, or null: only another version will be. */
  readonly retryAt: number | null
}

export interface Subscription {
  readonly typeUrl: TypeUrl
  readonly wildcard: boolean
  /** The proxy has named something on this stream, be it `*`: from then on nothing named means nothing wanted. */
  readonly explicit: boolean
  readonly names: ReadonlySet<string>
  readonly known: ReadonlyMap<string, Known>
  /** To be sent (or told to be absent) whatever their version. */
  readonly owed: ReadonlySet<string>
  /** Whether the proxy still waits for a first answer, even an empty one. */
  readonly awaiting: boolean
  /** By nonce, oldest first. */
  readonly unanswered: ReadonlyMap<string, Sent>
  readonly lastNonce: string | null
  readonly rejected: ReadonlyMap<string, Rejected>
  /** The resources after which nothing was left to send: while they are the same object, nothing is due. */
  readonly settledOn: ReadonlyMap<string, XdsResource> | null
}

export const WILDCARD = "*"

/** Responses of one type that may be unanswered at a time. */
export const MAX_UNANSWERED = 16

export const subscription = (typeUrl: TypeUrl): Subscription => ({
  typeUrl,
  wildcard: false,
  explicit: false,
  names: new Set(),
  known: new Map(),
  owed: new Set(),
  awaiting: false,
  unanswered: new Map(),
  lastNonce: null,
  rejected: new Map(),
  settledOn: null
})

export const wants = (subscription: Subscription, name: string): boolean =>
  subscription.wildcard || subscription.names.has(name)

/** Whether a response with it waits for its answer, or too many do for another one. */
export const isUnderWay = ({ unanswered }: Subscription, name: string): boolean =>
  unanswered.size >= MAX_UNANSWERED || [...unanswered.values()].some(({ versions }) => versions.has(name))

/** What isn't asked for any more is neither known nor refused. */
const forgetOthers = <A>(names: ReadonlySet<string>, wildcard: boolean, of: ReadonlyMap<string, A>): Map<string, A> =>
  new Map(wildcard ? of : [...of].filter(([name]) => names.has(name)))

export interface DeltaInterest {
  readonly subscribe: ReadonlyArray<string>
  readonly unsubscribe: ReadonlyArray<string>
  /** `initial_resource_versions`: only the first request of a type on a stream has any. */
  readonly initialVersions: Readonly<Record<string, string>>
}

/** Folds the names of a DeltaDiscoveryRequest in. `first`: it is the stream's first of this type. */
export const subscribeDelta = (before: Subscription, interest: DeltaInterest, first: boolean): Subscription => {
  const names = new Set(before.names)
  const owed = new Set(before.owed)
  const known = new Map(before.known)
  let { wildcard, awaiting } = before
  const explicit = before.explicit || interest.subscribe.length > 0
  if (first) {
    for (const [name, version] of Object.entries(interest.initialVersions)) known.set(name, { version, resource: null })
    // "if the client [...] has never explicitly subscribed to any resource names (i.e., [...] in incremental, having
    // never sent a request [...] with a non-empty resource_names_subscribe field), the server should treat that
    // identically to how it would treat the client having explicitly subscribed to "*"."
    if (!explicit) {
      wildcard = true
      awaiting = true
    }
  }
  for (const name of interest.subscribe) {
    if (name === WILDCARD) {
      awaiting ||= !wildcard
      wildcard = true
      continue
    }
    names.add(name)
    // "the server must respond with all resources listed in resource_names_subscribe, even if it believes the client
    // has the most recent version of them" (discovery.proto, DeltaDiscoveryRequest)
    owed.add(name)
  }
  for (const name of interest.unsubscribe) {
    if (name === WILDCARD) {
      wildcard = false
      continue
    }
    names.delete(name)
    // Still covered by the wildcard: the proxy can't tell, so it is told (Envoy 1.21's wildcard semantics,
    // https://github.com/envoyproxy/go-control-plane/issues/558).
    if (wildcard) owed.add(name)
    else owed.delete(name)
  }
  return {
    ...before,
    names,
    owed,
    known: forgetOthers(names, wildcard, known),
    rejected: forgetOthers(names, wildcard, before.rejected),
    wildcard,
    explicit,
    awaiting,
    settledOn: null
  }
}

/** Folds the names of a state-of-the-world DiscoveryRequest in: each request lists all that is wanted. */
export const subscribeSotw = (before: Subscription, resourceNames: ReadonlyArray<string>): Subscription => {
  const explicit = before.explicit || resourceNames.length > 0
  // "once the client does explicitly subscribe to a resource name (whether it be "*" or any other name), then this
  // legacy semantic is no longer available; at that point, clearing the list of subscribed resources is interpreted as
  // an unsubscription"
  const wildcard = explicit ? resourceNames.includes(WILDCARD) : true
  const names = new Set(resourceNames.filter((name) => name !== WILDCARD))
  if (wildcard === before.wildcard && explicit === before.explicit && equal(names, before.names)) return before
  // "When the client sends a new request that changes the set of resources being requested, the server must resend any
  // newly requested resources, even if it previously sent those resources without having been asked for them"
  const owed = new Set([...before.owed].filter((name) => names.has(name)))
  for (const name of names) if (!before.names.has(name)) owed.add(name)
  const awaiting = before.awaiting || (wildcard && !before.wildcard)
  return {
    ...before,
    names,
    owed,
    known: forgetOthers(names, wildcard, before.known),
    rejected: forgetOthers(names, wildcard, before.rejected),
    wildcard,
    explicit,
    awaiting,
    settledOn: null
  }
}

/** Has these names sent again even though their versions are known. */
export const owe = (before: Subscription, names: Iterable<string>): Subscription => {
  const owed = new Set(before.owed)
  for (const name of names) if (wants(before, name)) owed.add(name)
  return owed.size === before.owed.size ? before : { ...before, owed, settledOn: null }
}

const equal = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && [...one].every((name) => other.has(name))
