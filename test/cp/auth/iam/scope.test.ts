import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { checkScope } from "../../../../src/cp/auth/iam/checkScope.ts"
import { type Parameter, parsePresignedUrl, type PresignedUrl } from "../../../../src/cp/auth/iam/parsePresignedUrl.ts"
import { rebuildRequest } from "../../../../src/cp/auth/iam/rebuildRequest.ts"
import { BINDING_HEADER, bindingValue } from "../../../../src/model/bindingValue.ts"
import { AUDIENCE, CLAIM, HOST, HOSTS, hosts, NOW, signedUrl, type SignOptions } from "../support/signed.ts"
import { reasonOf } from "../support/verdict.ts"

const MINUTE = 60_000

const presigned = async (options: SignOptions = {}, allowed = HOSTS): Promise<PresignedUrl> =>
  Result.getOrThrow(parsePresignedUrl(await signedUrl(options), allowed))

/** What is said of the valid call with one value replaced. */
const judge = async (name: Parameter, value: string): Promise<string> => {
  const { host, parameters } = await presigned()
  return reasonOf(checkScope({ host, parameters: { ...parameters, [name]: value } }, NOW))
}

it("takes a call as the sidecar signs it, until it expires", async () => {
  expect(checkScope(await presigned(), NOW)).toMatchObject({ success: { expiresAt: NOW + 15 * MINUTE } })
})

it.each(["AssumeRole", "getcalleridentity", "GetCallerIdentity ", "GetSessionToken"])(
  "refuses the action %j",
  async (action) => expect(await judge("Action", action)).toBe("Refused: ActionWrong")
)

it.each(["2011-06-16", "2011-6-15", "latest"])("refuses the version %j", async (version) => {
  expect(await judge("Version", version)).toBe("Refused: VersionWrong")
})

it.each(["AWS4-HMAC-SHA1", "AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256", "AWS3-HTTPS"])(
  "refuses the algorithm %j",
  async (algorithm) => expect(await judge("X-Amz-Algorithm", algorithm)).toBe("Refused: AlgorithmWrong")
)

it.each(["x-ecs-mesh-binding", ";x-ecs-mesh-binding", "hos;x-ecs-mesh-binding"])(
  "refuses a call whose host isn't signed: %j",
  async (headers) => expect(await judge("X-Amz-SignedHeaders", headers)).toBe("Refused: SignedHeadersWrong")
)

it.each(["host", "host;", "host;x-ecs-mesh-bindin", "host;x-k8s-aws-id"])(
  "refuses a call whose binding isn't signed: %j",
  async (headers) => expect(await judge("X-Amz-SignedHeaders", headers)).toBe("Refused: SignedHeadersWrong")
)

describe("refuses signed headers that aren't exactly host and the binding:", () => {
  it.each([
    ["one more is signed", "accept;host;x-ecs-mesh-binding"],
    ["not sorted", "x-ecs-mesh-binding;host"],
    ["upper case", "Host;X-Ecs-Mesh-Binding"],
    ["host twice", "host;host;x-ecs-mesh-binding"],
    ["an empty name", "host;;x-ecs-mesh-binding"],
    ["a name at the end", "host;x-ecs-mesh-binding;"],
    ["a name that only starts so", "host;x-ecs-mesh-binding2"],
    ["a name that only ends so", "nothost;x-ecs-mesh-binding"],
    ["a space", "host; x-ecs-mesh-binding"],
    ["another separator", "host,x-ecs-mesh-binding"]
  ])("%s", async (_, headers) => {
    expect(await judge("X-Amz-SignedHeaders", headers)).toBe("Refused: SignedHeadersWrong")
  })
})

describe("refuses a credential scope that isn't this day's, this region's and STS's:", () => {
  it.each([
    ["another service", "ASIAIOSFODNN7EXAMPLE/20260102/us-east-1/s3/aws4_request"],
    ["another region", "ASIAIOSFODNN7EXAMPLE/20260102/eu-west-1/sts/aws4_request"],
    ["another day", "ASIAIOSFODNN7EXAMPLE/20260101/us-east-1/sts/aws4_request"],
    ["another terminator", "ASIAIOSFODNN7EXAMPLE/20260102/us-east-1/sts/aws5_request"],
    ["one part more", "ASIAIOSFODNN7EXAMPLE/20260102/us-east-1/sts/aws4_request/x"],
    ["one part less", "ASIAIOSFODNN7EXAMPLE/20260102/us-east-1/sts"],
    ["no access key", "/20260102/us-east-1/sts/aws4_request"],
    ["an access key in lower case", "asiaiosfodnn7example/20260102/us-east-1/sts/aws4_request"],
    ["a slash in the access key", "ASIA/IOSFODNN7EXAMPLE/20260102/us-east-1/sts/aws4_request"]
  ])("%s", async (_, credential) => {
    expect(await judge("X-Amz-Credential", credential)).toBe("Refused: CredentialScopeWrong")
  })

  it("the global host with another region than us-east-1", async () => {
    const call = await presigned({ host: "sts.amazonaws.com", region: "eu-west-1" }, hosts("sts.amazonaws.com"))
    expect(reasonOf(checkScope(call, NOW))).toBe("Refused: CredentialScopeWrong")
  })
})

describe("of the date", () => {
  it.each([
    ["no zone", "20260102T030405"],
    ["separators", "2026-01-02T03:04:05Z"],
    ["a day that isn't", "20260231T030405Z"],
    ["an hour that isn't", "20260102T250405Z"],
    ["a fraction", "20260102T030405.1Z"],
    ["words", "now"],
    ["a sign", "+2026102T030405Z"]
  ])("refuses %s", async (_, date) => expect(await judge("X-Amz-Date", date)).toBe("Refused: DateMalformed"))

  it("refuses one older than 15 minutes", async () => {
    expect(reasonOf(checkScope(await presigned(), NOW + 15 * MINUTE + 1000))).toBe("Refused: TokenExpired")
  })

  it("refuses one more than 2 minutes ahead, and takes one less so", async () => {
    expect(reasonOf(checkScope(await presigned(), NOW - 2 * MINUTE - 1000))).toBe("Refused: DateInFuture")
    expect(reasonOf(checkScope(await presigned(), NOW - 2 * MINUTE))).toBe("accepted")
  })
})

it.each(["0", "901", "86400", "-1", "1e2", "0x10", " 60", "060", "60.0", "NaN", "１"])(
  "refuses X-Amz-Expires of %j",
  async (expires) => expect(await judge("X-Amz-Expires", expires)).toBe("Refused: ExpiresOutOfRange")
)

it("refuses a call whose own expiry has gone by, though STS wouldn't", async () => {
  const { host, parameters } = await presigned()
  const brief = { host, parameters: { ...parameters, "X-Amz-Expires": "60" } }
  expect(reasonOf(checkScope(brief, NOW + 59_999))).toBe("accepted")
  expect(reasonOf(checkScope(brief, NOW + 60_000))).toBe("Refused: TokenExpired")
})

it.each([
  ["upper case", (signature: string) => signature.toUpperCase().replace(/\d/, "A")],
  ["too short", (signature: string) => signature.slice(1)],
  ["too long", (signature: string) => `${signature}0`],
  ["not hex", (signature: string) => `g${signature.slice(1)}`]
])("refuses a signature that is %s", async (_, spoil) => {
  const { parameters } = await presigned()
  expect(await judge("X-Amz-Signature", spoil(parameters["X-Amz-Signature"]))).toBe("Refused: SignatureMalformed")
})

it.each(["with space", "wíth"])("refuses a session token that isn't printable ASCII: %j", async (token) => {
  expect(await judge("X-Amz-Security-Token", token)).toBe("Refused: SecurityTokenMalformed")
})

describe("the rebuilt request", () => {
  const rebuild = async (endpoint: string | null) =>
    rebuildRequest(Result.getOrThrow(checkScope(await presigned(), NOW)), endpoint, bindingValue(AUDIENCE, CLAIM))

  it("says the signed values and nothing else", async () => {
    const { path } = await rebuild(null)
    expect([...new URLSearchParams(path.slice(2))].sort()).toEqual(
      [...new URL(await signedUrl()).searchParams].sort()
    )
  })

  it("goes to the configured endpoint, whatever host was signed", async () => {
    const endpoint = "http://127.0.0.1:4566"
    expect(await rebuild(endpoint)).toMatchObject({ endpoint, headers: { host: HOST } })
    expect(await rebuild(null)).toMatchObject({ endpoint: `https://${HOST}` })
  })

  it("has no headers but its own", async () => {
    expect((await rebuild(null)).headers).toEqual({
      host: HOST,
      accept: "application/json",
      [BINDING_HEADER]: bindingValue(AUDIENCE, CLAIM)
    })
  })
})

describe("the binding is another", () => {
  const own = bindingValue(AUDIENCE, CLAIM)
  it.each([
    ["for another control plane", bindingValue("ca-sha256:4567", CLAIM)],
    ["for another mesh", bindingValue(AUDIENCE, { ...CLAIM, mesh: "other" })],
    ["for another proxy", bindingValue(AUDIENCE, { ...CLAIM, name: "other" })],
    ["for another proxy type", bindingValue(AUDIENCE, { ...CLAIM, proxyType: "ingress" })]
  ])("%s", (_, other) => expect(other).not.toBe(own))

  it.each([",", ".", " ", "\n", "\0", "/", ":", "\",\"", "\\"])(
    "where a separator moves from name to name: %j",
    (separator) => {
      const one = bindingValue(AUDIENCE, { ...CLAIM, mesh: `a${separator}b`, name: "c" })
      expect(bindingValue(AUDIENCE, { ...CLAIM, mesh: "a", name: `b${separator}c` })).not.toBe(one)
      expect(bindingValue(`${AUDIENCE}${separator}`, CLAIM)).not.toBe(own)
    }
  )

  it("and never empty", () => {
    expect(bindingValue("", { proxyType: "ingress", mesh: "", name: "" })).toMatch(/^[0-9a-f]{64}$/)
  })
})
