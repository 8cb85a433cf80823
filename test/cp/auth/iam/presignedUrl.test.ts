import { describe, expect, it } from "vitest"
import { parsePresignedUrl } from "../../../../src/cp/auth/iam/parsePresignedUrl.ts"
import { describeStsHost } from "../../../../src/cp/auth/iam/stsHosts.ts"
import { HOST, HOSTS, hosts, signedUrl } from "../support/signed.ts"
import { reasonOf } from "../support/verdict.ts"

const judge = (url: string): string => reasonOf(parsePresignedUrl(url, HOSTS))

/** The same URL with one piece of text replaced, which must have been there. */
const replaced = (url: string, from: string | RegExp, to: string): string => {
  const spoilt = url.replace(from, to)
  expect(spoilt).not.toBe(url)
  return spoilt
}

it("reads the values of a URL as the sidecar makes it", async () => {
  expect(parsePresignedUrl(await signedUrl(), HOSTS)).toMatchObject({
    success: {
      host: { host: HOST, region: "us-east-1", partition: "aws" },
      parameters: {
        "Action": "GetCallerIdentity",
        "X-Amz-Credential": "ASIAIOSFODNN7EXAMPLE/20260102/us-east-1/sts/aws4_request",
        "X-Amz-Security-Token": "FwoGZXIvYXdzEXAMPLE/session+token==",
        "X-Amz-SignedHeaders": "host;x-ecs-mesh-binding"
      }
    }
  })
})

describe("refuses a scheme that isn't exactly https:", () => {
  it.each(["http://", "HTTPS://", "https:", "https:/", "https:///", "https:\\\\", "//", " https://", "ftp://", ""])(
    "%j",
    async (scheme) => {
      expect(judge(replaced(await signedUrl(), "https://", scheme))).toMatch(
        /^Refused: (UrlSchemeWrong|StsHostNotAllowed)$/
      )
    }
  )
})

describe("refuses a host in disguise:", () => {
  it.each([
    ["userinfo", `user@${HOST}`],
    ["userinfo with a password", `${HOST}:x@evil.example`],
    ["the host as userinfo", `${HOST}@evil.example`],
    ["the default port", `${HOST}:443`],
    ["another port", `${HOST}:8443`],
    ["an empty port", `${HOST}:`],
    ["a trailing dot", `${HOST}.`],
    ["a fragment", `${HOST}#`],
    ["a backslash", `${HOST}\\`],
    ["a percent-encoded letter", HOST.replace("s", "%73")],
    ["a percent-encoded dot", HOST.replace(".", "%2e")],
    ["upper case", HOST.toUpperCase()],
    ["one letter in upper case", HOST.replace("amazonaws", "amazonAws")],
    ["full-width letters", HOST.replace("sts", "ｓｔｓ")],
    ["a long s", HOST.replace("sts", "ſtſ")],
    ["a soft hyphen", HOST.replace("sts", "s\u00adts")],
    ["an ideographic full stop", HOST.replace(".", "。")],
    ["an internationalised name", HOST.replace("amazonaws", "xn--mazonaws-6ya")],
    ["a tab", HOST.replace("sts", "s\tts")],
    ["a space", `${HOST} `],
    ["an IPv4 literal", "169.254.169.254"],
    ["an IPv4 literal as one number", "2130706433"],
    ["an IPv6 literal", "[::1]"],
    ["nothing", ""]
  ])("%s", async (_, host) => {
    expect(judge(replaced(await signedUrl(), HOST, host))).toBe("Refused: StsHostNotAllowed")
  })
})

describe("refuses a host that isn't one of the configured set:", () => {
  it.each([
    ["a suffix", `${HOST}.evil.example`],
    ["a prefix", `evil-${HOST}`],
    ["the name alone", "sts"],
    ["another region's", "sts.eu-west-1.amazonaws.com"],
    ["the global one, which isn't configured", "sts.amazonaws.com"],
    ["FIPS, which isn't configured", "sts-fips.us-east-1.amazonaws.com"],
    ["dual stack, which isn't configured", "sts.us-east-1.api.aws"],
    ["a VPC endpoint's", "vpce-0abc.sts.us-east-1.vpce.amazonaws.com"]
  ])("%s", async (_, host) => {
    expect(judge(replaced(await signedUrl(), HOST, host))).toBe("Refused: StsHostNotAllowed")
  })
})

describe("refuses a host of another partition:", () => {
  it.each([
    ["another partition's", "sts.cn-north-1.amazonaws.com.cn"],
    ["the government's", "sts.us-gov-west-1.amazonaws.com"],
    ["another partition's suffix", "sts.us-east-1.amazonaws.com.cn"]
  ])("%s", async (_, host) => {
    expect(judge(replaced(await signedUrl(), HOST, host))).toBe("Refused: StsHostNotAllowed")
  })
})

describe("an STS host's region is", () => {
  it.each([
    ["sts.eu-west-1.amazonaws.com", "eu-west-1", "aws"],
    ["sts.amazonaws.com", "us-east-1", "aws"],
    ["sts-fips.us-west-2.amazonaws.com", "us-west-2", "aws"],
    ["sts.us-gov-west-1.amazonaws.com", "us-gov-west-1", "aws-us-gov"],
    ["sts.cn-north-1.amazonaws.com.cn", "cn-north-1", "aws-cn"],
    ["sts.eu-west-1.api.aws", "eu-west-1", "aws"],
    ["sts.ap-southeast-2.amazonaws.com", "ap-southeast-2", "aws"]
  ])("of %s: %s in %s", (host, region, partition) => {
    expect(describeStsHost(host)).toEqual({ host, region, partition })
  })

  it.each([
    "iam.us-east-1.amazonaws.com",
    "sts.us-east-1.amazonaws.com.cn",
    "sts.cn-north-1.amazonaws.com",
    "sts.us-east-1.evil.com",
    "sts..amazonaws.com",
    "sts.us-east-1.amazonaws.com.",
    "STS.us-east-1.amazonaws.com"
  ])("unknown of %s", (host) => expect(describeStsHost(host)).toBeNull())
})

describe("refuses a path that isn't exactly /:", () => {
  it.each(["?", "//?", "/x?", "/./?", "/../?", "/%2e?", "/%2F?", "/;a=b?", "/", "", "/#?", "\\?"])(
    "%j",
    async (path) => {
      expect(judge(replaced(await signedUrl(), "/?Action", `${path}Action`))).toMatch(
        /^Refused: (UrlPathWrong|StsHostNotAllowed)$/
      )
    }
  )
})

describe("refuses a parameter that isn't allowed:", () => {
  it.each([
    "X-Amz-Content-Sha256=UNSIGNED-PAYLOAD",
    "RoleArn=arn",
    "X-Amz-Security-Token2=x",
    "x-id=GetCallerIdentity",
    "DebugAction=x",
    "AWSAccessKeyId=x"
  ])("%s", async (pair) => {
    expect(judge(`${await signedUrl()}&${pair}`)).toBe("Refused: UrlParameterNotAllowed")
  })

  it("another spelling of an allowed one, instead of it", async () => {
    expect(judge(replaced(await signedUrl(), "Action=", "action="))).toBe("Refused: UrlParameterNotAllowed")
    expect(judge(replaced(await signedUrl(), "X-Amz-Credential=", "x-amz-credential="))).toBe(
      "Refused: UrlParameterNotAllowed"
    )
  })
})

describe("refuses a parameter that is there twice:", () => {
  it.each([
    ["spelt alike", "Action=GetCallerIdentity"],
    ["in lower case", "x-amz-credential=AKIA/x"],
    ["in mixed case", "X-AMZ-Credential=AKIA/x"],
    ["percent-encoded", "X-Amz-%43redential=AKIA/x"],
    ["percent-encoded in lower case", "%78-amz-signature=00"],
    ["empty", "Version="],
    ["without a value", "Action"]
  ])("%s", async (_, pair) => {
    expect(judge(`${await signedUrl()}&${pair}`)).toBe("Refused: UrlParameterRepeated")
  })

  it("the twin first", async () => {
    expect(judge(replaced(await signedUrl(), "/?", "/?x-amz-signature=00&"))).toMatch(/^Refused: UrlParameter/)
  })
})

describe("refuses a query that two readers may read differently:", () => {
  it.each([
    ["a plus for a space", "+token", "%2Btoken", "+"],
    ["lower-case hex digits", "%2F", "%2F", "%2f"],
    ["a letter that needs no encoding", "GetCallerIdentity", "GetCallerIdentity", "%47etCallerIdentity"],
    ["a slash that isn't encoded", "%2F", "%2F", "/"],
    ["half an encoded byte", "%2F", "%2F", "%2"],
    ["bytes that aren't UTF-8", "%2F", "%2F", "%FF"],
    ["a semicolon that isn't encoded", "%3B", "%3B", ";"],
    ["a fragment", "GetCallerIdentity", "GetCallerIdentity", "GetCallerIdentity#"],
    ["a second question mark", "GetCallerIdentity", "GetCallerIdentity", "GetCallerIdentity?"],
    ["a second equals sign", "Version=", "Version=", "Version=="]
  ])("%s", async (_, __, from, to) => {
    expect(judge(replaced(await signedUrl(), from, to))).toBe("Refused: UrlQueryMalformed")
  })

  it.each([["an empty pair", "&&"], ["a pair without a name", "&=x&"], ["a leading ampersand", "&&&"]])(
    "%s",
    async (_, text) => {
      expect(judge(replaced(await signedUrl(), "&", text))).toMatch(/^Refused: Url(Query|Parameter)/)
    }
  )
})

it.each([
  "Action",
  "Version",
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-Security-Token",
  "X-Amz-Signature",
  "X-Amz-SignedHeaders"
])("refuses a URL without %s, or with an empty one", async (name) => {
  const url = await signedUrl()
  const without = replaced(url, new RegExp(`[?&]${name}=[^&]*`), "").replace(/\/&/, "/?")
  expect(judge(without)).toBe("Refused: UrlParameterMissing")
  expect(judge(replaced(url, new RegExp(`([?&]${name}=)[^&]*`), "$1"))).toBe("Refused: UrlParameterMissing")
})

describe("refuses whatever else a token may want to carry into the request:", () => {
  it.each([
    ["a body behind the URL", (url: string) => `${url} {"a":1}`],
    ["another method before it", (url: string) => `POST ${url}`],
    ["a request as JSON", (url: string) => JSON.stringify({ method: "POST", url, headers: { host: "x" }, body: "" })],
    ["headers behind the URL", (url: string) => `${url} HTTP/1.1 X-Ecs-Mesh-Binding: x`],
    ["an Authorization parameter", (url: string) => `${url}&Authorization=AWS4-HMAC-SHA256`],
    ["headers as parameters", (url: string) => `${url}&x-ecs-mesh-binding=00`],
    ["a second URL", (url: string) => `${url},${url}`]
  ])("%s", async (_, spoil) => {
    expect(judge(spoil(await signedUrl()))).toMatch(/^Refused: Url/)
  })
})

it("takes the global, FIPS and dual-stack hosts where they are configured", async () => {
  for (const host of ["sts.amazonaws.com", "sts-fips.us-east-1.amazonaws.com", "sts.us-east-1.api.aws"]) {
    expect(reasonOf(parsePresignedUrl(await signedUrl({ host }), hosts(host)))).toBe("accepted")
  }
})
