// The whole way of aws-iam with real signatures: the emulator's STS verifies them, its IAM has the roles.
import { randomBytes } from "node:crypto"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import { Authenticator, type Identity, type ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import { authenticatorLayer } from "../../../../src/cp/auth/authenticatorLayer.ts"
import type { AuthConfig, AwsConfig } from "../../../../src/cp/config/ControlPlaneConfig.ts"
import type { EcsTask, ObservedRole } from "../../../../src/model/EcsTask.ts"
import type { TaskCredentials } from "../../../../src/sidecar/presign.ts"
import { type EmulatedAws, OWN_ACCOUNT, startEmulatedAws } from "../support/emulatedAws.ts"
import { type ResourcesInMemory, resourcesInMemory } from "../support/resourcesInMemory.ts"
import { AUDIENCE, HOST, REGION, signedToken } from "../support/signed.ts"
import { ADDRESS, taskKey, taskOf } from "../support/taskOf.ts"

const FOREIGN_ACCOUNT = "111111111111"
const GOOD_TAGS = { "kuma.io/type": "dataplane", "kuma.io/mesh": "default", "kuma.io/service": "demo-app" }

let aws: EmulatedAws
beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", OWN_ACCOUNT)
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "root")
  aws = await startEmulatedAws()
})
afterAll(async () => {
  await aws.stop()
  vi.unstubAllEnvs()
})

const awsConfig = (change: Partial<AwsConfig> = {}): AwsConfig => ({
  region: REGION,
  partition: "aws",
  endpoints: { ecs: null, iam: aws.endpoint, sts: aws.endpoint, events: null, sqs: null },
  authorizedAccountIds: [OWN_ACCOUNT],
  accountRoles: {},
  clusters: ["demo"],
  queueName: "ecs-mesh",
  createEventRules: false,
  resyncSeconds: 60,
  copyTags: [],
  outboundAddress: "loopback",
  ...change
})

const authConfig = (change: Partial<AuthConfig> = {}): AuthConfig => ({
  dpProxyType: "aws-iam",
  zoneProxyType: "aws-iam",
  reloadableTokens: true,
  audience: null,
  checkPeerAddress: true,
  stsEndpoint: aws.stsEndpoint,
  stsHosts: [HOST],
  ...change
})

interface Door {
  readonly resources: ResourcesInMemory
  /** The identity, or `Refused: Reason` / `NotYetKnown: Reason`. */
  readonly enter: (credentials: string | ReadonlyArray<string>, claim: ProxyClaim) => Promise<Identity | string>
  /** What an open stream of this identity is told: its reason for closing, or null. */
  readonly lost: (identity: Identity | string, claim: ProxyClaim) => Promise<string | null>
  /** Everything that was said to anybody. */
  readonly said: () => string
}

const open: Array<{ dispose: () => Promise<void> }> = []
afterEach(async () => {
  for (const runtime of open.splice(0)) await runtime.dispose()
})

const openDoor = (changes: { auth?: Partial<AuthConfig>; aws?: Partial<AwsConfig> } = {}): Door => {
  const resources = resourcesInMemory()
  const runtime = ManagedRuntime.make(
    authenticatorLayer({
      auth: authConfig(changes.auth),
      aws: awsConfig(changes.aws),
      zone: "zone-1",
      audience: AUDIENCE
    }).pipe(Layer.provide(resources.layer))
  )
  open.push(runtime)
  let said = ""
  return {
    resources,
    enter: (credentials, claim) =>
      runtime.runPromise(
        Authenticator.use((authenticator) =>
          authenticator.authenticate(typeof credentials === "string" ? [credentials] : credentials, claim)
        ).pipe(
          Effect.catch((error) => {
            said += `${error.reason} ${error.message}\n${JSON.stringify(error)}\n`
            return Effect.succeed(`${error._tag}: ${error.reason}`)
          })
        )
      ),
    lost: (identity, claim) => {
      if (typeof identity === "string") throw new Error(identity)
      return runtime.runPromise(
        Authenticator.use((authenticator) => Effect.succeed(authenticator.lost(identity, claim)?.reason ?? null))
      )
    },
    said: () => said
  }
}

interface Workload {
  readonly taskId: string
  readonly role: ObservedRole
  readonly claim: ProxyClaim
  readonly credentials: TaskCredentials
}

let count = 0
const uniqueName = (): string => `role-${(count += 1)}`

const workload = async (
  tags: Readonly<Record<string, string>> = GOOD_TAGS,
  options: { readonly path?: string; readonly account?: string } = {}
): Promise<Workload> => {
  const taskId = randomBytes(16).toString("hex")
  const { arn, roleId } = await aws.createRole({ name: uniqueName(), tags, ...options })
  return {
    taskId,
    role: { arn, roleId, tags },
    claim: { proxyType: "dataplane", mesh: "default", name: taskId, peerAddress: ADDRESS },
    credentials: await aws.assume(arn, taskId)
  }
}

const observe = (door: Door, { taskId, role }: Workload, change: Partial<EcsTask> = {}): void =>
  door.resources.put(taskKey(taskId), taskOf(taskId, role, change))

const tokenOf = (
  { credentials, claim }: Workload,
  change: { readonly claim?: ProxyClaim; readonly audience?: string; readonly now?: number } = {}
): Promise<string> => signedToken({ credentials, claim, now: Date.now(), ...change })

/** A door that lets this task in, the task, and its token. */
const admitted = async (changes: Parameters<typeof openDoor>[0] = {}) => {
  const door = openDoor(changes)
  const task = await workload()
  observe(door, task)
  const token = await tokenOf(task)
  return { door, task, token, identity: await door.enter(token, task.claim) }
}

const roleName = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)

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
    ["another proxy type", { claim: { proxyType: "ingress", mesh: "" } }]
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
  const url = Buffer.from(token.slice(token.indexOf(".") + 1), "base64url").toString("utf8")
  const altered = url.replace(/X-Amz-Signature=(.)/, (_, hex: string) => `X-Amz-Signature=${hex === "0" ? "1" : "0"}`)
  const prefix = token.slice(0, token.indexOf(".") + 1)
  expect(await door.enter(prefix + Buffer.from(altered).toString("base64url"), task.claim)).toBe("Refused: StsDenied")
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

describe("of the task that the operator observes", () => {
  it("waits for one that it hasn't seen", async () => {
    const door = openDoor()
    const task = await workload()
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("NotYetKnown: TaskNotObserved")
  })

  it.each([
    ["isn't decided on yet", { phase: "identified", proxy: null }, "NotYetKnown: TaskNotJudged"],
    ["has no address yet", { address: null }, "NotYetKnown: AddressNotObserved"],
    ["has a role that wasn't read yet", { role: null }, "NotYetKnown: RoleNotObserved"],
    ["is to stop", { desiredStatus: "STOPPED" }, "Refused: TaskStopping"],
    ["has stopped", { lastStatus: "STOPPED" }, "Refused: TaskStopping"],
    ["drains", { phase: "draining" }, "Refused: TaskStopping"],
    ["is gone", { phase: "gone" }, "Refused: TaskStopping"],
    ["has no role", { taskRoleArn: null }, "Refused: TaskWithoutRole"],
    ["has another role", { taskRoleArn: `arn:aws:iam::${OWN_ACCOUNT}:role/other` }, "Refused: RoleMismatch"],
    ["has a role of that name elsewhere", { taskRoleArn: "arn:aws:iam::222222222222:role/x" }, "Refused: RoleMismatch"],
    ["may be another proxy", { proxy: { proxyType: "dataplane", mesh: "default", name: "x" } }, "Refused: ProxyMismatch"],
    ["may be in another mesh", { proxy: { proxyType: "dataplane", mesh: "m", name: "x" } }, "Refused: ProxyMismatch"],
    ["is elsewhere", { address: "10.0.0.8" }, "Refused: PeerAddressMismatch"]
  ] satisfies ReadonlyArray<[string, Partial<EcsTask>, string]>)("judges one that %s", async (_, change, reason) => {
    const door = openDoor()
    const task = await workload()
    observe(door, task, change)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe(reason)
  })

  it("gives a refused one the operator's own reason", async () => {
    const door = openDoor()
    const task = await workload()
    const conditions = [{ type: "Accepted", status: "False", reason: "RoleTagMissing", message: "tag the role" }] as const
    observe(door, task, { phase: "refused", proxy: null, role: null, conditions })
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleTagMissing")
    expect(door.said()).toContain("tag the role")
  })

  it("refuses a session that somebody else named after another task", async () => {
    const door = openDoor()
    const victim = await workload()
    observe(door, victim)
    const thief = await workload()
    // The thief's role, with the victim's task id as session name, claiming the victim's proxy.
    const credentials = await aws.assume(thief.role.arn, victim.taskId)
    expect(await door.enter(await tokenOf({ ...victim, credentials }), victim.claim)).toBe("Refused: RoleMismatch")
  })

  it("refuses to take over another task's proxy, with a session of the same role", async () => {
    const door = openDoor()
    const victim = await workload()
    observe(door, victim)
    const credentials = await aws.assume(victim.role.arn, "fedcba9876543210fedcba9876543210")
    expect(await door.enter(await tokenOf({ ...victim, credentials }), victim.claim)).toBe("Refused: SessionMismatch")
  })

  it("refuses a peer whose address can't be told, while addresses are checked", async () => {
    const { door, task, token } = await admitted()
    expect(await door.enter(token, { ...task.claim, peerAddress: null })).toBe("Refused: PeerAddressMismatch")
  })

  it("knows the task's address behind an IPv6 socket, and needs none where the check is off", async () => {
    const { door, task, token } = await admitted()
    expect(await door.enter(token, { ...task.claim, peerAddress: `::ffff:${ADDRESS}` })).toMatchObject({ method: "aws-iam" })
    const lax = openDoor({ auth: { checkPeerAddress: false } })
    observe(lax, task)
    expect(await lax.enter(token, { ...task.claim, peerAddress: null })).toMatchObject({ method: "aws-iam" })
  })

  it("refuses a Dataplane that declares another address than the task's", async () => {
    const { door, task, token } = await admitted()
    const key = { type: "Dataplane", mesh: "default", name: task.taskId } as const
    door.resources.put(key, { networking: { address: "10.0.0.99" } })
    expect(await door.enter(token, task.claim)).toBe("Refused: DeclaredAddressMismatch")
    door.resources.put(key, { networking: { address: ADDRESS } })
    expect(await door.enter(token, task.claim)).toMatchObject({ method: "aws-iam" })
  })
})

describe("of the role's tags", () => {
  it.each([
    ["no type", { "kuma.io/mesh": "default" }, "Refused: RoleTagMissing"],
    ["no mesh", { "kuma.io/type": "dataplane" }, "Refused: RoleTagMissing"],
    ["none at all", {}, "Refused: RoleTagMissing"],
    ["another type", { "kuma.io/type": "ingress", "kuma.io/mesh": "default" }, "Refused: RoleTypeMismatch"],
    ["another mesh", { "kuma.io/type": "dataplane", "kuma.io/mesh": "other" }, "Refused: RoleMeshMismatch"],
    ["a type in upper case", { "kuma.io/type": "DATAPLANE", "kuma.io/mesh": "default" }, "Refused: RoleTypeUnknown"]
  ])("refuses %s", async (_, tags, reason) => {
    const door = openDoor()
    const task = await workload(tags)
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe(reason)
  })

  it("refuses tags that IAM doesn't have, though the operator's observation does", async () => {
    const door = openDoor()
    const task = await workload({})
    observe(door, { ...task, role: { ...task.role, tags: GOOD_TAGS } })
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleTagMissing")
  })

  it("refuses to open an ingress with a dataplane's role", async () => {
    const door = openDoor()
    const task = await workload()
    const claim: ProxyClaim = { ...task.claim, proxyType: "ingress", mesh: "" }
    observe(door, task, { proxy: { proxyType: "ingress", mesh: "", name: task.taskId } })
    expect(await door.enter(await tokenOf(task, { claim }), claim)).toBe("Refused: RoleTypeMismatch")
  })

  it("refuses a Dataplane that stands for another service than the role's", async () => {
    const { door, task, token } = await admitted()
    const inbound = [{ port: 80, tags: { "kuma.io/service": "kv" } }]
    const key = { type: "Dataplane", mesh: "default", name: task.taskId } as const
    door.resources.put(key, { networking: { address: ADDRESS, inbound } })
    expect(await door.enter(token, task.claim)).toBe("Refused: RoleServiceMismatch")
  })

  it("drops what it remembers of a role as soon as the operator observes another state of it", async () => {
    const { door, task, token } = await admitted()
    const name = roleName(task.role.arn)
    await aws.untagRole(name, "kuma.io/mesh")
    // IAM isn't asked again within the time that an answer is good for ...
    expect(await door.enter(token, task.claim)).toMatchObject({ method: "aws-iam" })
    // ... but at once where an event made the operator look: first the tag is gone, then it is back.
    observe(door, { ...task, role: { ...task.role, tags: { "kuma.io/type": "dataplane" } } })
    expect(await door.enter(token, task.claim)).toBe("Refused: RoleTagMissing")
    observe(door, task)
    expect(await door.enter(token, task.claim)).toBe("Refused: RoleTagMissing")
    await aws.tagRole(name, { "kuma.io/mesh": "default" })
    observe(door, { ...task, role: { ...task.role, tags: { ...GOOD_TAGS, owner: "web" } } })
    observe(door, task)
    expect(await door.enter(token, task.claim)).toMatchObject({ method: "aws-iam" })
  })
})

describe("of the role itself", () => {
  it("refuses one that was deleted and created anew under the same name", async () => {
    const door = openDoor()
    const task = await workload()
    const name = roleName(task.role.arn)
    await aws.deleteRole(name)
    const again = await aws.createRole({ name, tags: GOOD_TAGS })
    expect(again.roleId).not.toBe(task.role.roleId)
    // Before the operator has noticed, IAM says it; afterwards, the observation does.
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleRecreated")
    observe(door, { ...task, role: { ...task.role, roleId: again.roleId } })
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleRecreated")
  })

  it("refuses one that was deleted, which the operator has yet to notice", async () => {
    const door = openDoor()
    const task = await workload()
    observe(door, task)
    await aws.deleteRole(roleName(task.role.arn))
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("Refused: RoleDeleted")
  })

  it("waits where the control plane may not read it", async () => {
    const reader = await aws.createRole({ name: uniqueName(), account: FOREIGN_ACCOUNT })
    const door = openDoor({
      aws: { authorizedAccountIds: [FOREIGN_ACCOUNT], accountRoles: { [FOREIGN_ACCOUNT]: reader.arn } }
    })
    const task = await workload(GOOD_TAGS, { account: FOREIGN_ACCOUNT })
    observe(door, task)
    expect(await door.enter(await tokenOf(task), task.claim)).toBe("NotYetKnown: RoleUnreadable")
    expect(door.said()).toContain("iam:GetRole")
  })
})

describe("an open stream loses its right when", () => {
  const change = async (act: (door: Door, task: Workload) => void): Promise<string | null> => {
    const { door, task, identity } = await admitted()
    expect(await door.lost(identity, task.claim)).toBeNull()
    act(door, task)
    return door.lost(identity, task.claim)
  }

  it("the task is gone", async () => {
    expect(await change((door, { taskId }) => door.resources.remove(taskKey(taskId)))).toBe("TaskGone")
  })
  it("the task has stopped, or is to", async () => {
    expect(await change((door, task) => observe(door, task, { lastStatus: "STOPPED" }))).toBe("TaskStopping")
    expect(await change((door, task) => observe(door, task, { desiredStatus: "STOPPED" }))).toBe("TaskStopping")
  })
  it("the operator refuses the task", async () => {
    const conditions = [{ type: "Accepted", status: "False", reason: "RoleDeleted", message: "gone" }] as const
    expect(await change((door, task) => observe(door, task, { phase: "refused", role: null, conditions }))).toBe(
      "RoleDeleted"
    )
  })
  it("a tag that it needs is removed", async () => {
    const tags = { "kuma.io/type": "dataplane" }
    expect(await change((door, task) => observe(door, { ...task, role: { ...task.role, tags } }))).toBe("RoleTagMissing")
  })
  it("the tags say another mesh or service", async () => {
    const tags = { ...GOOD_TAGS, "kuma.io/mesh": "other" }
    expect(await change((door, task) => observe(door, { ...task, role: { ...task.role, tags } }))).toBe("RoleMeshMismatch")
  })
  it("the role was created anew", async () => {
    expect(
      await change((door, task) => observe(door, { ...task, role: { ...task.role, roleId: "AROAOTHEROTHEROTHER" } }))
    ).toBe("RoleRecreated")
  })
  it("its account is taken off the list", async () => {
    const accounts = [OWN_ACCOUNT]
    const { door, task, identity } = await admitted({ aws: { authorizedAccountIds: accounts } })
    accounts.pop()
    expect(await door.lost(identity, task.claim)).toBe("AccountNotAuthorized")
  })
  it("its Dataplane comes to stand for another service", async () => {
    expect(
      await change((door, { taskId }) =>
        door.resources.put({ type: "Dataplane", mesh: "default", name: taskId }, {
          networking: { address: ADDRESS, inbound: [{ port: 80, tags: { "kuma.io/service": "kv" } }] }
        }))
    ).toBe("RoleServiceMismatch")
  })
  it("but not while the operator's look at it is late", async () => {
    expect(await change((door, task) => observe(door, task, { phase: "pending", proxy: null, role: null }))).toBeNull()
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
  const url = Buffer.from(token.slice(token.indexOf(".") + 1), "base64url").toString("utf8")
  const bad = [
    token,
    token.slice(0, -1),
    `${token}!`,
    `Bearer ${token}`,
    token.slice(0, token.indexOf(".") + 1) + Buffer.from(`${url}&${url}`).toString("base64url"),
    token.slice(0, token.indexOf(".") + 1) + Buffer.from(url.replace("https", "http")).toString("base64url"),
    token.slice(0, token.indexOf(".") + 1) + Buffer.from(url.replace("Expires=900", "Expires=901")).toString("base64url")
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
    await expect(door.enter("x", { proxyType: "dataplane", mesh: "m", name: "n", peerAddress: null })).rejects.toMatchObject({
      _tag: "AuthConfigInvalid"
    })
  })
})
