import { describe, expect, it } from "vitest"
import { readToken } from "../../../src/controllers/token/readToken.ts"

const part = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
const jwt = (payload: unknown): string => `${part({ alg: "RS256", kid: "1" })}.${part(payload)}.c2ln`

describe("a token's claims", () => {
  it("are read as Kuma writes them", () => {
    const payload = {
      ...{ Name: "", Mesh: "default", Tags: { "kuma.io/service": ["kv"] }, Type: "", Workload: "" },
      ...{ jti: "id-1", iat: 10, nbf: 10, exp: 100 }
    }
    expect(readToken(jwt(payload))).toEqual({
      mesh: "default", services: ["kv"], id: "id-1", issuedAt: 10_000, expiresAt: 100_000
    })
  })

  it("may say little", () => {
    expect(readToken(jwt({}))).toEqual({ mesh: "", services: null, id: null, issuedAt: null, expiresAt: null })
    expect(readToken(jwt({ Tags: null }))).toMatchObject({ services: null })
  })

  it.each([
    ["no token", ""],
    ["two parts", jwt({}).split(".").slice(0, 2).join(".")],
    ["four parts", `${jwt({})}.x`],
    ["characters that are none of base64url", `${jwt({})}\n`],
    ["a payload that isn't JSON", jwt("hello")],
    ["a payload that is no object", jwt([1])],
    ["claims of another kind", jwt({ Mesh: 1 })],
    ["tags with one value each", jwt({ Tags: { "kuma.io/service": "kv" } })]
  ])("aren't read from %s", (_, token) => expect(readToken(token)).toBeNull())
})
