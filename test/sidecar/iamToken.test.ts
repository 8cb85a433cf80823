import { expect, it } from "vitest"
import { bindingValue, IAM_TOKEN_PREFIX } from "../../src/model/bindingValue.ts"
import { iamToken } from "../../src/sidecar/iamToken.ts"

const input = {
  credentials: {
    accessKeyId: "ASIAEXAMPLE",
    secretAccessKey: "secret/key+1",
    sessionToken: "session/token+with=all(of)*it'!"
  },
  region: "eu-west-1",
  host: "sts.eu-west-1.amazonaws.com",
  audience: "ca-sha256:00",
  proxy: { proxyType: "dataplane", mesh: "default", name: "0123456789abcdef0123456789abcdef" },
  now: new Date("2026-01-02T03:04:05Z")
} as const

const urlOf = (token: string): string => {
  expect(token.startsWith(IAM_TOKEN_PREFIX)).toBe(true)
  const encoded = token.slice(IAM_TOKEN_PREFIX.length)
  const url = Buffer.from(encoded, "base64url").toString("utf8")
  expect(Buffer.from(url, "utf8").toString("base64url")).toBe(encoded)
  return url
}

it("carries the nine parameters that the control plane allows and no other", async () => {
  const url = urlOf(await iamToken(input))
  expect(url.startsWith("https://sts.eu-west-1.amazonaws.com/?")).toBe(true)
  const query = new URLSearchParams(url.slice(url.indexOf("?")))
  expect([...query.keys()].sort()).toEqual([
    "Action",
    "Version",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders"
  ])
  expect(query.get("X-Amz-SignedHeaders")).toBe("host;x-ecs-mesh-binding")
  expect(query.get("X-Amz-Date")).toBe("20260102T030405Z")
  expect(query.get("X-Amz-Expires")).toBe("900")
  expect(query.get("X-Amz-Credential")).toBe("ASIAEXAMPLE/20260102/eu-west-1/sts/aws4_request")
  expect(query.get("X-Amz-Security-Token")).toBe(input.credentials.sessionToken)
})

it("escapes what SigV4 reserves and form encoding would leave or change", async () => {
  const url = urlOf(await iamToken(input))
  expect(url).toContain("X-Amz-Security-Token=session%2Ftoken%2Bwith%3Dall%28of%29%2Ait%27%21")
  expect(url).toContain("X-Amz-SignedHeaders=host%3Bx-ecs-mesh-binding")
})

it("signs for one control plane and one proxy, as any other gives another signature", async () => {
  const signature = async (changed: object) =>
    new URLSearchParams(urlOf(await iamToken({ ...input, ...changed })).split("?")[1]).get("X-Amz-Signature")
  const own = await signature({})
  expect(await signature({})).toBe(own)
  expect(await signature({ audience: "ca-sha256:01" })).not.toBe(own)
  expect(await signature({ proxy: { ...input.proxy, name: "another" } })).not.toBe(own)
  expect(await signature({ proxy: { ...input.proxy, mesh: "another" } })).not.toBe(own)
  expect(await signature({ proxy: { ...input.proxy, proxyType: "egress" } })).not.toBe(own)
  expect(bindingValue(input.audience, input.proxy)).toMatch(/^[0-9a-f]{64}$/)
})
