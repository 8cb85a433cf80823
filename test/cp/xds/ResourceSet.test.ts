import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { changedSince, ResourceSet } from "../../../src/cp/xds/ResourceSet.ts"
import { TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"
import { resource as anyResource } from "../server/resources.ts"

const resource = (name: string, version: string): XdsResource => anyResource(TypeUrl.Cluster, name, version)

const versions = (set: ReadonlyMap<string, XdsResource>) => new Map([...set].map(([name, { version }]) => [name, version]))

const many = (count: number, version = "1") =>
  Array.from({ length: count }, (_, at) => resource(`r${at}`, version))

describe("a set of resources", () => {
  it("is followed by itself where nothing is another", () => {
    const set = ResourceSet.empty.next(many(3))
    expect(set.next(many(3))).toBe(set)
    expect(set.with([resource("r1", "1")])).toBe(set)
    expect(set.with([resource("stranger", "1")])).toBe(set)
    expect(ResourceSet.empty.next([])).toBe(ResourceSet.empty)
  })

  it("keeps the first of two with one name", () => {
    const set = ResourceSet.empty.next([resource("a", "1"), resource("a", "2")])
    expect(versions(set)).toEqual(new Map([["a", "1"]]))
  })

  it("is one for all that had one, where the same is put in place", () => {
    const set = ResourceSet.empty.next(many(3))
    const newer = [resource("r1", "2")]
    expect(set.with(newer)).toBe(set.with(newer))
    expect(set.with([resource("r1", "3")])).not.toBe(set.with(newer))
    expect(versions(set.with(newer)).get("r1")).toBe("2")
  })

  it("has what is common besides its own, which counts more", () => {
    const common = new Map(many(3).map((one) => [one.name, one]))
    const set = ResourceSet.empty.next([resource("own", "1"), resource("r1", "2")], common)
    expect(versions(set)).toEqual(new Map([["own", "1"], ["r1", "2"], ["r0", "1"], ["r2", "1"]]))
    expect([set.size, set.has("own"), set.has("r2"), set.has("r9")]).toEqual([4, true, true, false])
    expect(set.next([resource("own", "1"), resource("r1", "2")], common)).toBe(set)
    expect(set.next([resource("own", "1"), resource("r1", "2")], new Map(common))).toBe(set)
    const after = set.next([resource("own", "1")], new Map([...common, ["r2", resource("r2", "2")]]))
    expect(versions(after)).toEqual(new Map([["own", "1"], ["r0", "1"], ["r1", "1"], ["r2", "2"]]))
    expect(changedSince(after, set)).toEqual(new Set(["r1", "r2"]))
    expect(changedSince(after.next([], common), after)).toEqual(new Set(["r2", "own"]))
  })

  it("doesn't know what differs from a set that it doesn't come of", () => {
    const one = ResourceSet.empty.next(many(3))
    const other = ResourceSet.empty.next(many(3))
    expect(changedSince(one.with([resource("r1", "2")]), other)).toBeNull()
    expect(changedSince(one, ResourceSet.empty)).toBeNull()
    expect(changedSince(one, new Map())).toBeNull()
    expect(changedSince(new Map(), one)).toBeNull()
    // Two that follow the same set, but not each other.
    const [left, right] = [other.with([resource("r1", "2")]), other.with([resource("r2", "2")])]
    expect(changedSince(left, other)).toEqual(new Set(["r1"]))
    expect(changedSince(right, left)).toBeNull()
    expect(changedSince(other, left)).toBeNull()
  })

  it("forgets what changed long ago rather than grow", () => {
    const first = ResourceSet.empty.next(many(3))
    let last = first
    for (let version = 2; version < 1_000; version++) last = last.with([resource("r1", `${version}`)])
    expect(changedSince(last, first)).toBeNull()
    expect(versions(last).get("r1")).toBe("999")
  })

  it("is after any steps what a plain map would be, was never changed, and knows what differs", () => {
    const written = fc.record({ name: fc.nat(30), version: fc.nat(3) })
      .map(({ name, version }) => resource(`r${name}`, `${version}`))
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ isAll: fc.constant(false), resources: fc.array(written, { maxLength: 3 }) }) },
      { weight: 1, arbitrary: fc.record({ isAll: fc.constant(true), resources: fc.array(written, { maxLength: 25 }) }) }
    )
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), (steps) => {
      let plain = new Map(many(30, "0").map((one) => [one.name, one.version]))
      let set = ResourceSet.empty.next(many(30, "0"))
      const history = [{ set, plain }]
      for (const { isAll, resources } of steps) {
        const unique = [...new Map(resources.map((one) => [one.name, one])).values()]
        plain = new Map(plain)
        if (isAll) plain.clear()
        for (const { name, version } of unique) if (isAll || plain.has(name)) plain.set(name, version)
        set = isAll ? set.next(unique) : set.with(unique)
        expect(set.size).toBe(plain.size)
        expect([...set.keys()].sort()).toEqual([...plain.keys()].sort())
        set.forEach(({ version }, name) => expect(version).toBe(plain.get(name)))
        for (const older of history) {
          const differing = [...new Set([...plain.keys(), ...older.plain.keys()])]
            .filter((name) => plain.get(name) !== older.plain.get(name))
          const changed = changedSince(set, older.set)
          if (changed !== null) expect(differing.filter((name) => !changed.has(name))).toEqual([])
        }
        history.push({ set, plain })
      }
      for (const { plain, set } of history) {
        expect(versions(set)).toEqual(plain)
        for (const [name, version] of plain) expect(set.get(name)?.version).toBe(version)
      }
    }))
  })
})
