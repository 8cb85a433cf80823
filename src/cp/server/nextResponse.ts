/**
 * Which response a stream is to get next: make before break over all types. Receives the conversation so far and the
 * proxy's newest snapshot; what changed in between while the proxy read slowly is skipped by itself. Pure.
 *
 * "CDS updates (if any) must always be pushed first. EDS updates (if any) must arrive after CDS updates for the
 * respective clusters. LDS updates must arrive after corresponding CDS/EDS updates. RDS updates related to the newly
 * added listeners must arrive after CDS/EDS/LDS updates. [...] Stale CDS clusters and related EDS endpoints (ones no
 * longer being referenced) can then be removed."
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#eventual-consistency-considerations
 */
import { type ProxySnapshot, TypeUrl } from "../xds/XdsResource.ts"
import { compare } from "./compare.ts"
import { delta } from "./delta.ts"
import type { Outgoing } from "./Outgoing.ts"
import { resume, sotw } from "./sotw.ts"
import { type StreamState, withSubscription } from "./StreamState.ts"
import { MAX_UNANSWERED, NO_RESOURCES, owe, type Subscription } from "./Subscription.ts"

/** Secrets go first: whatever names them is warmed the sooner. */
const ADDITIONS = [
  TypeUrl.Secret,
  TypeUrl.Cluster,
  TypeUrl.ClusterLoadAssignment,
  TypeUrl.Listener,
  TypeUrl.RouteConfiguration
] as const
const REMOVALS = [TypeUrl.RouteConfiguration, TypeUrl.ClusterLoadAssignment, TypeUrl.Cluster, TypeUrl.Secret] as const

export interface Next {
  readonly state: StreamState
  /** Null: nothing is due. */
  readonly outgoing: Outgoing | null
}

export const nextResponse = (before: StreamState, snapshot: ProxySnapshot, now: number): Next => {
  let state = before
  for (const removals of [false, true]) {
    if (removals && !isQuiet(state, snapshot)) break
    for (const typeUrl of removals ? REMOVALS : ADDITIONS) {
      const known = state.subscriptions.get(typeUrl)
      if (known === undefined) continue
      const subscription = upTo(state, known, snapshot)
      if (subscription !== known) state = withSubscription(state, subscription)
      if (subscription.pending.size === 0 && !subscription.awaiting) continue
      if (subscription.unanswered.length >= MAX_UNANSWERED) continue
      const offer = (state.protocol === "delta" ? delta : sotw)(subscription, {
        nonce: String(state.sequence + 1),
        now,
        removals
      })
      if (offer === null) continue
      const after = withSubscription({ ...state, sequence: state.sequence + 1 }, offer.subscription)
      return { state: warm(after, subscription, offer.outgoing), outgoing: offer.outgoing }
    }
  }
  return { state, outgoing: null }
}

const upTo = (state: StreamState, subscription: Subscription, snapshot: ProxySnapshot): Subscription => {
  const compared = compare(subscription, snapshot.get(subscription.typeUrl) ?? NO_RESOURCES)
  return state.protocol === "delta" ? compared : resume(compared)
}

/**
 * Nothing on its way and nothing refused: only then can nothing that the proxy still uses be taken away. (Envoy holds
 * its answer to a CDS response back until the clusters are warm.)
 */
const isQuiet = (state: StreamState, snapshot: ProxySnapshot): boolean => {
  for (const { pending, typeUrl, unanswered } of state.subscriptions.values()) {
    if (unanswered.length > 0) return false
    for (const [name, { rejected }] of pending) {
      if (rejected !== null && snapshot.get(typeUrl)?.get(name)?.version === rejected.version) return false
    }
  }
  return true
}

/**
 * "Warming of Cluster is completed only when a new ClusterLoadAssignment response is supplied by management server even
 * though there is no change in endpoints. However, If Envoy is already aware of RouteConfiguration referenced by
 * Listener, it will use it" (https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#resource-warming).
 * Secrets are shared between their users in Envoy, as routes are. An assignment has its cluster's name.
 */
const warm = (state: StreamState, { pending }: Subscription, outgoing: Outgoing): StreamState => {
  if (outgoing.typeUrl !== TypeUrl.Cluster) return state
  const warming = outgoing.resources.filter(({ name, version }) => {
    const was = pending.get(name)
    return was !== undefined && (was.rejected !== null || was.known?.version !== version)
  })
  const names = warming.map(({ name }) => name)
  const assignments = state.subscriptions.get(TypeUrl.ClusterLoadAssignment)
  return assignments === undefined
    ? { ...state, warming: new Set([...state.warming, ...names]) }
    : withSubscription(state, owe(assignments, names))
}
