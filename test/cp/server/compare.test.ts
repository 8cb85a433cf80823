import fc from "fast-check"
import { expect, it } from "vitest"
import { compare } from "../../../src/cp/server/compare.ts"
import { type Subscription, subscription } from "../../../src/cp/server/Subscription.ts"
import { ResourceSet } from "../../../src/cp/xds/ResourceSet.ts"
import { TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"
import { resource } from "./resources.ts"

const written = fc.record({ name: fc.nat(8), version: fc.nat(2) })
  .map(({ name, version }) => resource(TypeUrl.Cluster, `r${name}`, `${version}`))
const step = fc.record({
  isAll: fc.boolean(),
  resources: fc.array(written, { maxLength: 4 }),
  // A slow reader compares with what came long before.
  isRead: fc.boolean()
})

/** What is pending, by versions alone. */
const pendingOf = ({ pending }: Subscription) =>
  [...pending].map(([name, { known, owed }]) => [name, known?.version ?? null, owed]).sort()

it("a set that knows what changed in it is compared as one that doesn't", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const first = { ...subscription(TypeUrl.Cluster), wildcard: true }
    let [knowing, looking]: [Subscription, Subscription] = [first, first]
    let set = ResourceSet.empty
    for (const { isAll, isRead, resources } of steps) {
      const unique = [...new Map(resources.map((one) => [one.name, one])).values()]
      set = isAll ? set.next(unique) : set.with(unique)
      if (!isRead) continue
      knowing = compare(knowing, set)
      looking = compare(looking, new Map<string, XdsResource>(set))
      expect(pendingOf(knowing)).toEqual(pendingOf(looking))
    }
  }))
})

it("a set that knows what changed in it is looked at there alone", () => {
  const before = ResourceSet.empty.next(["a", "b", "c"].map((name) => resource(TypeUrl.Cluster, name, "1")))
  const seen = compare({ ...subscription(TypeUrl.Cluster), wildcard: true }, before)
  const after = before.with([resource(TypeUrl.Cluster, "b", "2")])
  after.entries = () => {
    throw new Error("looked through")
  }
  expect(pendingOf(compare({ ...seen, pending: new Map() }, after))).toEqual([["b", "1", false]])
})
