// A valid token, spoilt at random: whatever the grammar still takes, and whose signature still holds, means the same.
import { createHash, createHmac } from "node:crypto"
import fc from "fast-check"
import { Result } from "effect"
import { beforeAll, expect, it } from "vitest"
import { checkScope } from "../../../../src/cp/auth/iam/checkScope.ts"
import { decodeEnvelope } from "../../../../src/cp/auth/iam/decodeEnvelope.ts"
import { parsePresignedUrl } from "../../../../src/cp/auth/iam/parsePresignedUrl.ts"
import { rebuildRequest, type StsRequest } from "../../../../src/cp/auth/iam/rebuildRequest.ts"
import { BINDING_HEADER, bindingValue, IAM_TOKEN_PREFIX } from "../../../../src/model/bindingValue.ts"
import { AUDIENCE, CLAIM, CREDENTIALS, envelope, HOST, hosts, NOW, signedUrl } from "../support/signed.ts"

/** How many; and the seed by which a failure comes again. */
const RUNS = Number(process.env["ECS_MESH_MUTATIONS"] ?? 1_000)
const SEED = Number(process.env["ECS_MESH_SEED"] ?? 20_260_102)

const ALLOWED = hosts(HOST, "sts.amazonaws.com", "sts.eu-west-1.amazonaws.com")

const judge = (token: string): StsRequest | null => {
  const judged = Result.gen(function*() {
    const presigned = yield* parsePresignedUrl(yield* decodeEnvelope(token), ALLOWED)
    return rebuildRequest(yield* checkScope(presigned, NOW), null, bindingValue(AUDIENCE, CLAIM))
  })
  return Result.isSuccess(judged) ? judged.success : null
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/** What STS would say: SigV4 over the request as it arrives, for the one secret that there is. */
const verifies = ({ path, headers }: StsRequest): boolean => {
  const pairs = path.slice(2).split("&")
  const value = (name: string): string =>
    decodeURIComponent(pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "")
  const [accessKey, day = "", region = "", service = "", terminator = ""] = value("X-Amz-Credential").split("/")
  const query = pairs.filter((pair) => !pair.startsWith("X-Amz-Signature=")).sort().join("&")
  const canonical = [
    "GET",
    "/",
    query,
    `host:${headers.host}\n${BINDING_HEADER}:${headers[BINDING_HEADER]}\n`,
    value("X-Amz-SignedHeaders"),
    sha256("")
  ].join("\n")
  const scope = [day, region, service, terminator].join("/")
  const toSign = ["AWS4-HMAC-SHA256", value("X-Amz-Date"), scope, sha256(canonical)].join("\n")
  const key = [day, region, service, terminator].reduce<string | Buffer>(hmac, `AWS4${CREDENTIALS.secretAccessKey}`)
  return accessKey === CREDENTIALS.accessKeyId && hmac(key, toSign).toString("hex") === value("X-Amz-Signature")
}

/** Texts with which such URLs have been forged. */
const snippets = fc.constantFrom(
  "&", "=", "%", "%00", "%0a", "%2e", "%2F", "#", "?", "/", "//", "/../", "\\", "@", ":443", ";", "+", " ", "\n", "\0",
  "evil.example", "user@", "sts.amazonaws.com", "sts.eu-west-1.amazonaws.com", "ｓｔｓ", "ſ", "\u00ad", "K", "..",
  "&Action=GetCallerIdentity", "&action=AssumeRole", "&X-Amz-Signature=00", "&x-amz-credential=x", "&RoleArn=x",
  "host;", "eu-west-1", "iam", "901", "0", "a", "Z", "http://", "HTTPS://"
)

type Mutation = (text: string) => string

const at = (position: number, text: string): number => position % (text.length + 1)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(), snippets).map(([position, snippet]): Mutation => (text) => {
    const index = at(position, text)
    return text.slice(0, index) + snippet + text.slice(index)
  }),
  fc.tuple(fc.nat(), fc.string({ unit: "binary", minLength: 1, maxLength: 2 })).map(
    ([position, char]): Mutation => (text) => {
      const index = at(position, text)
      return text.slice(0, index) + char + text.slice(index + char.length)
    }
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 8 })).map(([position, length]): Mutation => (text) => {
    const index = at(position, text)
    return text.slice(0, index) + text.slice(index + length)
  }),
  // One letter's case, or its percent-encoding.
  fc.tuple(fc.nat(), fc.boolean()).map(([position, encode]): Mutation => (text) => {
    const index = position % text.length
    const char = text[index] ?? ""
    const other = char === char.toLowerCase() ? char.toUpperCase() : char.toLowerCase()
    const encoded = `%${(char.codePointAt(0) ?? 0).toString(16)}`
    return text.slice(0, index) + (encode ? encoded : other) + text.slice(index + 1)
  }),
  // The parameters: moved, doubled, left out.
  fc.tuple(fc.nat(8), fc.nat(8), fc.constantFrom("swap", "double", "drop")).map(([a, b, how]): Mutation => (text) => {
    const [start = "", query = ""] = text.split("/?")
    const pairs = query.split("&")
    const [first = "", second = ""] = [pairs[a], pairs[b]]
    if (how === "swap") pairs.splice(a, 1, second), pairs.splice(b, 1, first)
    if (how === "double") pairs.splice(b, 0, first)
    if (how === "drop") pairs.splice(a, 1)
    return `${start}/?${pairs.join("&")}`
  })
)

let url = ""
beforeAll(async () => { url = await signedUrl() })

it("the verifier of this test takes the unspoilt token, and no other secret's", async () => {
  const request = judge(envelope(url))
  expect(request !== null && verifies(request)).toBe(true)
  const forged = judge(envelope(await signedUrl({ credentials: { ...CREDENTIALS, secretAccessKey: "other" } })))
  expect(forged !== null && verifies(forged)).toBe(false)
})

it(`no mutation of a token's URL that is accepted changes who is meant (${RUNS} runs)`, () => {
  const meant = judge(envelope(url))
  const seen = { refused: 0, otherSignature: 0, same: 0 }
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
      const spoilt = mutations.reduce((text, mutate) => mutate(text), url)
      const request = judge(envelope(spoilt))
      if (request === null) seen.refused += 1
      else if (!verifies(request)) seen.otherSignature += 1
      else {
        seen.same += 1
        expect(request).toEqual(meant)
      }
    }),
    { numRuns: RUNS, seed: SEED }
  )
  // The property says something only where all three happen.
  expect(seen.refused).toBeGreaterThan(RUNS / 2)
  expect(seen.otherSignature).toBeGreaterThan(0)
  expect(seen.same).toBeGreaterThan(0)
})

it(`no mutation of a token's text is accepted as another spelling of it (${RUNS} runs)`, () => {
  const token = envelope(url)
  const seen = { refused: 0, unspoilt: 0 }
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 2 }), (mutations) => {
      const spoilt = mutations.reduce((text, mutate) => mutate(text), token)
      const request = judge(spoilt)
      if (request === null) seen.refused += 1
      else if (spoilt === token) seen.unspoilt += 1
      if (request === null || spoilt === token) return
      // Another text may only be taken where it is another URL, and so another request to be verified.
      expect(Buffer.from(spoilt.slice(IAM_TOKEN_PREFIX.length), "base64url").toString("utf8")).not.toBe(url)
      expect(verifies(request) ? request : judge(token)).toEqual(judge(token))
    }),
    { numRuns: RUNS, seed: SEED }
  )
  expect(seen.refused).toBeGreaterThan(RUNS / 2)
  expect(seen.refused + seen.unspoilt).toBeLessThanOrEqual(RUNS)
})

it(`no text at all makes the judge throw (${RUNS} runs)`, () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom("bare", "prefixed", "wrapped"), (text, how) => {
      const token = how === "wrapped"
        ? envelope(`https://${HOST}/?${text}`)
        : how === "prefixed" ? IAM_TOKEN_PREFIX + text : text
      expect(judge(token)).toBeNull()
    }),
    { numRuns: RUNS, seed: SEED }
  )
})
