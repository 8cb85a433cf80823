import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseRange } from "../../../src/cp/services/AddressRange.ts"
import { decideAddress } from "../../../src/cp/services/decideAddress.ts"
import type { Resource } from "../../../src/model/Resource.ts"

type Row = Resource<"ServiceAddress">

const RANGE = parseRange("127.4.0.0/26")
const HOLD = 100

/** The rows, written on condition as the database does. */
class Table {
  readonly rows = new Map<string, Row>()
  #writes = 0

  /** False where it isn't as it was read. */
  write(resource: Pick<Row, "name" | "spec">, expected: number | "absent", now: number): boolean {
    const before = this.rows.get(resource.name)
    if ((before?.version ?? "absent") !== expected) return false
    const time = new Date(now).toISOString()
    this.rows.set(resource.name, {
      type: "ServiceAddress", mesh: "", labels: {}, ...resource, version: ++this.#writes,
      creationTime: before?.creationTime ?? time, modificationTime: time
    })
    return true
  }

  remove(row: Row): boolean {
    return this.rows.get(row.name)?.version === row.version && this.rows.delete(row.name)
  }
}

const ownerOf = ({ spec }: Row): string => `${spec.kind}/${spec.mesh}/${spec.service}`

/** One look of a leader that sees the table as it was `seen`. */
const look = (table: Table, seen: ReadonlyMap<string, Row>, service: string, exists: boolean, now: number): void => {
  if (RANGE === undefined) throw new Error("no range")
  const { steps } = decideAddress({
    kind: "MeshService", mesh: "default", service, exists, range: RANGE, now, holdMillis: HOLD,
    rows: [...seen.values()].filter((row) => ownerOf(row) === `MeshService/default/${service}`),
    taken: { has: (address) => seen.has(address), countIn: () => 0 }
  })
  for (const step of steps) {
    if (step._tag === "Give") table.write(step.resource, "absent", now)
    else if (step._tag === "Write") table.write(step.resource, step.over.version, now)
    else table.remove(step.row)
  }
}

const SERVICES = ["a", "b", "c"]

const given = (table: Table, service: string): ReadonlyArray<string> =>
  [...table.rows.values()].filter(({ spec }) => spec.service === service && spec.releasedAt === undefined)
    .map(({ name }) => name)

describe("the address of a service", () => {
  it("is the one that its name led to before, though it was given another, and stays that", () => {
    const table = new Table()
    look(table, new Map(), "a", true, 1)
    const [chosen = ""] = given(table, "a")
    const claimed = chosen === "127.4.0.9" ? "127.4.0.8" : "127.4.0.9"
    const spec = { kind: "MeshService" as const, mesh: "default", service: "a", adopted: true }
    table.write({ name: claimed, spec }, "absent", 2)
    look(table, new Map(table.rows), "a", true, 3)
    expect(given(table, "a")).toEqual([claimed])
    look(table, new Map(table.rows), "a", false, 4)
    look(table, new Map(table.rows), "a", true, 5)
    expect(given(table, "a")).toEqual([claimed])
  })

  it("is one, its own and the same for as long as it is there, whoever leads and however late they see", () => {
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Toggle" as const), service: fc.constantFrom(...SERVICES) }) },
      { weight: 6, arbitrary: fc.record({
        _tag: fc.constant("Look" as const), leader: fc.nat(1), service: fc.constantFrom(...SERVICES)
      }) },
      // What a name led to before: written by whoever keeps names.
      { weight: 1, arbitrary: fc.record({
        _tag: fc.constant("Claim" as const),
        service: fc.constantFrom(...SERVICES),
        last: fc.integer({ min: 1, max: 62 })
      }) },
      { weight: 3, arbitrary: fc.record({ _tag: fc.constant("See" as const), leader: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Wait" as const), millis: fc.nat(2 * HOLD) }) }
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new Table()
      const there = new Set<string>()
      const seen: Array<{ rows: ReadonlyMap<string, Row>; there: ReadonlySet<string> }> = [
        { rows: new Map(), there: new Set() }, { rows: new Map(), there: new Set() }
      ]
      let now = 1_000_000
      const settle = (): void => {
        for (let round = 0; round < 3; round++) {
          for (const service of SERVICES) look(table, new Map(table.rows), service, there.has(service), now)
        }
      }
      for (const one of steps) {
        now += 1
        if (one._tag === "Wait") now += one.millis
        else if (one._tag === "Claim") {
          const spec = { kind: "MeshService" as const, mesh: "default", service: one.service, adopted: true }
          table.write({ name: `127.4.0.${one.last}`, spec }, "absent", now)
        } else if (one._tag === "Toggle") {
          if (!there.delete(one.service)) there.add(one.service)
        } else if (one._tag === "See") seen[one.leader] = { rows: new Map(table.rows), there: new Set(there) }
        else {
          const view = seen[one.leader]
          if (view !== undefined) look(table, view.rows, one.service, view.there.has(one.service), now)
        }
      }
      settle()
      const addresses = SERVICES.map((service) => given(table, service))
      for (const [at, service] of SERVICES.entries()) expect(addresses[at]?.length).toBe(there.has(service) ? 1 : 0)
      const before = new Map(table.rows)
      settle()
      // Who looks again writes nothing.
      expect([...table.rows]).toEqual([...before])
      // Who comes back within the time has it again.
      const [first] = [...there]
      if (first === undefined) return
      const own = given(table, first)
      there.delete(first)
      settle()
      now += HOLD - 1
      there.add(first)
      settle()
      expect(given(table, first)).toEqual(own)
    }), { numRuns: 500 })
  })
})
