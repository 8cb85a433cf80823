import { describe, expect, it } from "vitest"
import { decodeEnvelope, MAX_TOKEN_LENGTH } from "../../../../src/cp/auth/iam/decodeEnvelope.ts"
import { presentedCredential } from "../../../../src/cp/auth/presentedCredential.ts"
import { IAM_TOKEN_PREFIX } from "../../../../src/model/bindingValue.ts"
import { envelope, signedToken, signedUrl } from "../support/signed.ts"
import { reasonOf } from "../support/verdict.ts"

const judge = (token: string): string => reasonOf(decodeEnvelope(token))

it("gives the URL of a token as the sidecar makes it", async () => {
  expect(decodeEnvelope(await signedToken())).toMatchObject({ success: await signedUrl() })
})

it("takes a token with the longest session token that AWS gives", async () => {
  const credentials = { accessKeyId: "ASIAIOSFODNN7EXAMPLE", secretAccessKey: "x", sessionToken: "A".repeat(15_000) }
  expect(judge(await signedToken({ credentials }))).toBe("accepted")
})

it("refuses a token longer than 32 KiB before decoding it", () => {
  expect(judge(envelope("a".repeat(MAX_TOKEN_LENGTH)))).toBe("Refused: TokenTooLong")
  // Not base64url at all: were it decoded first, another reason would come.
  expect(judge("!".repeat(MAX_TOKEN_LENGTH + 1))).toBe("Refused: TokenTooLong")
})

it.each([
  ["none", (body: string) => body],
  ["another program's", (body: string) => `k8s-aws-v1.${body}`],
  ["one in upper case", (body: string) => IAM_TOKEN_PREFIX.toUpperCase() + body],
  ["one behind a space", (body: string) => ` ${IAM_TOKEN_PREFIX}${body}`],
  ["one behind Bearer", (body: string) => `Bearer ${IAM_TOKEN_PREFIX}${body}`],
  ["an older version's", (body: string) => `ecs-mesh-aws-v0.${body}`]
])("refuses a token with a wrong prefix: %s", async (_, spoil) => {
  const body = (await signedToken()).slice(IAM_TOKEN_PREFIX.length)
  expect(judge(spoil(body))).toBe("Refused: TokenPrefixWrong")
})

describe("refuses base64url that isn't canonical:", () => {
  it.each([
    ["padding", "YQ=="],
    ["one sign of padding", "YWI="],
    ["unused bits that are set", "YR"],
    ["a lonely last character", "YWJjZ"],
    ["the standard alphabet's plus", "-_+_"],
    ["the standard alphabet's slash", "-_/_"],
    ["a space within", "YW Jj"],
    ["a line feed at the end", "YWJj\n"],
    ["a foreign character", "YWJ*j"],
    ["a letter outside ASCII", "YWJjé"],
    ["nothing at all", ""],
    ["a second token behind a comma", `YWJj,${IAM_TOKEN_PREFIX}YWJj`]
  ])("%s", (_, encoded) => {
    expect(judge(IAM_TOKEN_PREFIX + encoded)).toBe("Refused: TokenEncodingWrong")
  })
})

it.each([
  ["a lone continuation byte", [0x61, 0x80]],
  ["an overlong slash", [0xc0, 0xaf]],
  ["half a surrogate pair", [0xed, 0xa0, 0x80]],
  ["UTF-16", [0xff, 0xfe, 0x61, 0x00]]
])("refuses bytes that aren't UTF-8: %s", (_, bytes) => {
  expect(judge(envelope(Uint8Array.from(bytes)))).toBe("Refused: TokenEncodingWrong")
})

it.each([["NUL", "\0"], ["CR", "\r"], ["LF", "\n"], ["a tab", "\t"], ["DEL", "\x7f"], ["a C1 control", "\u0085"]])(
  "refuses a control character in the URL: %s",
  async (_, control) => {
    expect(judge(envelope(`${await signedUrl()}${control}`))).toBe("Refused: TokenControlCharacter")
  }
)

describe("of the authorization values", () => {
  it("refuses none", () => expect(reasonOf(presentedCredential([]))).toBe("Refused: CredentialMissing"))
  it("names what gives one", () =>
    expect(JSON.stringify(presentedCredential([]))).toMatch(/KUMA_DATAPLANE_RUNTIME_TOKEN_PATH.*--dataplane-token-file/))
  it("refuses an empty one", () => expect(reasonOf(presentedCredential([""]))).toBe("Refused: CredentialMissing"))
  it("refuses two, equal or not", () => {
    expect(reasonOf(presentedCredential(["a", "b"]))).toBe("Refused: CredentialRepeated")
    expect(reasonOf(presentedCredential(["a", "a"]))).toBe("Refused: CredentialRepeated")
  })
  it("refuses an empty one beside a good one", () => {
    expect(reasonOf(presentedCredential(["", "a"]))).toBe("Refused: CredentialMissing")
    expect(reasonOf(presentedCredential(["a", ""]))).toBe("Refused: CredentialRepeated")
  })
})
