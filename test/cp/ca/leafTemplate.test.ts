/** Certificates from a template, read by others: OpenSSL, Node and the library that writes all of X.509. */
import "../../../src/cp/ca/reflectMetadata.ts"
import { execFileSync } from "node:child_process"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as x509 from "@peculiar/x509"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { time } from "../../../src/cp/ca/der.ts"
import { generateWorkloadKey } from "../../../src/cp/ca/keys.ts"
import { signFromTemplate } from "../../../src/cp/ca/leafTemplate.ts"
import { type SigningAuthority, signingAuthority } from "../../../src/cp/ca/SigningAuthority.ts"

const NOW = Date.parse("2026-03-01T12:00:00Z")
const ALL = ["P-256", "P-384", "P-521", "RSA"] as const
type Kind = (typeof ALL)[number]
const KINDS: Readonly<Record<Kind, ReadonlyArray<string>>> = {
  "P-256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "P-384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-521": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
  RSA: ["-newkey", "rsa:2048"]
}

let folder = ""
const path = (name: string) => join(folder, name)
const openssl = (...args: ReadonlyArray<string>) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" })
const authorities = new Map<Kind, SigningAuthority>()

const authorityOf = (kind: Kind): SigningAuthority => {
  const authority = authorities.get(kind)
  if (authority === undefined) throw new Error(`no authority ${kind}`)
  return authority
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ecs-mesh-leaf-"))
  writeFileSync(path("req.cnf"), "[req]\ndistinguished_name = none\n[none]\n")
  for (const kind of ALL) {
    // An identifier that follows from no key: what a leaf says of its CA has to be read from the CA's certificate.
    openssl("req", "-x509", "-nodes", "-days", "36500", "-subj", `/C=DE/O=Corp Ü/CN=${kind}`, "-utf8", ...KINDS[kind],
      "-config", "req.cnf", "-addext", "basicConstraints=critical,CA:TRUE",
      "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-addext", "subjectKeyIdentifier=0102030405", "-keyout",
      `${kind}.key`, "-out", `${kind}.crt`)
    authorities.set(kind, await signingAuthority({
      certificatePem: readFileSync(path(`${kind}.crt`), "utf8"),
      keyPem: readFileSync(path(`${kind}.key`), "utf8")
    }))
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const issue = async (kind: Kind, names: ReadonlyArray<string>, notBefore = NOW, notAfter = NOW + 3_600_000) => {
  const { privateKeyPem, spki } = generateWorkloadKey()
  const pem = await signFromTemplate(authorityOf(kind).template, spki, names, { notBefore, notAfter })
  return { pem, privateKeyPem }
}

describe("a certificate from a template", () => {
  it.each(ALL)("of a CA with a %s key is verified by OpenSSL", async (kind) => {
    const { pem } = await issue(kind, ["spiffe://default/kv"])
    writeFileSync(path("leaf.pem"), pem)
    for (const purpose of ["sslserver", "sslclient"]) {
      const said = openssl("verify", "-x509_strict", "-purpose", purpose, "-no_check_time", "-CAfile", `${kind}.crt`,
        "leaf.pem")
      expect(said.toString()).toMatch(/OK$/m)
    }
  })

  it("is read as it was written, for any names and dates, by Node and by the library", async () => {
    const authority = new X509Certificate(readFileSync(path("P-256.crt")))
    const character = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCXYZ0189.-_:/")
    const word = fc.string({ unit: character, minLength: 1, maxLength: 80 })
    const uris = fc.array(word.map((text) => `kuma://${text}`), { minLength: 1, maxLength: 60 })
    const seconds = fc.integer({ min: -600_000_000, max: 5_000_000_000 })
    await fc.assert(
      fc.asyncProperty(uris, seconds, fc.integer({ min: 1, max: 4_000_000_000 }), async (names, from, seconds) => {
        const { pem, privateKeyPem } = await issue("P-256", names, from * 1_000, (from + seconds) * 1_000)
        const certificate = new X509Certificate(pem)
        expect(certificate.verify(authority.publicKey)).toBe(true)
        expect(certificate.checkIssued(authority)).toBe(true)
        expect(certificate.checkPrivateKey(createPrivateKey(privateKeyPem))).toBe(true)
        expect(certificate.subjectAltName?.split(", ")).toEqual(names.map((name) => `URI:${name}`))
        expect(certificate.issuer).toBe(authority.subject)
        expect(certificate.subject).toBeUndefined()
        expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/)
        const read = new x509.X509Certificate(pem)
        expect([read.notBefore.getTime(), read.notAfter.getTime()]).toEqual([from * 1_000, (from + seconds) * 1_000])
        expect(read.toString("pem").trim()).toBe(pem.trim())
      }),
      { numRuns: 300, seed: 1 }
    )
  }, 60_000)

  it("says no name that isn't ASCII: it would be read as another's", async () => {
    for (const name of ["spiffe://default/k\u0176", "spiffe://default/kv\n", "spiffe://default/k v", ""]) {
      await expect(issue("P-256", [name])).rejects.toThrow("can't be a certificate's name")
    }
  })

  it("has no serial number twice", async () => {
    const pems = await Promise.all(Array.from({ length: 50 }, () => issue("P-256", ["spiffe://default/kv"])))
    expect(new Set(pems.map(({ pem }) => new X509Certificate(pem).serialNumber)).size).toBe(50)
  })
})

describe("a date", () => {
  it.each([
    ["1949-12-31T23:59:59Z", "\x18\x0f19491231235959Z"],
    ["1950-01-01T00:00:00Z", "\x17\x0d500101000000Z"],
    ["2049-12-31T23:59:59Z", "\x17\x0d491231235959Z"],
    ["2050-01-01T00:00:00Z", "\x18\x0f20500101000000Z"]
  ])("%s is written in the form that its year asks for", (date, der) => {
    expect(time(Date.parse(date)).toString("latin1")).toBe(der)
  })
})
