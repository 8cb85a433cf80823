// Doors that judge by aws-iam over the emulated AWS, and tasks that come to them.
import { randomBytes } from "node:crypto"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, afterEach, beforeAll, vi } from "vitest"
import { Authenticator, type Identity, type ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import { authenticatorLayer } from "../../../../src/cp/auth/authenticatorLayer.ts"
import type { AuthConfig, AwsConfig } from "../../../../src/cp/config/ControlPlaneConfig.ts"
import type { EcsTask, ObservedRole } from "../../../../src/model/EcsTask.ts"
import type { TaskCredentials } from "../../../../src/sidecar/presign.ts"
import { type EmulatedAws, OWN_ACCOUNT, startEmulatedAws } from "./emulatedAws.ts"
import { type ResourcesInMemory, resourcesInMemory } from "./resourcesInMemory.ts"
import { AUDIENCE, HOST, REGION, signedToken } from "./signed.ts"
import { ADDRESS, taskKey, taskOf } from "./taskOf.ts"

export const FOREIGN_ACCOUNT = "111111111111"
export const GOOD_TAGS = { "kuma.io/type": "dataplane", "kuma.io/mesh": "default", "kuma.io/service": "demo-app" }

/** The emulated AWS of this test file; there from before its first test until after its last. */
export let aws: EmulatedAws

/** Starts the emulated AWS for the file that calls it, and closes every door after each test. */
export const useEmulatedAws = (): void => {
  beforeAll(async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", OWN_ACCOUNT)
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "root")
    aws = await startEmulatedAws()
  }, 30_000)
  afterAll(async () => {
    await aws.stop()
    vi.unstubAllEnvs()
  })
  afterEach(async () => {
    for (const runtime of open.splice(0)) await runtime.dispose()
  })
}

export const awsConfig = (change: Partial<AwsConfig> = {}): AwsConfig => ({
  region: REGION,
  partition: "aws",
  endpoints: { ecs: null, iam: aws.endpoint, sts: aws.endpoint, events: null, sqs: null },
  authorizedAccountIds: [OWN_ACCOUNT],
  accountRoles: {},
  clusters: ["demo"],
  queueName: "ecs-mesh",
  createEventRules: false,
  apiShare: 1,
  resyncSeconds: 60,
  copyTags: [],
  outboundAddress: "loopback",
  ...change
})

export const authConfig = (change: Partial<AuthConfig> = {}): AuthConfig => ({
  dpProxyType: "aws-iam",
  zoneProxyType: "aws-iam",
  reloadableTokens: true,
  audience: null,
  checkPeerAddress: true,
  stsEndpoint: aws.stsEndpoint,
  stsHosts: [HOST],
  ...change
})

export interface Door {
  readonly resources: ResourcesInMemory
  /** The identity, or `Refused: Reason` / `NotYetKnown: Reason`. */
  readonly enter: (credentials: string | ReadonlyArray<string>, claim: ProxyClaim) => Promise<Identity | string>
  /** What an open stream of this identity is told: its reason for closing, or null. */
  readonly lost: (identity: Identity | string, claim: ProxyClaim) => Promise<string | null>
  /** Everything that was said to anybody. */
  readonly said: () => string
}

const open: Array<{ dispose: () => Promise<void> }> = []

export interface DoorChanges {
  readonly auth?: Partial<AuthConfig>
  readonly aws?: Partial<AwsConfig>
  readonly audience?: string
}

export const openDoor = (changes: DoorChanges = {}): Door => {
  const resources = resourcesInMemory()
  const runtime = ManagedRuntime.make(
    authenticatorLayer({
      auth: authConfig(changes.auth),
      aws: awsConfig(changes.aws),
      zone: "zone-1",
      audience: changes.audience ?? AUDIENCE
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

export interface Workload {
  readonly taskId: string
  readonly role: ObservedRole
  readonly claim: ProxyClaim
  readonly credentials: TaskCredentials
}

let count = 0
export const uniqueName = (): string => `role-${(count += 1)}`

export const workload = async (
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

export const observe = (door: Door, { taskId, role }: Workload, change: Partial<EcsTask> = {}): void =>
  door.resources.put(taskKey(taskId), taskOf(taskId, role, change))

export const tokenOf = (
  { credentials, claim }: Workload,
  change: { readonly claim?: ProxyClaim; readonly audience?: string; readonly now?: number } = {}
): Promise<string> => signedToken({ credentials, claim, now: Date.now(), ...change })

/** A door that lets this task in, the task, and its token. */
export const admitted = async (changes: DoorChanges = {}) => {
  const door = openDoor(changes)
  const task = await workload()
  observe(door, task)
  const token = await tokenOf(task)
  return { door, task, token, identity: await door.enter(token, task.claim) }
}

/** The URL in a token. */
export const urlOf = (token: string): string =>
  Buffer.from(token.slice(token.lastIndexOf(".") + 1), "base64url").toString("utf8")

export const roleName = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)
