/** Workloads' keys as they are written down, read by Node. */
import { createECDH, createPrivateKey, createPublicKey } from "node:crypto"
import { describe, expect, it } from "vitest"
import { generateWorkloadKey, type WorkloadKey, writeWorkloadKey } from "../../../src/cp/ca/keys.ts"

const readBack = ({ privateKeyPem }: WorkloadKey) => {
  const key = createPrivateKey(privateKeyPem)
  return {
    privateKeyPem: key.export({ format: "pem", type: "pkcs8" }),
    spki: createPublicKey(key).export({ format: "der", type: "spki" })
  }
}

describe("a workload's key", () => {
  it("is written to the byte as Node writes it, and is another each time", () => {
    const keys = Array.from({ length: 600 }, generateWorkloadKey)
    for (const key of keys) expect(readBack(key)).toEqual(key)
    expect(new Set(keys.map(({ privateKeyPem }) => privateKeyPem)).size).toBe(600)
  })

  it.each(["01", "ff".repeat(31), "80".repeat(30), "7f".repeat(32)])("whose number is %s is whole, too", (number) => {
    const secret = Buffer.from(number, "hex")
    const ecdh = createECDH("prime256v1")
    ecdh.setPrivateKey(secret)
    const key = writeWorkloadKey(secret, ecdh.getPublicKey())
    expect(readBack(key)).toEqual(key)
  })
})
