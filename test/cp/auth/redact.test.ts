import fc from "fast-check"
import { generateKeyPairSync } from "node:crypto"
import { describe, expect, it } from "vitest"
import { looksSecret, redact } from "../../../src/cp/auth/redact.ts"
import { CREDENTIALS, signedToken, signedUrl } from "./support/signed.ts"

const JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJOYW1lIjoiYSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

it("leaves a text without secrets as it is", () => {
  const text = "task 0123 refused: role arn:aws:iam::123456789012:role/demo has no tag kuma.io/type " +
    "(https://example.com/a?b=c)"
  expect(redact(text)).toBe(text)
})

describe("takes out", () => {
  const gone = (text: string, ...secrets: ReadonlyArray<string>): void => {
    const shown = redact(text)
    for (const secret of secrets) {
      expect(text).toContain(secret)
      expect(shown).not.toContain(secret)
    }
    expect(shown).toContain("before")
    expect(shown).toContain("after")
  }

  it("a token", async () => {
    const token = await signedToken()
    gone(`before ${token} after`, token.slice(20, 80))
    gone(`{"before":"${token}","after":1}`, token.slice(20, 80))
  })
  it("a presigned URL, plain and percent-encoded", async () => {
    const url = await signedUrl()
    const signature = new URL(url).searchParams.get("X-Amz-Signature") ?? "?"
    gone(`before ${url} after`, signature, CREDENTIALS.accessKeyId)
    gone(`before ${encodeURIComponent(url)} after`, signature, CREDENTIALS.accessKeyId)
  })
  it("a part of one", () => {
    gone("before X-Amz-Signature=0123abcd&X-Amz-Security-Token=FwoG%2Babc after", "0123abcd", "FwoG")
    gone("{\"before\":1,\"x-amz-security-token\": \"FwoGabc\",\"after\":1}", "FwoGabc")
  })
  it("a JWT, and half a one", () => {
    gone(`before ${JWT} after`, JWT, "c2lnbmF0dXJl")
    gone(`before ${JWT.split(".").slice(0, 2).join(".")} after`, "eyJOYW1lIjoiYSJ9")
  })
  it("an authorization header", () => {
    gone("before authorization: Bearer abcdef after", "abcdef")
    gone("{\"before\":1,\"Authorization\":\"abcdef\",\"after\":1}", "abcdef")
  })
  it("a private key", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString()
    gone(`before ${pem} after`, pem.split("\n")[1] ?? "?")
  })
  it("an access key", () => gone(`before ${CREDENTIALS.accessKeyId} after`, CREDENTIALS.accessKeyId))
})

describe("takes time in proportion to the length of", () => {
  /** Of the processor: however busy the machine is otherwise. */
  const millisOf = (text: string): number => {
    const start = process.cpuUsage()
    redact(text)
    return process.cpuUsage(start).user / 1_000
  }

  // What would be looked at anew from each of its beginnings takes minutes.
  it.each([
    ["beginnings of URLs", (n: number) => `x-amz-${"https:".repeat(n)}`],
    ["beginnings of JWTs", (n: number) => "eyJ-".repeat(n)],
    ["beginnings of keys", (n: number) => "-----BEGIN A".repeat(n) + "PRIVATE KEY"],
    ["ends of keys", (n: number) => `-----BEGIN PRIVATE KEY-----${"-----END A".repeat(n)}`],
    ["space behind a name", (n: number) => `authorization${" ".repeat(n)}x-amz-signature${" ".repeat(n)}`],
    ["names", (n: number) => "x-amz-credential authorization: bearer".repeat(n)],
    ["beginnings of access keys", (n: number) => `${"AKIA".repeat(n)}a`]
  ])("%s", (_, textOf) => {
    expect(millisOf(textOf(400_000))).toBeLessThan(5_000)
  })
})

it("looks at every text that holds something to take out, also where it stands in JSON", () => {
  const secret = fc.constantFrom(JWT, "AKIAIOSFODNN7EXAMPLE", "authorization: Bearer abc", "X-Amz-Signature=0123abcd")
  fc.assert(fc.property(fc.string({ unit: "binary" }), secret, fc.string({ unit: "binary" }), (before, inside, after) => {
    const text = before + inside + after
    if (redact(text) !== text) expect(looksSecret(JSON.stringify({ text }))).toBe(true)
  }))
})
