import "../../../src/cp/ca/reflectMetadata.ts"
import { createPrivateKey, generateKeyPairSync, webcrypto, X509Certificate } from "node:crypto"
import * as x509 from "@peculiar/x509"
import { describe, expect, it } from "vitest"
import { makeAdminKeys, makeClient, readAdminKeys, writeAdminKeys } from "../../../src/cp/admin/adminCa.ts"
import { signRoot } from "../../../src/cp/ca/signCertificate.ts"

const NOW = Date.UTC(2026, 0, 1)
const DAY = 24 * 3_600_000

/** As Kuma keeps its own: RSA, the certificate and then the key, nothing else. */
const ofKuma = async (notAfter = NOW + DAY): Promise<string> => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const keyPem = privateKey.export({ type: "pkcs1", format: "pem" }).toString()
  const subject = "O=Kuma, OU=Mesh, CN=Envoy Admin CA"
  return await signRoot(keyPem, subject, [], { notBefore: NOW - DAY, notAfter }) + keyPem
}

/** One that names its key otherwise than by SHA-1 of it, as Go does since 1.25. */
const withOtherKeyId = async (): Promise<string> => {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=Envoy Admin CA",
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(NOW - DAY),
    notAfter: new Date(NOW + DAY),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      new x509.SubjectKeyIdentifierExtension("0102030405060708090a0b0c0d0e0f1011121314")
    ]
  })
  const key = createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)), format: "der", type: "pkcs8"
  })
  return `${ca.toString("pem")}\n${key.export({ type: "pkcs1", format: "pem" }).toString()}`
}

const OID_SERVER = "1.3.6.1.5.5.7.3.1"
const OID_CLIENT = "1.3.6.1.5.5.7.3.2"

describe("the keys of questions to Envoys", () => {
  it("are a CA, a server's certificate for all Envoys, and a client's for each question", async () => {
    const keys = await makeAdminKeys(NOW)
    const ca = new X509Certificate(keys.ca.certificatePem)
    const server = new X509Certificate(keys.server.certificatePem)
    const client = await makeClient(keys, NOW)
    const asked = new X509Certificate(client.certificatePem)
    expect([server, asked].map((one) => one.verify(ca.publicKey))).toEqual([true, true])
    expect([server, asked].map(({ subjectAltName }) => subjectAltName)).toEqual(["DNS:envoy-admin", "DNS:kuma-cp"])
    // Every proxy has the server's key: it must be no client's.
    expect([server, asked].map(({ keyUsage }) => keyUsage)).toEqual([[OID_SERVER], [OID_CLIENT]])
    expect(asked.checkPrivateKey(createPrivateKey(client.keyPem))).toBe(true)
    expect([ca, server, asked].map(({ validTo }) => Math.round((Date.parse(validTo) - NOW) / DAY)))
      .toEqual([3650, 3650, 0])
    expect((await makeClient(keys, NOW)).keyPem).not.toBe(client.keyPem)
  })

  it("are read as they were written, byte by byte", async () => {
    const keys = await makeAdminKeys(NOW)
    expect(await readAdminKeys(writeAdminKeys(keys), NOW)).toEqual({ _tag: "Kept", keys })
  })

  it("are made of Kuma's CA where that is there, which stays as it is", async () => {
    const text = await ofKuma()
    const read = await readAdminKeys(text, NOW)
    if (read._tag !== "Completed") throw new Error(read._tag)
    expect(writeAdminKeys(read.keys).startsWith(text)).toBe(true)
    const { ca, server } = read.keys
    expect(new X509Certificate(server.certificatePem).verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true)
    expect(await readAdminKeys(writeAdminKeys(read.keys), NOW)).toEqual({ _tag: "Kept", keys: read.keys })
  })

  it("name their CA's key as it does itself: nobody would find the CA else", async () => {
    const read = await readAdminKeys(await withOtherKeyId(), NOW)
    if (read._tag !== "Completed") throw new Error(read._tag)
    const ca = new X509Certificate(read.keys.ca.certificatePem)
    const client = await makeClient(read.keys, NOW)
    for (const { certificatePem } of [read.keys.server, client]) {
      expect(new X509Certificate(certificatePem).checkIssued(ca)).toBe(true)
    }
  })

  it("have another certificate for Envoys where the one that is there is another CA's, or has expired", async () => {
    const [keys, others] = [await makeAdminKeys(NOW), await makeAdminKeys(NOW)]
    const mixed = await readAdminKeys(writeAdminKeys({ ca: keys.ca, server: others.server }), NOW)
    if (mixed._tag !== "Completed") throw new Error(mixed._tag)
    expect(mixed.keys.ca).toEqual(keys.ca)
    expect(mixed.keys.server).not.toEqual(others.server)
  })

  it("aren't made of what is none", async () => {
    const keys = await makeAdminKeys(NOW)
    const other = await makeAdminKeys(NOW)
    const unusable: ReadonlyArray<readonly [string, string]> = [
      ["", "no certificate"],
      ["-----BEGIN CERTIFICATE-----".repeat(1_000), "no certificate"],
      [keys.ca.keyPem + keys.ca.certificatePem, "no certificate"],
      [keys.ca.certificatePem + other.ca.keyPem, "isn't that of its certificate"],
      [keys.server.certificatePem + keys.server.keyPem, "may sign no other"],
      [await ofKuma(NOW - 1_000), "has expired"],
      ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + keys.ca.keyPem, ""]
    ]
    for (const [text, why] of unusable) {
      expect(await readAdminKeys(text, NOW)).toMatchObject({ _tag: "Unusable", why: expect.stringContaining(why) })
    }
  })
})
