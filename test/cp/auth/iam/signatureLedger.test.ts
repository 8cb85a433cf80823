import { Effect } from "effect"
import { expect, it } from "vitest"
import { makeSignatureLedger, type SignatureLedger } from "../../../../src/cp/auth/iam/SignatureLedger.ts"

const claim = (ledger: SignatureLedger, signature: string, owner: string, now = 0, expiresAt = 900) =>
  Effect.runSync(ledger.claim(signature, owner, expiresAt, now))

it("gives a signature to the proxy that brings it first, again and again", () => {
  const ledger = makeSignatureLedger()
  expect(claim(ledger, "a", "dataplane default.one")).toBe("owned")
  expect(claim(ledger, "a", "dataplane default.one", 899)).toBe("owned")
})

it("refuses a signature that another proxy brought before", () => {
  const ledger = makeSignatureLedger()
  claim(ledger, "a", "dataplane default.one")
  expect(claim(ledger, "a", "dataplane default.two")).toBe("foreign")
  expect(claim(ledger, "a", "ingress default.one")).toBe("foreign")
})

it("refuses more than it can remember rather than forget one that is still good", () => {
  const ledger = makeSignatureLedger(2)
  claim(ledger, "a", "one")
  claim(ledger, "b", "two")
  expect(claim(ledger, "c", "three")).toBe("full")
  expect(claim(ledger, "a", "one")).toBe("owned")
})

it("forgets those that have expired", () => {
  const ledger = makeSignatureLedger(2)
  claim(ledger, "a", "one", 0, 900)
  claim(ledger, "b", "two", 0, 1_900)
  expect(claim(ledger, "c", "three", 1_000, 1_900)).toBe("owned")
  expect(claim(ledger, "b", "other", 1_000, 1_900)).toBe("foreign")
})
