import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type AddressRange,
  capacity,
  freeAddress,
  isIn,
  isLoopback,
  mayBeGiven,
  overlap,
  parseRange,
  type Taken
} from "../../../src/cp/services/AddressRange.ts"
import { TakenAddresses } from "../../../src/cp/services/TakenAddresses.ts"

const range = (cidr: string): AddressRange => {
  const parsed = parseRange(cidr)
  if (parsed === undefined) throw new Error(`${cidr} can't be read`)
  return parsed
}

describe("addresses that are taken", () => {
  it("are counted by range as they come and go, asked about before or after", () => {
    const net = fc.constantFrom("127.4.0", "127.4.1", "127.0.0")
    const address = fc.tuple(net, fc.nat(20)).map(([first, last]) => `${first}.${last}`)
    const step = fc.record({ address, isAdded: fc.boolean(), asks: fc.boolean() })
    const ranges = [range("127.4.0.0/28"), range("127.4.0.0/16"), range("127.0.0.0/8")]
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const taken = new TakenAddresses()
      const expected = new Set<string>()
      for (const { address, asks, isAdded } of steps) {
        if (isAdded) {
          taken.add(address)
          expected.add(address)
        } else {
          taken.delete(address)
          expected.delete(address)
        }
        if (asks) taken.countIn(range("127.4.0.0/16"))
      }
      for (const one of ranges) {
        expect(taken.countIn(one)).toBe([...expected].filter((given) => mayBeGiven(one, given)).length)
      }
    }))
  })
})

describe("a range of virtual addresses", () => {
  it.each(["", "241.0.0.0", "241.0.0/8", "241.0.0.0/33", "241.0.0.0/31", "256.0.0.0/8", "::1/64", "a/8"])(
    "isn't %j",
    (cidr) => expect(parseRange(cidr)).toBeUndefined()
  )

  it("begins at its network, wherever in it the address lies", () => {
    expect(range("127.4.9.9/16")).toEqual({ ...range("127.4.0.0/16"), cidr: "127.4.9.9/16" })
  })

  it("gives each address but its first and last, and none twice, until none is free", () => {
    const small = range("127.4.0.0/28")
    const taken = new TakenAddresses()
    for (let at = 0; at < capacity(small); at++) {
      const address = freeAddress(small, `MeshService/default/s${at}`, taken)
      expect(address).not.toBeNull()
      expect(isIn(small, address ?? "")).toBe(true)
      taken.add(address ?? "")
    }
    expect(taken.countIn(small)).toBe(14)
    expect(taken.has("127.4.0.0")).toBe(false)
    expect(taken.has("127.4.0.15")).toBe(false)
    expect(freeAddress(small, "one more", taken)).toBeNull()
  })

  it("isn't full of another range's addresses", () => {
    const taken = new TakenAddresses()
    for (let at = 1; at <= 20; at++) taken.add(`127.3.0.${at}`)
    expect(freeAddress(range("127.4.0.0/28"), "MeshMultiZoneService/default/s", taken)).toMatch(/^127\.4\.0\./)
  })

  it("isn't full of addresses that it never gives, which it gave as part of a larger one", () => {
    const taken = new TakenAddresses()
    const small = range("127.4.0.0/28")
    for (let at = 0; at < 16; at++) if (at !== 7) taken.add(`127.4.0.${at}`)
    expect(taken.countIn(small)).toBe(13)
    expect(freeAddress(small, "MeshService/default/s", taken)).toBe("127.4.0.7")
  })

  it("is known to be full without being walked over", () => {
    const full: Taken = { countIn: capacity, has: () => { throw new Error("it was walked over") } }
    expect(freeAddress(range("241.0.0.0/8"), "MeshService/default/s", full)).toBeNull()
  })

  it("never gives what a host already listens on", () => {
    const loopback = range("127.0.0.0/23")
    expect(capacity(loopback)).toBe(255)
    fc.assert(fc.property(fc.string(), (seed) => {
      expect(freeAddress(loopback, seed, new TakenAddresses())).toMatch(/^127\.0\.1\./)
    }))
  })

  it("gives a service the same address again", () => {
    const seed = "MeshService/default/kv"
    expect(freeAddress(range("241.0.0.0/8"), seed, new TakenAddresses())).toBe(freeAddress(range("241.0.0.0/8"), seed, new TakenAddresses()))
  })

  it("is loopback where all of it is", () => {
    expect(isLoopback(range("127.4.0.0/16"))).toBe(true)
    expect(isLoopback(range("241.0.0.0/8"))).toBe(false)
    expect(isLoopback(range("126.0.0.0/7"))).toBe(false)
  })

  it("overlaps one that has an address of it", () => {
    expect(overlap(range("127.0.0.0/8"), range("127.4.0.0/16"))).toBe(true)
    expect(overlap(range("127.3.0.0/16"), range("127.4.0.0/16"))).toBe(false)
  })
})
