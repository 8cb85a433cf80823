/**
 * Folds a proxy's answer to a response: accepted or refused. A refused version is offered again a few times, each
 * time later, then never; another version goes out at once.
 */
import type { ProxySnapshot } from "../xds/XdsResource.ts"
import { isUnderWay, type Rejected, type Sent, type Subscription } from "./Subscription.ts"

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
}

/** Characters of a reason that are kept: a proxy may send 16 MB, which journal, log and insight would hold for it. */
const MAX_REASON_LENGTH = 4_096

/** `stale`: an answer to nothing that is open; it says nothing. */
export type Answered =
  | { readonly _tag: "Acked"; readonly subscription: Subscription; readonly sent: Sent }
  | { readonly _tag: "Nacked"; readonly subscription: Subscription; readonly sent: Sent; readonly message: string }
  | { readonly _tag: "Stale"; readonly subscription: Subscription }

/**
 * "The preferred mechanism for a server to detect a NACK is to look for the presence of the error_detail field"
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#nack
 */
export const answer = (before: Subscription, answer: Answer, now: number, policy: NackPolicy): Answered => {
  const sent = before.unanswered.get(answer.nonce)
  if (sent === undefined) return { _tag: "Stale", subscription: before }
  const unanswered = new Map(before.unanswered)
  unanswered.delete(answer.nonce)
  const rejected = new Map(before.rejected)
  if (answer.error === null) {
    for (const [name, version] of sent.versions) if (rejected.get(name)?.version === version) rejected.delete(name)
    return { _tag: "Acked", subscription: { ...before, unanswered, rejected }, sent }
  }
  for (const [name, version] of sent.versions) {
    // A newer version is already on its way: its own answer counts.
    if (before.known.get(name)?.version !== version) continue
    rejected.set(name, reject(rejected.get(name), version, now, policy))
  }
  const subscription = { ...before, unanswered, rejected, settledOn: null }
  return { _tag: "Nacked", subscription, sent, message: answer.error.slice(0, MAX_REASON_LENGTH) }
}

const reject = (before: Rejected | undefined, version: string, now: number, policy: NackPolicy): Rejected => {
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
    for (const [name, { retryAt, version }] of subscription.rejected) {
      if (retryAt === null || (next !== null && next <= retryAt)) continue
      if (snapshot.get(subscription.typeUrl)?.get(name)?.version !== version || isUnderWay(subscription, name)) continue
      next = retryAt
    }
  }
  return next
}
