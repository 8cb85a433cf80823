// The reader of roles alone, over an IAM that answers as a test says: which role is which, and what a bad hour costs.
import { it as effectIt } from "@effect/vitest"
import { Context, Effect, Layer, ManagedRuntime } from "effect"
import { TestClock } from "effect/testing"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { Principal } from "../../../../src/cp/auth/iam/judgePrincipal.ts"
import { ROLE_MAX_AGE_MILLIS, RoleReader } from "../../../../src/cp/auth/iam/RoleReader.ts"
import type { AwsConfig } from "../../../../src/cp/config/ControlPlaneConfig.ts"
import { useCleanups } from "../../../support/useCleanups.ts"
import { roleXml, xmlAnswer } from "../support/awsXml.ts"
import { resourcesInMemory } from "../support/resourcesInMemory.ts"
import { type Script, type ScriptedSts, startScriptedSts } from "../support/scriptedSts.ts"
import { reasonOf } from "../support/verdict.ts"

const OWN = "123456789012"
const FOREIGN = "210987654321"

const cleanups = useCleanups()
beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "x")
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const principal: Principal = {
  partition: "aws",
  accountId: OWN,
  roleName: "demo-app",
  roleId: "AROAIOSFODNN7EXAMPLE",
  sessionName: "0123"
}

const xml = (body: string): Script => (response) => {
  response.writeHead(200, { "content-type": "text/xml" }).end(body)
}

/** STS: whose the control plane is, and sessions of the accounts' roles, each with its account as access key. */
const stsScript: Script = (response, request) => {
  let form = ""
  request.on("data", (chunk) => { form += String(chunk) })
  request.on("end", () => {
    const asked = new URLSearchParams(form)
    const account = /iam::(\d{12})/.exec(asked.get("RoleArn") ?? "")?.[1]
    xml(
      account === undefined
        ? xmlAnswer("GetCallerIdentity", `<Account>${OWN}</Account><Arn>arn:aws:iam::${OWN}:role/cp</Arn><UserId>x</UserId>`)
        : xmlAnswer(
          "AssumeRole",
          `<Credentials><AccessKeyId>ASIA${account}</AccessKeyId><SecretAccessKey>x</SecretAccessKey>` +
            "<SessionToken>x</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>"
        )
    )(response, request)
  })
}

const configFor = (iam: ScriptedSts, sts: ScriptedSts): AwsConfig => ({
  region: "us-east-1",
  partition: "aws",
  endpoints: { ecs: null, iam: iam.endpoint, sts: sts.endpoint, events: null, sqs: null },
  authorizedAccountIds: [OWN, FOREIGN],
  accountRoles: { [FOREIGN]: `arn:aws:iam::${FOREIGN}:role/reader` },
  clusters: ["demo"],
  queueName: "ecs-mesh",
  createEventRules: false,
  apiShare: 1,
  resyncSeconds: 60,
  copyTags: [],
  outboundAddress: "loopback"
})

const startBoth = async (iam: Script): Promise<readonly [iam: ScriptedSts, sts: ScriptedSts]> => {
  const both = [await startScriptedSts(iam), await startScriptedSts(stsScript)] as const
  cleanups.push(...both.map(({ stop }) => stop))
  return both
}

const open = async (iam: Script): Promise<{ iam: ScriptedSts; read: (of: Principal) => Promise<string> }> => {
  const [iamServer, stsServer] = await startBoth(iam)
  const layer = RoleReader.layer(configFor(iamServer, stsServer)).pipe(Layer.provide(resourcesInMemory().layer))
  const runtime = ManagedRuntime.make(layer)
  cleanups.push(() => runtime.dispose())
  const read = (of: Principal): Promise<string> =>
    runtime.runPromise(
      RoleReader.use((reader) => reader.read(of)).pipe(
        Effect.result,
        Effect.map((result) => result._tag === "Success" ? JSON.stringify(result.success.tags) : reasonOf(result))
      )
    )
  return { iam: iamServer, read }
}

const ARN = `arn:aws:iam::${OWN}:role/demo-app`

describe("what is remembered of a role is told apart by", () => {
  /** IAM says who asks, in a tag, to whoever asks it. */
  const whoAsks: Script = (response, request) => {
    const account = /Credential=ASIA(\d{12})/.exec(request.headers.authorization ?? "")?.[1] ?? OWN
    xml(roleXml(`arn:aws:iam::${account}:role/demo-app`, principal.roleId, { account }))(response, request)
  }

  it("its account", async () => {
    const { read } = await open(whoAsks)
    expect(await read(principal)).toBe(`{"account":"${OWN}"}`)
    expect(await read({ ...principal, accountId: FOREIGN })).toBe(`{"account":"${FOREIGN}"}`)
    expect(await read(principal)).toBe(`{"account":"${OWN}"}`)
  })

  it("its partition", async () => {
    const { read } = await open(whoAsks)
    expect(await read(principal)).toBe(`{"account":"${OWN}"}`)
    expect(await read({ ...principal, partition: "aws-cn" })).toBe("NotYetKnown: IamUnavailable")
  })

  it("its unique id", async () => {
    const { read } = await open(whoAsks)
    expect(await read(principal)).toBe(`{"account":"${OWN}"}`)
    expect(await read({ ...principal, roleId: "AROAOTHEROTHEROTHER" })).toBe("Refused: RoleRecreated")
  })

  it("its name, and nothing else: each is asked for once", async () => {
    const { iam, read } = await open(whoAsks)
    for (const sessionName of ["a", "b", "c"]) await read({ ...principal, sessionName })
    expect(iam.requests).toHaveLength(1)
    expect(await read({ ...principal, roleName: "other" })).toBe("NotYetKnown: IamUnavailable")
  })
})

effectIt.effect("what is remembered of a role is asked for again before a minute has gone by", () =>
  Effect.gen(function*() {
    const [iam, sts] = yield* Effect.promise(() => startBoth(xml(roleXml(ARN, principal.roleId))))
    const layer = RoleReader.layer(configFor(iam, sts)).pipe(Layer.provide(resourcesInMemory().layer))
    const { read } = yield* Effect.map(Layer.build(layer), (services) => Context.get(services, RoleReader))
    yield* read(principal)
    yield* TestClock.adjust(ROLE_MAX_AGE_MILLIS - 1)
    yield* read(principal)
    expect(iam.requests).toHaveLength(1)
    yield* TestClock.adjust(2)
    yield* read(principal)
    expect(iam.requests).toHaveLength(2)
    expect(ROLE_MAX_AGE_MILLIS).toBeLessThan(60_000)
  }))

describe("an IAM that can't tell lets nobody in:", () => {
  it.each<[string, Script]>([
    ["it throttles", (response) => {
      response.writeHead(400, { "content-type": "text/xml" }).end(
        "<ErrorResponse><Error><Code>Throttling</Code><Message>x</Message></Error><RequestId>1</RequestId></ErrorResponse>"
      )
    }],
    ["it fails", (response) => response.writeHead(500).end()],
    ["it hangs up", (response) => response.destroy()],
    ["it tells of another role", xml(roleXml(ARN.replace("demo-app", "other"), principal.roleId))],
    ["it tells of another account's role", xml(roleXml(ARN.replace(OWN, FOREIGN), principal.roleId))],
    ["it tells nothing", xml("<GetRoleResponse/>")]
  ])("%s", async (_, script) => {
    const { read } = await open(script)
    expect(await read(principal)).toBe("NotYetKnown: IamUnavailable")
  })

  it("and what it couldn't tell is asked again", async () => {
    let answers = 0
    const { read } = await open((response, request) => {
      answers += 1
      if (answers <= 2) response.writeHead(500).end()
      else xml(roleXml(ARN, principal.roleId))(response, request)
    })
    expect(await read(principal)).toBe("NotYetKnown: IamUnavailable")
    expect(await read(principal)).toBe("{}")
  })

  it("it drips: one deadline ends the call and its connection", async () => {
    const drips: Array<NodeJS.Timeout> = []
    const { iam, read } = await open((response) => {
      response.writeHead(200, { "content-type": "text/xml" })
      drips.push(setInterval(() => response.write(" "), 50))
    })
    try {
      const began = performance.now()
      expect(await read(principal)).toBe("NotYetKnown: IamUnavailable")
      expect(performance.now() - began).toBeLessThan(15_000)
      await expect.poll(() => iam.underWay().now, { timeout: 15_000 }).toBe(0)
    } finally {
      for (const drip of drips) clearInterval(drip)
    }
  })
})
