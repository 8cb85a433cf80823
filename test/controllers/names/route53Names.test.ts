import { Effect, Exit } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { AwsCallFailed } from "../../../src/controllers/aws/AwsCallFailed.ts"
import type { HostedZone } from "../../../src/controllers/aws/HostedZone.ts"
import { diffNames, withChanges } from "../../../src/controllers/names/diffNames.ts"
import { NAMES_A_BATCH, route53Names } from "../../../src/controllers/names/route53Names.ts"
import { readNames, type RecordChange, type RecordSet, TTL } from "../../../src/controllers/names/route53Records.ts"

const DOMAIN = "mesh.local"
const OWNER = { cluster: "c-1", zone: "zone-1", formerly: [] }

const same = (one: RecordSet, other: RecordSet): boolean =>
  one.ttl === other.ttl && one.values.join() === other.values.join()

const invalid = (message: string) =>
  new AwsCallFailed({ service: "Route53", operation: "Change", kind: "invalid", code: "InvalidChangeBatch", message })

/** As Route 53 has it: a batch is made as a whole or not at all, and each record is named by its exact words. */
const zoneOf = (initial: ReadonlyArray<RecordSet>) => {
  let sets = initial
  let batches = 0
  const zone: HostedZone = {
    domain: Effect.succeed(DOMAIN),
    list: Effect.sync(() => sets),
    change: (changes: ReadonlyArray<RecordChange>) =>
      Effect.suspend(() => {
        batches++
        let next = [...sets]
        for (const { action, set } of changes) {
          const at = next.findIndex(({ name, type }) => name === set.name && type === set.type)
          const there = next[at]
          if (action === "CREATE") {
            const isCrowded = next.some(({ name, type }) =>
              name === set.name && (type === "CNAME" || set.type === "CNAME"))
            if (there !== undefined || isCrowded) return Effect.fail(invalid(`${set.name} already exists`))
            next.push(set)
          } else {
            if (there === undefined || !same(there, set)) return Effect.fail(invalid(`${set.name} isn't so`))
            next = next.filter((_, index) => index !== at)
          }
        }
        sets = next
        return Effect.void
      })
  }
  return {
    zone,
    sets: () => sets,
    batches: () => batches,
    edit: (change: (now: ReadonlyArray<RecordSet>) => ReadonlyArray<RecordSet>) => {
      sets = change(sets)
    }
  }
}

const record = (name: string, type: string, value: string, more: Partial<RecordSet> = {}): RecordSet =>
  ({ name, type, ttl: 300, values: [value], isSimple: true, ...more })

const wantedOf = (...pairs: ReadonlyArray<readonly [string, string]>) => new Map(pairs)

/** One look and what follows from it. */
const settle = (names: ReturnType<typeof route53Names>, wanted: ReadonlyMap<string, string>, adopts = false) =>
  Effect.runSync(Effect.gen(function*() {
    const there = yield* names.list
    const diff = diffNames(wanted, there, DOMAIN, adopts)
    const refused = diff.changes.length === 0 ? [] : yield* names.change(diff.changes)
    return { ...diff, refused, there }
  }))

const kv = "kv.mesh.local"
const mark = (hostname: string, cluster: string, address: string): RecordSet =>
  record(`_ecs-mesh.${hostname}`, "TXT", `"heritage=ecs-mesh,owner=${cluster},zone=zone-1,address=${address}"`, {
    ttl: TTL
  })

const ours = mark(kv, "c-1", "127.4.0.1")

describe("hostnames in a hosted zone", () => {
  it("are made, moved and removed with their marks", () => {
    const { sets, zone } = zoneOf([])
    const names = route53Names("zone", zone, OWNER)
    settle(names, wantedOf([kv, "127.4.0.1"]))
    expect(sets()).toEqual([record(kv, "A", "127.4.0.1", { ttl: TTL }), mark(kv, "c-1", "127.4.0.1")])
    settle(names, wantedOf([kv, "127.4.0.2"]))
    expect(sets()).toEqual([record(kv, "A", "127.4.0.2", { ttl: TTL }), mark(kv, "c-1", "127.4.0.2")])
    settle(names, wantedOf())
    expect(sets()).toEqual([])
  })

  it.each([
    ["an A record without a mark", [record(kv, "A", "10.0.0.1")]],
    ["an A record of a virtual address without a mark", [record(kv, "A", "127.4.0.1")]],
    ["an alias", [record(kv, "CNAME", "elsewhere")]],
    ["an A record that says something else than its mark", [record(kv, "A", "10.0.0.1"), ours]],
    ["one of several addresses", [record(kv, "A", "127.4.0.1", { values: ["127.4.0.1", "10.0.0.1"] }), ours]],
    ["a weighted record", [record(kv, "A", "127.4.0.1", { isSimple: false }), ours]],
    ["another control plane's of the same zone", [record(kv, "A", "127.4.0.1"), mark(kv, "c-2", "127.4.0.1")]],
    ["an IPv6 address", [record(kv, "AAAA", "::1")]],
    ["a mark of somebody else alone", [record(`_ecs-mesh.${kv}`, "TXT", "\"mine\"")]]
  ])("leave %s alone, wanted or not", (_, sets) => {
    const world = zoneOf(sets)
    const names = route53Names("zone", world.zone, OWNER)
    expect(settle(names, wantedOf([kv, "127.4.0.1"])).taken).toEqual([kv])
    settle(names, wantedOf())
    expect(world.sets()).toEqual(sets)
  })

  it("that bear nobody's mark become its own where that was asked for, in the words that they have", () => {
    const theirs = record(kv, "A", "127.4.0.1")
    const world = zoneOf([theirs])
    const names = route53Names("zone", world.zone, OWNER)
    settle(names, wantedOf([kv, "127.4.0.1"]), true)
    expect(world.sets()).toEqual([theirs, ours])
    expect(settle(names, wantedOf([kv, "127.4.0.1"]))).toMatchObject({ changes: [], taken: [] })
    settle(names, wantedOf())
    expect(world.sets()).toEqual([])
  })

  it("that bear nobody's mark and lead to another virtual address are told, and left for the moment", () => {
    const world = zoneOf([record(kv, "A", "127.4.0.9")])
    const diff = settle(route53Names("zone", world.zone, OWNER), wantedOf([kv, "127.4.0.1"]), true)
    expect(diff).toMatchObject({ changes: [], taken: [], unmarked: new Map([[kv, "127.4.0.9"]]) })
  })

  it.each([
    ["that isn't wanted", "other.mesh.local", record(kv, "A", "127.4.0.1")],
    ["that leads to a real address", kv, record(kv, "A", "10.0.0.1")],
    ["that leads to the host itself", kv, record(kv, "A", "127.0.0.1")],
    ["with a routing policy", kv, record(kv, "A", "127.4.0.1", { isSimple: false })]
  ])("without a mark leave one %s alone, though unmarked ones are taken over", (_, wanted, set) => {
    const world = zoneOf([set])
    const { unmarked } = settle(route53Names("zone", world.zone, OWNER), wantedOf([wanted, "127.4.0.1"]), true)
    expect(unmarked.size).toBe(0)
    expect(world.sets()).toContain(set)
    expect(world.sets().filter(({ name }) => name === `_ecs-mesh.${kv}`)).toEqual([])
  })

  it("of a cluster that is no more are this one's, with its mark, once it is named", () => {
    const old = [mark(kv, "c-0", "127.4.0.1"), mark("old.mesh.local", "c-0", "127.4.0.2")]
    const world = zoneOf([record(kv, "A", "127.4.0.1"), ...old])
    settle(route53Names("zone", world.zone, { ...OWNER, formerly: ["c-0"] }), wantedOf([kv, "127.4.0.1"]))
    expect(world.sets()).toEqual([record(kv, "A", "127.4.0.1"), ours])
  })

  it("go on from a mark whose record somebody removed", () => {
    const world = zoneOf([mark(kv, "c-1", "127.4.0.1")])
    const names = route53Names("zone", world.zone, OWNER)
    settle(names, wantedOf([kv, "127.4.0.1"]))
    expect(world.sets().map(({ type }) => type).sort()).toEqual(["A", "TXT"])
    world.edit((sets) => sets.filter(({ type }) => type === "TXT"))
    settle(names, wantedOf())
    expect(world.sets()).toEqual([])
  })

  it("beside records of other types are kept all the same", () => {
    const mail = record(kv, "MX", "10 mail")
    const world = zoneOf([mail])
    settle(route53Names("zone", world.zone, OWNER), wantedOf([kv, "127.4.0.1"]))
    expect(world.sets()).toHaveLength(3)
    expect(world.sets()).toContain(mail)
  })

  it("of other domains are told and not written", () => {
    const world = zoneOf([])
    const wanted = wantedOf(["kv.elsewhere", "127.4.0.1"], ["badmesh.local", "127.4.0.2"])
    const { outside } = settle(route53Names("zone", world.zone, OWNER), wanted)
    expect(outside).toEqual(["kv.elsewhere", "badmesh.local"])
    expect(world.sets()).toEqual([])
  })

  it("are written many at once", () => {
    const world = zoneOf([])
    const many = Array.from({ length: 2 * NAMES_A_BATCH }, (_, at) => [`s${at}.${DOMAIN}`, `127.4.1.${at % 250}`] as const)
    settle(route53Names("zone", world.zone, OWNER), new Map(many))
    expect(world.batches()).toBe(2)
    expect(world.sets()).toHaveLength(4 * NAMES_A_BATCH)
  })

  it("that can't be made don't keep the others of their batch from being made", () => {
    const world = zoneOf([])
    const names = route53Names("zone", world.zone, OWNER)
    const hostnames = Array.from({ length: 9 }, (_, at) => `s${at}.${DOMAIN}`)
    const there = Effect.runSync(names.list)
    // Somebody comes in between the look and the batch.
    world.edit((sets) => [...sets, record(`s4.${DOMAIN}`, "A", "10.0.0.1")])
    const wanted = new Map(hostnames.map((one, at) => [one, `127.4.0.${at + 1}`]))
    const { changes } = diffNames(wanted, there, DOMAIN, false)
    const refused = Effect.runSync(names.change(changes))
    expect(refused.map(({ hostname }) => hostname)).toEqual([`s4.${DOMAIN}`])
    expect(world.sets().filter(({ type }) => type === "A")).toHaveLength(9)
    expect(world.sets()).toContainEqual(record(`s4.${DOMAIN}`, "A", "10.0.0.1"))
  })

  it("fail as a whole where AWS doesn't answer", () => {
    const down = new AwsCallFailed({
      service: "Route53", operation: "x", kind: "throttled", code: "Throttling", message: ""
    })
    const names = route53Names("zone", { ...zoneOf([]).zone, change: () => Effect.fail(down) }, OWNER)
    const change = names.change([{ hostname: kv, before: null, after: "127.4.0.1" }])
    expect(Exit.isFailure(Effect.runSyncExit(change))).toBe(true)
  })

  it("become what is wanted and touch nothing of others, whatever happens", () => {
    const hostname = fc.constantFrom("a", "b", "c").map((one) => `${one}.${DOMAIN}`)
    const address = fc.constantFrom("127.4.0.1", "127.4.0.2")
    const step = fc.oneof(
      fc.dictionary(hostname, address)
        .map((wanted) => ({ _tag: "Want" as const, wanted: new Map(Object.entries(wanted)) })),
      fc.record({ _tag: fc.constant("Put" as const), set: fc.record({
        name: hostname,
        type: fc.constantFrom("A", "CNAME", "TXT", "MX"),
        values: fc.constantFrom(["10.0.0.1"], ["127.4.0.1"]),
        ttl: fc.constantFrom(300, TTL),
        isSimple: fc.boolean()
      }) }),
      fc.record({ _tag: fc.constant("Take" as const), at: fc.nat(5) })
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const world = zoneOf([])
      const names = route53Names("zone", world.zone, OWNER)
      let wanted: ReadonlyMap<string, string> = new Map()
      for (const one of steps) {
        if (one._tag === "Want") wanted = one.wanted
        else if (one._tag === "Put") {
          // As a user would at the console: over what is there.
          const isOther = ({ name, type }: RecordSet) => name !== one.set.name || type !== one.set.type
          world.edit((sets) => [...sets.filter(isOther), one.set])
        } else world.edit((sets) => sets.filter((_, at) => at !== one.at))
        const before = world.sets()
        const known = readNames(before, OWNER)
        const { changes, there } = settle(names, wanted)
        const isForeign = (name: string): boolean => (known.get(name)?.owner ?? "us") !== "us"
        const foreign = before.filter(({ name, type }) => isForeign(name) || type !== "A")
          .filter(({ name }) => !name.startsWith("_ecs-mesh."))
        for (const set of foreign) expect(world.sets()).toContain(set)
        // What is remembered is what is there.
        expect(withChanges(there, changes)).toEqual(readNames(world.sets(), OWNER))
        for (const [name, vip] of wanted) {
          if (isForeign(name)) continue
          expect(readNames(world.sets(), OWNER).get(name)).toEqual({ owner: "us", address: vip })
        }
        for (const [name, one] of readNames(world.sets(), OWNER)) {
          if (one.owner === "us") expect(wanted.has(name)).toBe(true)
        }
      }
    }), { numRuns: 500 })
  })
})
