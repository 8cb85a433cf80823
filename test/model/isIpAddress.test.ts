import * as fc from "fast-check"
import { isIP } from "node:net"
import { describe, expect, it } from "vitest"
import { isIpAddress } from "../../src/model/isIpAddress.ts"

describe("an IP address", () => {
  it("is what Node calls one", () => {
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (text) => {
      expect(isIpAddress(text)).toBe(isIP(text) !== 0)
    }))
  })

  it("isn't what Node doesn't, among texts made of its signs", () => {
    const signs = fc.constantFrom("0", "1", "a", "ff", "255", ":", "::", ".", "1.2.3.4")
    fc.assert(fc.property(fc.array(signs, { maxLength: 12 }), (parts) => {
      expect(isIpAddress(parts.join(""))).toBe(isIP(parts.join("")) !== 0)
    }), { numRuns: 2000 })
  })

  it.each(["01.2.3.4", "256.1.1.1", "1.2.3", "1::2::3", "1:2:3:4:5:6:7::8", ":1", "1:", "fe80::1%eth0", "[::1]", ""])(
    "isn't %j",
    (text) => expect(isIpAddress(text)).toBe(false)
  )
})
