/**
 * Verdicts that are asked for again and again, as those on thousands of open streams are every other second. Resources
 * in the cache are never altered, only replaced: while all that a verdict was reached from are the same objects, it
 * holds.
 */
import type { ProxyClaim, Refused } from "./Authenticator.ts"

/** `observed`: everything besides identity and claim that `judge` goes by, always as many. Both are pure. */
export const judgeOnce = <I extends object>(
  observed: (identity: I, claim: ProxyClaim) => ReadonlyArray<object | undefined>,
  judge: (identity: I, claim: ProxyClaim) => Refused | null
): (identity: I, claim: ProxyClaim) => Refused | null => {
  const known = new WeakMap<I, {
    readonly claim: ProxyClaim
    readonly from: ReadonlyArray<object | undefined>
    readonly verdict: Refused | null
  }>()
  return (identity, claim) => {
    const from = observed(identity, claim)
    const before = known.get(identity)
    if (before?.claim === claim && before.from.every((one, index) => one === from[index])) return before.verdict
    const verdict = judge(identity, claim)
    known.set(identity, { claim, from, verdict })
    return verdict
  }
}
