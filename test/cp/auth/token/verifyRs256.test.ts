/** Tokens of whatever kind: nothing is taken that jose doesn't take, and what it refuses is refused for its reason. */
import { generateKeyPairSync, sign } from "node:crypto"
import fc from "fast-check"
import { errors, jwtVerify } from "jose"
import { expect, it } from "vitest"
import { type TokenFailure, type TokenVerdict, verifyRs256 } from "../../../../src/cp/auth/token/verifyRs256.ts"

const NOW = Date.UTC(2030, 0, 1)
const SECOND = NOW / 1000
const [ours, another] = [0, 1].map(() => generateKeyPairSync("rsa", { modulusLength: 2048 }))
if (ours === undefined || another === undefined) throw new Error("no keys")

const encode = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

const DIGESTS: Readonly<Record<string, string>> = { RS384: "RSA-SHA384", RS512: "RSA-SHA512" }

const tokenOf = (header: unknown, payload: unknown, key = ours.privateKey, digest = "RSA-SHA256"): string => {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${sign(digest, Buffer.from(signed), key).toString("base64url")}`
}

/** What jose says of it, in our words. */
const judgedByJose = async (token: string): Promise<TokenVerdict> => {
  try {
    const { payload } = await jwtVerify(token, ours.publicKey, { algorithms: ["RS256"], currentDate: new Date(NOW) })
    return { payload }
  } catch (error) {
    if (error instanceof errors.JOSEAlgNotAllowed) return { failure: "wrong algorithm" }
    if (error instanceof errors.JWTExpired) return { failure: "expired" }
    if (error instanceof errors.JWSSignatureVerificationFailed) return { failure: "wrong signature" }
    const isEarly = error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf" &&
      error.reason === "check_failed"
    return { failure: isEarly ? "not yet valid" : "malformed" }
  }
}

const odd = fc.constantFrom<unknown>(null, true, "", "1", 0, -1, 1.5, 1e300, [], {}, undefined)
const time = fc.oneof(odd, fc.integer({ min: -2, max: 2 }).map((offset) => SECOND + offset))
const claims = fc.record({ jti: fc.string(), Name: fc.string({ unit: "binary" }), iat: time, nbf: time, exp: time }, {
  requiredKeys: []
})
const alg = fc.constantFrom<unknown>("RS256", "rs256", "none", "HS256", "RS384", "RS512", "PS256", "ES256", "", 1, null)
const header = fc.oneof(
  fc.record({ alg: fc.constant("RS256"), kid: fc.string(), typ: odd, b64: odd }, { requiredKeys: ["alg"] }),
  fc.record({ alg, kid: fc.string() }, { requiredKeys: [] }),
  odd
)
const text = fc.constantFrom("", "x", "null", "[]", "{", "{}x", "\ufeff{}", "{\"exp\":1,\"exp\":9999999999}")

it("is judged as jose judges it, whatever its header, its claims and its times", async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.oneof(header, text), fc.oneof(claims, odd, text), async (head, body) => {
      if (head === undefined || body === undefined) return
      const digest = typeof head === "object" && head !== null && "alg" in head ? DIGESTS[String(head.alg)] : undefined
      const token = tokenOf(head, body, ours.privateKey, digest)
      const verdict = verifyRs256(token, ours.publicKey, NOW)
      seen.add("failure" in verdict ? verdict.failure : "taken")
      expect(verdict).toEqual(await judgedByJose(token))
    }),
    { numRuns: 3_000, seed: 1 }
  )
  expect([...seen].sort()).toEqual(["expired", "malformed", "not yet valid", "taken", "wrong algorithm"])
}, 60_000)

it("is judged as jose judges it, wherever it is altered", async () => {
  const token = tokenOf({ alg: "RS256", kid: "1" }, { jti: "a", nbf: SECOND, exp: SECOND + 1 })
  expect(verifyRs256(token, ours.publicKey, NOW)).toEqual(await judgedByJose(token))
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
  const altered = fc.tuple(fc.nat(token.length - 1), fc.constantFrom(...alphabet, "")).map(([at, character]) =>
    `${token.slice(0, at)}${character}${token.slice(at + 1)}`
  )
  await fc.assert(
    fc.asyncProperty(altered, async (other) => {
      // The caller takes canonical texts only; elsewhere a decoder may be stricter than another.
      if (other.split(".").some((part) => encodeAgain(part) !== part)) return
      const verdict = verifyRs256(other, ours.publicKey, NOW)
      expect(verdict).toEqual(await judgedByJose(other))
      expect("payload" in verdict).toBe(other === token)
    }),
    { numRuns: 3_000, seed: 1 }
  )
}, 60_000)

const encodeAgain = (part: string): string => Buffer.from(part, "base64url").toString("base64url")

it.each<[string, string, TokenFailure]>([
  ["another key", tokenOf({ alg: "RS256" }, { jti: "a" }, another.privateKey), "wrong signature"],
  ["another digest", tokenOf({ alg: "RS256" }, { jti: "a" }, ours.privateKey, "RSA-SHA512"), "wrong signature"],
  ["no signature", tokenOf({ alg: "RS256" }, { jti: "a" }).replace(/[^.]*$/, ""), "wrong signature"],
  ["no signature at all", tokenOf({ alg: "RS256" }, { jti: "a" }).replace(/\.[^.]*$/, ""), "malformed"],
  ["a fourth part", `${tokenOf({ alg: "RS256" }, { jti: "a" })}.`, "malformed"],
  ["an extension that is critical", tokenOf({ alg: "RS256", crit: ["exp"], exp: 1 }, { jti: "a" }), "malformed"],
  ["an extension that jose knows", tokenOf({ alg: "RS256", crit: ["b64"], b64: true }, { jti: "a" }), "malformed"],
  ["a payload that isn't encoded", tokenOf({ alg: "RS256", crit: ["b64"], b64: false }, { jti: "a" }), "malformed"]
])("is refused with %s", (_, token, failure) => {
  expect(verifyRs256(token, ours.publicKey, NOW)).toEqual({ failure })
})
