import { expect, it } from "vitest"
import { isAskable, isThisHost } from "../../../src/cp/admin/addresses.ts"

it.each([
  ["10.0.0.1", true], ["172.31.4.5", true], ["127.0.0.2", true], ["fd12::1", true], ["::1", true], ["8.8.8.8", true],
  ["169.254.169.254", false], ["169.254.170.2", false], ["::ffff:169.254.169.254", false], ["fd00:ec2::254", false],
  ["fe80::1", false], ["0.0.0.0", false], ["::", false], ["224.0.0.1", false], ["255.255.255.255", false],
  ["ff02::1", false], ["localhost", false], ["metadata.internal", false], ["10.1", false], ["0x7f.1", false], ["", false]
])("whether a proxy is asked at %s: %s", (address, askable) => {
  expect(isAskable(address)).toBe(askable)
})

it.each([["127.0.0.1", true], ["127.9.9.9", true], ["::1", true], ["10.0.0.1", false], ["localhost", false], ["", false]])(
  "whether %s is this host: %s",
  (address, isHere) => {
    expect(isThisHost(address)).toBe(isHere)
  }
)
