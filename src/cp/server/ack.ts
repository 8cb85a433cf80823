/**
 * Folds a proxy's answer to a response: accepted or refused. A refused version is offered again a few times, each
 * time later, then never; another version goes out at once.
 */
import type { ProxySnapshot } from "../xds/XdsResource.ts"
import {
  ALL_ANSWERED,
  knownOf,
  NOTHING_PENDING,
  type Pending,
  pendingOf,
  type Rejected,
  type Sent,
  type Subscription,
  underWay
} from "./Subscription.ts"

export interface NackPolicy {
  /** Wait before the first repetition; doubled before each further one. */
  readonly backoffMillis: number
  /** How often one version is offered in all. */
  readonly attempts: number
}

export interface Answer {
  readonly nonce: string
  /** `error_detail.message`, or null: accepted. */
  readonly error: string | null
  /** Whether it speaks for all that was sent of the type before, too. */
  readonly merges: boolean
}

/** Characters of a reason that are kept: a proxy may send 2 MB, which journal, log and insight would hold for it. */
const MAX_REASON_LENGTH = 4_096

/** `stale`: an answer to nothing that is open; it says nothing. */
export type Answered =
  | {
      readonly _tag: "Acked"
      readonly subscription: Subscription
      readonly sent: Sent
      /** What was accepted without a word of its own, oldest first. */
      readonly earlier: ReadonlyArray<Sent>
    }
  | { readonly _tag: "Nacked"; readonly subscription: Subscription; readonly sent: Sent; readonly message: string }
  | { readonly _tag: "Stale"; readonly subscription: Subscription }

/**
 * "The preferred mechanism for a server to detect a NACK is to look for the presence of the error_detail field"
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#nack
 */
export const answer = (before: Subscription, answer: Answer, now: number, policy: NackPolicy): Answered => {
  const index = before.unanswered.findIndex(({ nonce }) => nonce === answer.nonce)
  const sent = before.unanswered[index]
  if (sent === undefined) return { _tag: "Stale", subscription: before }
  const earlier = answer.merges ? before.unanswered.slice(0, index) : ALL_ANSWERED
  const others = before.unanswered.filter((other) => other !== sent && !earlier.includes(other))
  const after = { ...before, unanswered: others.length === 0 ? ALL_ANSWERED : others }
  if (answer.error === null) {
    return { _tag: "Acked", subscription: [...earlier, sent].reduce(accepted, after), sent, earlier }
  }
  const pending = new Map(before.pending)
  for (const { name, version } of sent.resources) {
    // A newer version is already on its way: its own answer counts.
    if (knownOf(before, name)?.version !== version) continue
    const was = pendingOf(before, name)
    pending.set(name, { ...was, rejected: reject(was.rejected, version, now, policy) })
  }
  const message = answer.error.slice(0, MAX_REASON_LENGTH)
  return { _tag: "Nacked", subscription: { ...after, pending }, sent, message }
}

/** What was refused before and is accepted now is as if it had never been refused. */
const accepted = (before: Subscription, { resources }: Sent): Subscription => {
  if (before.pending.size === 0) return before
  let pending: Map<string, Pending> | null = null
  for (const { name, version } of resources) {
    const was = before.pending.get(name)
    if (was === undefined || was.rejected?.version !== version) continue
    pending ??= new Map(before.pending)
    const done = !was.owed && was.known?.version === before.seen.get(name)?.version
    if (done) pending.delete(name)
    else pending.set(name, { ...was, rejected: null })
  }
  return pending === null ? before : { ...before, pending: pending.size === 0 ? NOTHING_PENDING : pending }
}

const reject = (before: Rejected | null, version: string, now: number, policy: NackPolicy): Rejected => {
  const attempts = before?.version === version ? before.attempts + 1 : 1
  return {
    version,
    attempts,
    retryAt: attempts >= policy.attempts ? null : now + policy.backoffMillis * 2 ** (attempts - 1)
  }
}

/**
 * When the next repetition is due, in Unix milliseconds, or null. Only what could be sent then counts: a version that
 * the snapshot still has and that isn't under way already.
 */
export const nextRetry = (subscriptions: Iterable<Subscription>, snapshot: ProxySnapshot): number | null => {
  let next: number | null = null
  for (const subscription of subscriptions) {
    if (subscription.pending.size === 0) continue
    const waiting = underWay(subscription)
    for (const [name, { rejected }] of subscription.pending) {
      if (rejected === null || rejected.retryAt === null || (next !== null && next <= rejected.retryAt)) continue
      if (snapshot.get(subscription.typeUrl)?.get(name)?.version !== rejected.version || waiting.has(name)) continue
      next = rejected.retryAt
    }
  }
  return next
}
