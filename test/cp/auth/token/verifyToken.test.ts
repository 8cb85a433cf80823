/** A token that comes again is taken without its signature being verified anew, and on no other account. */
import { generateKeyPairSync } from "node:crypto"
import { Effect } from "effect"
import { SignJWT } from "jose"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { makeSigningKeys } from "../../../../src/cp/auth/token/SigningKeys.ts"
import { dataplaneTokens } from "../../../../src/cp/auth/token/TokenScope.ts"
import { verifyToken } from "../../../../src/cp/auth/token/verifyToken.ts"
import type { Resource } from "../../../../src/model/Resource.ts"

const scope = dataplaneTokens("default")
const [ours, another] = [0, 1].map(() => generateKeyPairSync("rsa", { modulusLength: 2048 }))
if (ours === undefined || another === undefined) throw new Error("no keys")

const NOW = Date.UTC(2030, 0, 1)
const SECOND = 1_000

const secretOf = (pair: typeof ours): Resource<"Secret"> => ({
  type: "Secret",
  mesh: "default",
  name: `${scope.keyPrefix}-1`,
  labels: {},
  spec: { data: Buffer.from(pair.privateKey.export({ type: "pkcs1", format: "pem" })).toString("base64") },
  version: 1,
  creationTime: "",
  modificationTime: ""
})

let secret: Resource<"Secret"> | undefined
const keys = makeSigningKeys({
  get: (key) => secret?.name === key.name ? secret as Resource<typeof key.type> : undefined
})

let verifications: { readonly mock: { readonly calls: ReadonlyArray<unknown> } }
beforeEach(() => {
  secret = secretOf(ours)
  verifications = vi.spyOn(crypto.subtle, "verify")
})
afterEach(() => vi.restoreAllMocks())

const sign = (jti: string, pair = ours): Promise<string> =>
  new SignJWT({ jti, nbf: NOW / 1000, exp: NOW / 1000 + 60 })
    .setProtectedHeader({ alg: "RS256", kid: "1" })
    .sign(pair.privateKey)

const enter = (token: string, now = NOW): Promise<string> =>
  Effect.runPromise(
    verifyToken(keys, scope, token, now).pipe(
      Effect.map(({ tokenId }) => tokenId),
      Effect.catch(({ reason }) => Effect.succeed(reason))
    )
  )

it("is verified once, however often it comes", async () => {
  const token = await sign("a")
  for (let time = 0; time < 5; time++) expect(await enter(token)).toBe("a")
  expect(verifications.mock.calls).toHaveLength(1)
  expect(await enter(await sign("b"))).toBe("b")
  expect(verifications.mock.calls).toHaveLength(2)
})

it("is refused before and after its times, to the second", async () => {
  const token = await sign("a")
  expect(await enter(token)).toBe("a")
  expect(await enter(token, NOW + 60 * SECOND - 1)).toBe("a")
  expect(await enter(token, NOW + 60 * SECOND)).toBe("TokenExpired")
  expect(await enter(token, NOW - 1)).toBe("TokenNotYetValid")
  expect(await enter(token)).toBe("a")
})

it("is refused where its key is another one or gone, and taken again where it is back", async () => {
  const token = await sign("a")
  expect(await enter(token)).toBe("a")
  secret = secretOf(another)
  expect(await enter(token)).toBe("TokenSignatureInvalid")
  secret = undefined
  expect(await enter(token)).toBe("SigningKeyNotFound")
  secret = secretOf(ours)
  expect(await enter(token)).toBe("a")
})

it("doesn't open the door to one with another signature, or another's claims", async () => {
  const [token, forged] = [await sign("a"), await sign("a", another)]
  expect(await enter(token)).toBe("a")
  expect(await enter(forged)).toBe("TokenSignatureInvalid")
  const [head, body] = (await sign("b")).split(".")
  expect(await enter([head, body, token.split(".")[2]].join("."))).toBe("TokenSignatureInvalid")
})
