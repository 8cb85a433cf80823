/**
 * What one ADS stream asks for of one type, and what it has been told: plain data, folded by pure functions.
 * Receives the names of requests; never knows gRPC, time or what the resources mean.
 *
 * A proxy has all that it is to have but for a few names at a time. So only these are listed, in `pending`; of every
 * other name it has what `seen` has, which is the snapshot's own map: a change costs what changed, and a stream that
 * rests remembers nothing of its own.
 *
 * Rules quoted here are from https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 */
import type { TypeUrl, XdsResource } from "../xds/XdsResource.ts"
import { changeNames, type Names, NO_NAMES } from "./Names.ts"

/** All of a type that a proxy may have, by name. */
export type Resources = ReadonlyMap<string, XdsResource>

export const NO_RESOURCES: Resources = new Map()

/** What the proxy has of one name. */
export interface Known {
  readonly version: string
  /** Null where the proxy brought it from an earlier stream (`initial_resource_versions`). */
  readonly resource: XdsResource | null
}

/** One response that is on its way or unanswered. */
export interface Sent {
  readonly nonce: string
  readonly version: string
  readonly resources: ReadonlyArray<XdsResource>
}

/** A version that the proxy refused. */
export interface Rejected {
  readonly version: string
  readonly attempts: number
  /** Unix milliseconds at which it may be offered once more, or null: only another version will be. */
  readonly retryAt: number | null
}

/** One name of which something may be left to send. */
export interface Pending {
  /** Null: the proxy has none of that name. */
  readonly known: Known | null
  /** To be sent (or told to be absent) whatever its version. */
  readonly owed: boolean
  readonly rejected: Rejected | null
}

export interface Subscription {
  readonly typeUrl: TypeUrl
  readonly wildcard: boolean
  /** The proxy has named something on this stream, be it `*`: from then on nothing named means nothing wanted. */
  readonly explicit: boolean
  readonly names: Names
  /** The resources that `pending` is about. */
  readonly seen: Resources
  /** Only names that are wanted, each until the proxy has what `seen` has of it, or knows that it has none. */
  readonly pending: ReadonlyMap<string, Pending>
  /** Whether the proxy still waits for a first answer, even an empty one. */
  readonly awaiting: boolean
  /** `version_info` of a first state-of-the-world request: what the proxy has from an earlier stream. "": nothing. */
  readonly resumes: string
  /** Oldest first. */
  readonly unanswered: ReadonlyArray<Sent>
  readonly lastNonce: string | null
}

export const WILDCARD = "*"

/** Responses of one type that may be unanswered at a time. */
export const MAX_UNANSWERED = 16

export const NOTHING_PENDING: ReadonlyMap<string, Pending> = new Map()
export const ALL_ANSWERED: ReadonlyArray<Sent> = []

export const subscription = (typeUrl: TypeUrl): Subscription => ({
  typeUrl,
  wildcard: false,
  explicit: false,
  names: NO_NAMES,
  seen: NO_RESOURCES,
  pending: NOTHING_PENDING,
  awaiting: false,
  resumes: "",
  unanswered: ALL_ANSWERED,
  lastNonce: null
})

export const wants = ({ names, wildcard }: Pick<Subscription, "names" | "wildcard">, name: string): boolean =>
  wildcard || names.has(name)

/** What the proxy has of a name; null: nothing, or nothing that it still asks for. */
export const knownOf = (subscription: Subscription, name: string): Known | null => {
  const pending = subscription.pending.get(name)
  if (pending !== undefined) return pending.known
  const resource = wants(subscription, name) ? subscription.seen.get(name) : undefined
  return resource === undefined ? null : { version: resource.version, resource }
}

/** The name with what is remembered of it, to be changed and put back. */
export const pendingOf = (subscription: Subscription, name: string): Pending =>
  subscription.pending.get(name) ?? { known: knownOf(subscription, name), owed: false, rejected: null }

/** Whether a response with it waits for its answer, or too many do for another one. */
export const underWay = ({ unanswered }: Subscription): { readonly has: (name: string) => boolean } =>
  unanswered.length >= MAX_UNANSWERED
    ? { has: () => true }
    : new Set(unanswered.flatMap(({ resources }) => resources.map(({ name }) => name)))

export interface DeltaInterest {
  readonly subscribe: ReadonlyArray<string>
  readonly unsubscribe: ReadonlyArray<string>
  /** `initial_resource_versions`: only the first request of a type on a stream has any. */
  readonly initialVersions: Readonly<Record<string, string>>
  /** Whether what the proxy says it has of a name needn't be sent again only because it is named, too. */
  readonly resumes: (name: string) => boolean
}

/** Folds the names of a DeltaDiscoveryRequest in. `first`: it is the stream's first of this type. */
export const subscribeDelta = (before: Subscription, interest: DeltaInterest, first: boolean): Subscription => {
  const changed = new Map<string, boolean>()
  const pending = new Map(before.pending)
  let { wildcard, awaiting } = before
  const explicit = before.explicit || interest.subscribe.length > 0
  const brought = first ? interest.initialVersions : {}
  for (const [name, version] of Object.entries(brought)) {
    pending.set(name, { known: { version, resource: null }, owed: false, rejected: null })
  }
  // "if the client [...] has never explicitly subscribed to any resource names (i.e., [...] in incremental, having
  // never sent a request [...] with a non-empty resource_names_subscribe field), the server should treat that
  // identically to how it would treat the client having explicitly subscribed to "*"."
  if (first && !explicit) {
    wildcard = true
    awaiting = true
  }
  for (const name of interest.subscribe) {
    if (name === WILDCARD) {
      awaiting ||= !wildcard
      wildcard = true
      continue
    }
    changed.set(name, true)
    // "the server must respond with all resources listed in resource_names_subscribe, even if it believes the client
    // has the most recent version of them. The reason: the client may have dropped them, but then regained interest"
    // (discovery.proto, DeltaDiscoveryRequest). What it has as a new stream begins it says in that request.
    if (Object.hasOwn(brought, name) && interest.resumes(name)) continue
    pending.set(name, { ...(pending.get(name) ?? pendingOf(before, name)), owed: true })
  }
  for (const name of interest.unsubscribe) {
    if (name === WILDCARD) {
      wildcard = false
      continue
    }
    changed.set(name, false)
    // Still covered by the wildcard: the proxy can't tell, so it is told (Envoy 1.21's wildcard semantics,
    // https://github.com/envoyproxy/go-control-plane/issues/558).
    if (wildcard) pending.set(name, { ...(pending.get(name) ?? pendingOf(before, name)), owed: true })
    else pending.delete(name)
  }
  const names = changeNames(before.names, changed)
  return { ...before, names, wildcard, explicit, awaiting, pending: settleNames(before, pending, { names, wildcard }) }
}

/** Folds the names of a state-of-the-world DiscoveryRequest in: each request lists all that is wanted. */
export const subscribeSotw = (before: Subscription, resourceNames: ReadonlyArray<string>): Subscription => {
  const explicit = before.explicit || resourceNames.length > 0
  // "once the client does explicitly subscribe to a resource name (whether it be "*" or any other name), then this
  // legacy semantic is no longer available; at that point, clearing the list of subscribed resources is interpreted as
  // an unsubscription"
  const wildcard = explicit ? resourceNames.includes(WILDCARD) : true
  if (wildcard === before.wildcard && explicit === before.explicit && isSame(before.names, resourceNames)) return before
  const names = new Set(resourceNames)
  names.delete(WILDCARD)
  const pending = new Map(before.pending)
  for (const [name, was] of before.pending) {
    if (was.owed && !names.has(name)) pending.set(name, { ...was, owed: false })
  }
  // "When the client sends a new request that changes the set of resources being requested, the server must resend any
  // newly requested resources, even if it previously sent those resources without having been asked for them"
  for (const name of names) if (!before.names.has(name)) pending.set(name, { ...pendingOf(before, name), owed: true })
  const awaiting = before.awaiting || (wildcard && !before.wildcard)
  return { ...before, names, wildcard, explicit, awaiting, pending: settleNames(before, pending, { names, wildcard }) }
}

/** What isn't asked for any more is forgotten, and what wasn't asked for before isn't known. */
const settleNames = (
  before: Subscription,
  pending: Map<string, Pending>,
  after: Pick<Subscription, "names" | "wildcard">
): ReadonlyMap<string, Pending> => {
  if (!after.wildcard) for (const name of pending.keys()) if (!after.names.has(name)) pending.delete(name)
  if (after.wildcard && !before.wildcard) {
    for (const name of before.seen.keys()) {
      if (!pending.has(name) && !before.names.has(name)) pending.set(name, { known: null, owed: false, rejected: null })
    }
  }
  return pending.size === 0 ? NOTHING_PENDING : pending
}

/** Has these names sent again even though their versions are known. */
export const owe = (before: Subscription, names: Iterable<string>): Subscription => {
  let pending: Map<string, Pending> | null = null
  for (const name of names) {
    if (!wants(before, name) || before.pending.get(name)?.owed === true) continue
    pending ??= new Map(before.pending)
    pending.set(name, { ...pendingOf(before, name), owed: true })
  }
  return pending === null ? before : { ...before, pending }
}

const isSame = (names: Names, listed: ReadonlyArray<string>): boolean => {
  const others = new Set(listed)
  others.delete(WILDCARD)
  return others.size === names.size && listed.every((name) => name === WILDCARD || names.has(name))
}
