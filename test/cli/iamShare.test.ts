// Proxies that come while the operator looks at everything: both ask IAM, and the account has one quota.
import { expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { afterEach, beforeEach, vi } from "vitest"
import { iamShare } from "../../src/cli/iamShare.ts"
import { CallBudgets } from "../../src/controllers/aws/CallBudgets.ts"
import { RoleReader } from "../../src/cp/auth/iam/RoleReader.ts"
import type { AwsConfig } from "../../src/cp/config/ControlPlaneConfig.ts"
import { roleXml, xmlAnswer } from "../cp/auth/support/awsXml.ts"
import { resourcesInMemory } from "../cp/auth/support/resourcesInMemory.ts"
import { type Script, type ScriptedSts, startScriptedSts } from "../cp/auth/support/scriptedSts.ts"

const OWN = "123456789012"

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "x")
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const xml = (status: number, body: string): Script => (response) => {
  response.writeHead(status, { "content-type": "text/xml" }).end(body)
}

const THROTTLED = xml(
  400,
  "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
)

const roleIdOf = (name: string): string => `AROA${name}`

/** Any role that is asked for is there. */
const anyRole: Script = (response, request) => {
  let form = ""
  request.on("data", (chunk) => { form += String(chunk) })
  request.on("end", () => {
    const name = new URLSearchParams(form).get("RoleName") ?? ""
    xml(200, roleXml(`arn:aws:iam::${OWN}:role/${name}`, roleIdOf(name)))(response, request)
  })
}

const ownAccount = xml(
  200,
  xmlAnswer("GetCallerIdentity", `<Account>${OWN}</Account><Arn>arn:aws:iam::${OWN}:role/cp</Arn><UserId>x</UserId>`)
)

const started = (script: Script) =>
  Effect.acquireRelease(Effect.promise(() => startScriptedSts(script)), ({ stop }) => Effect.promise(stop))

const configFor = (iam: ScriptedSts, sts: ScriptedSts): AwsConfig => ({
  region: "us-east-1",
  partition: "aws",
  endpoints: { ecs: null, iam: iam.endpoint, sts: sts.endpoint, events: null, sqs: null },
  authorizedAccountIds: [OWN],
  accountRoles: {},
  clusters: ["demo"],
  queueName: "ecs-mesh",
  createEventRules: false,
  apiShare: 0.5,
  resyncSeconds: 60,
  copyTags: [],
  outboundAddress: "loopback"
})

/** The reader as the door builds it, and the operator's share beside it: 50 calls at once, then 10 a second. */
const both = (iam: ScriptedSts, sts: ScriptedSts) =>
  Layer.effectContext(Layer.build(RoleReader.layer(configFor(iam, sts)))).pipe(
    Layer.provide(resourcesInMemory().layer),
    Layer.provide(iamShare),
    Layer.provideMerge(CallBudgets.layer(0.5))
  )

const login = (name: string) =>
  RoleReader.use(({ read }) =>
    read({ partition: "aws", accountId: OWN, roleName: name, roleId: roleIdOf(name), sessionName: "0123" }))

const becomes = (what: () => unknown, expected: unknown) =>
  Effect.promise(() => expect.poll(what, { timeout: 20_000 }).toEqual(expected))

it.effect("who come amid a full look find the tokens kept for them, and all that ask keep to one share", () =>
  Effect.gen(function*() {
    const [iam, sts] = [yield* started(anyRole), yield* started(ownAccount)]
    yield* Effect.gen(function*() {
      const { roles } = yield* CallBudgets
      let looks = 0
      const look = Effect.andThen(roles.take("bulk"), Effect.sync(() => { looks += 1 }))
      yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.forkScoped(look, { startImmediately: true }))
      expect(looks).toBe(40)
      const logins = yield* Effect.forEach(Array.from({ length: 30 }), (_, index) =>
        Effect.forkScoped(login(`role-${index}`), { startImmediately: true }))
      // One in ten is the full look's.
      const asked = () => [iam.requests.length, looks]
      yield* becomes(asked, [9, 41])
      yield* TestClock.adjust("1 second")
      yield* becomes(asked, [18, 42])
      yield* TestClock.adjust("1 second")
      yield* becomes(asked, [27, 43])
      yield* TestClock.adjust("1 second")
      expect(yield* Effect.forEach(logins, (one) => Fiber.join(one))).toHaveLength(30)
      expect(iam.requests).toHaveLength(30)
    }).pipe(Effect.provide(both(iam, sts)))
  }))

it.effect("an IAM that throttles who come halves the share of all, and each attempt is of it", () =>
  Effect.gen(function*() {
    let isThrottling = true
    const iam = yield* started((response, request) => (isThrottling ? THROTTLED : anyRole)(response, request))
    const sts = yield* started(ownAccount)
    yield* Effect.gen(function*() {
      const { roles } = yield* CallBudgets
      const one = yield* Effect.forkScoped(login("role"), { startImmediately: true })
      yield* becomes(() => [roles.rate(), iam.requests.length], [5, 1])
      isThrottling = false
      // The next attempt waits for its time, and for a token of a share that has none left.
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(one)).toMatchObject({ roleId: roleIdOf("role") })
      expect(iam.requests).toHaveLength(2)
    }).pipe(Effect.provide(both(iam, sts)))
  }))
