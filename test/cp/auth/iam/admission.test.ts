// The whole way of aws-iam with real signatures: the emulator's STS verifies them, its IAM has the roles.
import { describe, expect, it } from "vitest"
import type { ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import type { AuthConfig } from "../../../../src/cp/config/ControlPlaneConfig.ts"
import { OWN_ACCOUNT } from "../support/emulatedAws.ts"
import {
  admitted,
  aws,
  FOREIGN_ACCOUNT,
  GOOD_TAGS,
  observe,
  openDoor,
  roleName,
  tokenOf,
  uniqueName,
  urlOf,
  useEmulatedAws,
  workload
} from "../support/iamDoor.ts"
import { AUDIENCE, CLAIM, envelope } from "../support/signed.ts"

useEmulatedAws()

it("lets in a running task by its role, and says who it is", async () => {
  const { identity, task, door } = await admitted()
  expect(identity).toEqual({
    method: "aws-iam",
    partition: "aws",
    accountId: OWN_ACCOUNT,
    roleArn: task.role.arn,
    roleId: task.role.roleId,
    taskId: task.taskId,
    roleTags: GOOD_TAGS
  })
  expect(await door.lost(identity, task.claim)).toBeNull()
})

it("lets in a task whose role has a path", async () => {
  const door = openDoor()
  const task = await workload(GOOD_TAGS, { path: "/teams/web/" })
  observe(door, task)
  expect(task.role.arn).toContain(":role/teams/web/")
  expect(await door.enter(await tokenOf(task), task.claim)).toMatchObject({ roleArn: task.role.arn })
})

it("lets in zone proxies by a role of their type", async () => {
  const door = openDoor()
  const task = await workload({ "kuma.io/type": "ingress" })
  const claim: ProxyClaim = { ...task.claim, proxyType: "ingress", mesh: "" }
  observe(door, task, { proxy: { proxyType: "ingress", mesh: "", name: task.taskId } })
  expect(await door.enter(await tokenOf(task, { claim }), claim)).toMatchObject({ method: "aws-iam" })
})

describe("refuses a token whose signature isn't for this:", () => {
  it.each([
    ["another control plane", { audience: "ca-sha256:9999" }],
    ["another mesh", { claim: { mesh: "other" } }],
    ["another proxy", { claim: { name: "fedcba9876543210fedcba9876543210" } }],
    ["another proxy type, and nothing else", { claim: { proxyType: "ingress" } }],
    ["a zone proxy", { claim: { proxyType: "ingress", mesh: "" } }]
  ] as const)("%s", async (_, change) => {
    const door = openDoor()
    const task = await workload()
    observe(door, task)
    const claim = { ...task.claim, ...("claim" in change ? change.claim : {}) }
    const token = await tokenOf(task, { claim, audience: "audience" in change ? change.audience : AUDIENCE })
    expect(await door.enter(token, task.claim)).toBe("Refused: StsDenied")
  })
})

it("refuses a token that was altered after it was signed", async () => {
  const { door, task, token } = await admitted()
  const url = urlOf(token)
  const altered = url.replace(/X-Amz-Signature=(.)/, (_, hex: string) => `X-Amz-Signature=${hex === "0" ? "1" : "0"}`)
  expect(await door.enter(envelope(altered), task.claim)).toBe("Refused: StsDenied")
})

it("refuses a token of credentials that AWS doesn't know", async () => {
  const { door, task } = await admitted()
  const credentials = { ...task.credentials, accessKeyId: "ASIAIOSFODNN7EXAMPLE" }
  expect(await door.enter(await tokenOf({ ...task, credentials }), task.claim)).toBe("Refused: StsDenied")
})

it("refuses no token, an empty one and two of them", async () => {
  const { door, task, token } = await admitted()
  expect(await door.enter([], task.claim)).toBe("Refused: CredentialMissing")
  expect(await door.enter("", task.claim)).toBe("Refused: CredentialMissing")
  expect(await door.enter([token, token], task.claim)).toBe("Refused: CredentialRepeated")
})

it("lets a proxy come again with the same token, and refuses it from any other", async () => {
  const { door, task, token } = await admitted()
  expect(await door.enter(token, task.claim)).toMatchObject({ taskId: task.taskId })
  const other = await workload()
  observe(door, other)
  expect(await door.enter(token, other.claim)).toBe("Refused: StsDenied")
})

describe("of the account", () => {
  it("refuses everybody where none is authorized", async () => {
    const { identity } = await admitted({ aws: { authorizedAccountIds: [] } })
    expect(identity).toBe("Refused: AccountNotAuthorized")
  })

  it("refuses one that isn't authorized", async () => {
    const { identity } = await admitted({ aws: { authorizedAccountIds: [FOREIGN_ACCOUNT] } })
    expect(identity).toBe("Refused: AccountNotAuthorized")
  })

  it("refuses a foreign one that is authorized but has no role to read tags by", async () => {
    const door = openDoor({ aws: { authorizedAccountIds: [OWN_ACCOUNT, FOREIGN_ACCOUNT] } })
    const task = await workload(GOOD_TAGS, { account: FOREIGN_ACCOUNT })
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: ForeignAccountUnreadable")
  })

  it("lets in a foreign one through the role that is configured for it", async () => {
    const reader = await aws.createRole({ name: uniqueName(), account: FOREIGN_ACCOUNT })
    await aws.allowAll(roleName(reader.arn), FOREIGN_ACCOUNT)
    const door = openDoor({
      aws: { authorizedAccountIds: [FOREIGN_ACCOUNT], accountRoles: { [FOREIGN_ACCOUNT]: reader.arn } }
    })
    const task = await workload(GOOD_TAGS, { account: FOREIGN_ACCOUNT })
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toMatchObject({ accountId: FOREIGN_ACCOUNT })
  })
})

describe("while AWS can't tell", () => {
  it("newcomers wait for STS, and open streams stay", async () => {
    const { door, task, identity } = await admitted()
    const blind = openDoor({ auth: { stsEndpoint: "http://127.0.0.1:9" } })
    observe(blind, task)
    expect(await blind.enter(await tokenOf(task), task.claim)).toBe("NotYetKnown: StsUnreachable")
    expect(await door.lost(identity, task.claim)).toBeNull()
  })

  it("newcomers wait for IAM", async () => {
    const endpoints = { ecs: null, iam: "http://127.0.0.1:9", sts: aws.endpoint, events: null, sqs: null }
    const { identity } = await admitted({ aws: { endpoints } })
    expect(identity).toBe("NotYetKnown: IamUnavailable")
  })

  it("newcomers wait while the control plane doesn't know its own account", async () => {
    const endpoints = { ecs: null, iam: aws.endpoint, sts: "http://127.0.0.1:9", events: null, sqs: null }
    const { identity } = await admitted({ aws: { endpoints } })
    expect(identity).toBe("NotYetKnown: OwnAccountUnknown")
  })
})

it("never says anything of a token in a refusal", async () => {
  const door = openDoor()
  const task = await workload()
  observe(door, task)
  const token = await tokenOf(task, { audience: "ca-sha256:9999" })
  const url = urlOf(token)
  const bad = [
    token,
    token.slice(0, -1),
    `${token}!`,
    `Bearer ${token}`,
    envelope(`${url}&${url}`),
    envelope(url.replace("https", "http")),
    envelope(url.replace("Expires=900", "Expires=901"))
  ]
  for (const text of bad) expect(await door.enter(text, task.claim)).toMatch(/^Refused: /)
  const parts = new URL(url).searchParams
  const secrets = [
    token.slice(20, 60),
    parts.get("X-Amz-Signature"),
    parts.get("X-Amz-Credential"),
    parts.get("X-Amz-Security-Token"),
    task.credentials.accessKeyId,
    task.credentials.secretAccessKey
  ]
  expect(door.said().length).toBeGreaterThan(0)
  for (const secret of secrets) expect(door.said()).not.toContain(secret)
})

it("a control plane that tokens couldn't be bound to is refused at start", async () => {
  const door = openDoor({ audience: "" })
  await expect(door.enter("x", CLAIM)).rejects.toMatchObject({ _tag: "AuthConfigInvalid" })
})

describe("a configuration that can't be served is refused at start:", () => {
  it.each([
    ["plain HTTP to another machine", { stsEndpoint: "http://10.0.0.1:4566" }],
    ["an endpoint with a path", { stsEndpoint: "https://sts.us-east-1.amazonaws.com/x" }],
    ["an endpoint that is no URL", { stsEndpoint: "sts" }],
    ["no STS host", { stsHosts: [] }],
    ["a host that isn't STS's", { stsHosts: ["evil.example"] }],
    ["another partition's host", { stsHosts: ["sts.cn-north-1.amazonaws.com.cn"] }],
    ["zone tokens for dataplanes", { dpProxyType: "zoneToken" }],
    ["dataplane tokens for zone proxies", { zoneProxyType: "dpToken" }]
  ] satisfies ReadonlyArray<[string, Partial<AuthConfig>]>)("%s", async (_, auth) => {
    const door = openDoor({ auth })
    await expect(door.enter("x", CLAIM)).rejects.toMatchObject({ _tag: "AuthConfigInvalid" })
  })
})
