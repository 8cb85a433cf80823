// Thousands of tasks that come to both doors at once: how often AWS is asked, and how much of it at a time.
import { Effect, Layer } from "effect"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { type IamAuthenticator, makeIamAuthenticator } from "../../../../src/cp/auth/iam/IamAuthenticator.ts"
import { ROLE_MAX_AGE_MILLIS, RoleReader } from "../../../../src/cp/auth/iam/RoleReader.ts"
import { makeSignatureLedger } from "../../../../src/cp/auth/iam/SignatureLedger.ts"
import { makeStsClient, STS_LIMITS } from "../../../../src/cp/auth/iam/StsClient.ts"
import type { AuthConfig, AwsConfig } from "../../../../src/cp/config/ControlPlaneConfig.ts"
import { useCleanups } from "../../../support/useCleanups.ts"
import { roleXml, xmlAnswer } from "../support/awsXml.ts"
import { resourcesInMemory } from "../support/resourcesInMemory.ts"
import { identityJson, type Script, type ScriptedSts, startScriptedSts } from "../support/scriptedSts.ts"
import { AUDIENCE, CREDENTIALS, HOST, HOSTS, signedToken } from "../support/signed.ts"
import { ADDRESS, taskKey, taskOf } from "../support/taskOf.ts"

const OWN = "123456789012"
const NEWCOMERS = 2_000
/** As many as RoleReader asks at a time. */
const ROLES_AT_A_TIME = 8

const cleanups = useCleanups()
beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "x")
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const start = async (script: Script): Promise<ScriptedSts> => {
  const server = await startScriptedSts(script)
  cleanups.push(server.stop)
  return server
}

interface Newcomer {
  readonly taskId: string
  readonly roleName: string
}

const roleIdOf = (roleName: string): string => `AROA${roleName.replace("role-", "").padStart(17, "0")}`
const roleArnOf = (roleName: string): string => `arn:aws:iam::${OWN}:role/${roleName}`
const TAGS = { "kuma.io/type": "dataplane", "kuma.io/mesh": "default", "kuma.io/service": "demo-app" }

/** Long enough for whoever doesn't wait for others to be there with them. */
const later = (answer: () => void): void => void setTimeout(answer, 5)

/** The session says its task and role: its signature is another test's business. */
const newcomers = (roles: number): ReadonlyArray<Newcomer> =>
  Array.from({ length: NEWCOMERS }, (_, index) => ({
    taskId: index.toString(16).padStart(32, "0"),
    roleName: `role-${index % roles}`
  }))

const stsScript: Script = (response, request) => {
  const query = new URLSearchParams((request.url ?? "").split("?")[1])
  const [roleName = "", taskId = ""] = (query.get("X-Amz-Security-Token") ?? "").split("/")
  const arn = `arn:aws:sts::${OWN}:assumed-role/${roleName}/${taskId}`
  later(() => {
    response.writeHead(200, { "content-type": "application/json" })
      .end(identityJson(OWN, arn, `${roleIdOf(roleName)}:${taskId}`))
  })
}

const iamScript = (asked: Array<string>): Script => (response, request) => {
  let form = ""
  request.on("data", (chunk) => { form += String(chunk) })
  request.on("end", () => {
    const name = new URLSearchParams(form).get("RoleName") ?? ""
    asked.push(name)
    later(() => {
      response.writeHead(200, { "content-type": "text/xml" }).end(roleXml(roleArnOf(name), roleIdOf(name), TAGS))
    })
  })
}

const ownAccount: Script = (response) =>
  response.writeHead(200, { "content-type": "text/xml" }).end(xmlAnswer(
    "GetCallerIdentity",
    `<Account>${OWN}</Account><Arn>arn:aws:iam::${OWN}:role/cp</Arn><UserId>x</UserId>`
  ))

const storm = async (roles: number) => {
  const rolesAsked: Array<string> = []
  const [sts, iam, own] = [await start(stsScript), await start(iamScript(rolesAsked)), await start(ownAccount)]
  const aws: AwsConfig = {
    region: "us-east-1",
    partition: "aws",
    endpoints: { ecs: null, iam: iam.endpoint, sts: own.endpoint, events: null, sqs: null },
    authorizedAccountIds: [OWN],
    accountRoles: {},
    clusters: ["demo"],
    queueName: "ecs-mesh",
    createEventRules: false,
    apiShare: 1,
    resyncSeconds: 60,
    copyTags: [],
    outboundAddress: "loopback"
  }
  const auth: AuthConfig = {
    dpProxyType: "aws-iam",
    zoneProxyType: "aws-iam",
    reloadableTokens: true,
    audience: null,
    checkPeerAddress: true,
    stsEndpoint: sts.endpoint,
    stsHosts: [HOST]
  }
  const resources = resourcesInMemory()
  const all = await Promise.all(newcomers(roles).map(async ({ roleName, taskId }) => {
    resources.put(taskKey(taskId), taskOf(taskId, { arn: roleArnOf(roleName), roleId: roleIdOf(roleName), tags: TAGS }))
    const claim = { proxyType: "dataplane", mesh: "default", name: taskId, peerAddress: ADDRESS } as const
    const credentials = { ...CREDENTIALS, sessionToken: `${roleName}/${taskId}` }
    return { claim, token: await signedToken({ credentials, claim, now: Date.now() }) }
  }))
  const began = Date.now()
  const enterAll = ({ authenticate }: IamAuthenticator) =>
    // Both doors at once: what the second asks the first has under way.
    Effect.forEach([...all, ...all], ({ claim, token }) => Effect.result(authenticate(token, claim)), {
      concurrency: "unbounded"
    })
  const results = await Effect.runPromise(
    Effect.scoped(Effect.gen(function*() {
      // However slow this machine is, none of them is told to come again.
      const client = yield* makeStsClient({ ...STS_LIMITS, deadlineMillis: 300_000 })
      const options = { auth, aws, audience: AUDIENCE, hosts: HOSTS, sts: client, ledger: makeSignatureLedger() }
      return yield* Effect.flatMap(makeIamAuthenticator(options), enterAll)
    })).pipe(Effect.provide(Layer.provideMerge(RoleReader.layer(aws), resources.layer)))
  )
  return {
    reasons: new Set(results.map((result) => result._tag === "Success" ? "accepted" : result.failure.reason)),
    rolesAsked,
    stsAsked: sts.requests.length,
    stsAtATime: sts.underWay().most,
    iamAtATime: iam.underWay().most,
    /** How often a role may be read: it is believed for so long. */
    readings: 1 + Math.floor((Date.now() - began) / ROLE_MAX_AGE_MILLIS)
  }
}

it.each([1, 200])("2,000 newcomers of %i roles ask STS once each and IAM once a role, a few at a time", async (roles) => {
  const { iamAtATime, readings, reasons, rolesAsked, stsAsked, stsAtATime } = await storm(roles)
  expect([...reasons]).toEqual(["accepted"])
  expect(stsAsked).toBe(NEWCOMERS)
  expect(stsAtATime).toBeLessThanOrEqual(STS_LIMITS.concurrency)
  expect(new Set(rolesAsked).size).toBe(roles)
  expect(rolesAsked.length).toBeLessThanOrEqual(roles * readings)
  expect(iamAtATime).toBeLessThanOrEqual(ROLES_AT_A_TIME)
}, 120_000)
