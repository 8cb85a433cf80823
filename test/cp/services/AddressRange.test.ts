import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type AddressRange,
  capacity,
  freeAddress,
  isIn,
  isLoopback,
  overlap,
  parseRange
} from "../../../src/cp/services/AddressRange.ts"

const range = (cidr: string): AddressRange => {
  const parsed = parseRange(cidr)
  if (parsed === undefined) throw new Error(`${cidr} can't be read`)
  return parsed
}

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
    const taken = new Set<string>()
    for (let at = 0; at < capacity(small); at++) {
      const address = freeAddress(small, `MeshService/default/s${at}`, taken)
      expect(address).not.toBeNull()
      expect(isIn(small, address ?? "")).toBe(true)
      taken.add(address ?? "")
    }
    expect(taken.size).toBe(14)
    expect([...taken]).not.toContain("127.4.0.0")
    expect([...taken]).not.toContain("127.4.0.15")
    expect(freeAddress(small, "one more", taken)).toBeNull()
  })

  it("isn't full of another range's addresses", () => {
    const others = new Set(Array.from({ length: 20 }, (_, index) => `127.3.0.${index + 1}`))
    expect(freeAddress(range("127.4.0.0/28"), "MeshMultiZoneService/default/s", others)).toMatch(/^127\.4\.0\./)
  })

  it("never gives what a host already listens on", () => {
    const loopback = range("127.0.0.0/23")
    expect(capacity(loopback)).toBe(255)
    fc.assert(fc.property(fc.string(), (seed) => {
      expect(freeAddress(loopback, seed, new Set())).toMatch(/^127\.0\.1\./)
    }))
  })

  it("gives a service the same address again", () => {
    const seed = "MeshService/default/kv"
    expect(freeAddress(range("241.0.0.0/8"), seed, new Set())).toBe(freeAddress(range("241.0.0.0/8"), seed, new Set()))
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
