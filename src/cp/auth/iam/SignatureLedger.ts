/**
 * Which proxy an accepted signature belongs to, for as long as the signature is good. A second proxy that brings it
 * is refused; the proxy's own reconnect isn't.
 *
 * The signature covers the binding header, which names the proxy, and STS verifies it: no replica can accept it for
 * another proxy, whether or not the replicas share a ledger. The ledger is the second lock on that door, kept by each
 * replica for itself; one over a shared table would implement the same interface.
 */
import { Effect } from "effect"

export interface SignatureLedger {
  /**
   * `foreign`: it belongs to another proxy. `full`: nothing more can be remembered now.
   * `owner` names the proxy; times are unix milliseconds.
   */
  readonly claim: (
    signature: string,
    owner: string,
    expiresAt: number,
    now: number
  ) => Effect.Effect<"owned" | "foreign" | "full">
}

/** Some 300 bytes each, so 30 MB where it is full; a proxy has one or two tokens that are still good. */
export const LEDGER_CAPACITY = 100_000

export const makeSignatureLedger = (capacity: number = LEDGER_CAPACITY): SignatureLedger => {
  const entries = new Map<string, { readonly owner: string; readonly expiresAt: number }>()

  const forgetExpired = (now: number): void => {
    for (const [signature, { expiresAt }] of entries) {
      if (expiresAt <= now) entries.delete(signature)
    }
  }

  return {
    claim: (signature, owner, expiresAt, now) =>
      Effect.sync(() => {
        const entry = entries.get(signature)
        if (entry !== undefined && entry.expiresAt > now) return entry.owner === owner ? "owned" : "foreign"
        if (entries.size >= capacity) forgetExpired(now)
        // A signature that is still good is never forgotten to make room for another.
        if (entries.size >= capacity) return "full"
        entries.set(signature, { owner, expiresAt })
        return "owned"
      })
  }
}
