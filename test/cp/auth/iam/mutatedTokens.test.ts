// Valid tokens, spoilt at random and brought to the door: whatever is still let in is, but for the order of its
// parameters, a token that was signed for exactly this, and makes its bearer exactly who signed it.
import { createHash } from "node:crypto"
import fc from "fast-check"
import { Effect, Layer, ManagedRuntime } from "effect"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { Authenticator, type Identity, type ProxyClaim } from "../../../../src/cp/auth/Authenticator.ts"
import { authenticatorLayer } from "../../../../src/cp/auth/authenticatorLayer.ts"
import { IAM_TOKEN_PREFIX } from "../../../../src/model/bindingValue.ts"
import { mutate, mutation } from "../support/mutateToken.ts"
import { resourcesInMemory } from "../support/resourcesInMemory.ts"
import { AUDIENCE, envelope, HOST, signedUrl, type SignOptions } from "../support/signed.ts"
import { ADDRESS, taskKey, taskOf } from "../support/taskOf.ts"
import { startVerifyingAws, type VerifiedSession, type VerifyingAws } from "../support/verifyingAws.ts"

/** How many; and the seed by which a failure comes again: it is printed with the failure. */
const RUNS = Number(process.env["ECS_MESH_MUTATIONS"] ?? 10_000)
const SEED = Number(process.env["ECS_MESH_SEED"] ?? 20_260_102)

const ACCOUNT = "123456789012"
const MINUTE = 60_000

interface Task {
  readonly session: VerifiedSession
  readonly claim: ProxyClaim
  readonly identity: Identity
}

const taskCalled = (name: string, claim: Pick<ProxyClaim, "proxyType" | "mesh">, service?: string): Task => {
  const taskId = createHash("md5").update(name).digest("hex")
  const key = taskId.slice(0, 12).toUpperCase()
  const tags = {
    "kuma.io/type": claim.proxyType,
    ...(claim.mesh === "" ? {} : { "kuma.io/mesh": claim.mesh }),
    ...(service === undefined ? {} : { "kuma.io/service": service })
  }
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/${name}`
  const roleId = `AROA${key}`
  return {
    session: {
      credentials: {
        accessKeyId: `ASIA${key}`,
        secretAccessKey: `secret of ${name}`,
        sessionToken: `FwoGZXIvYXdz${name}/session+token==`
      },
      accountId: ACCOUNT,
      roleName: name,
      roleId,
      sessionName: taskId,
      tags
    },
    claim: { ...claim, name: taskId, peerAddress: ADDRESS },
    identity: {
      method: "aws-iam",
      partition: "aws",
      accountId: ACCOUNT,
      roleArn,
      roleId,
      taskId,
      roleTags: tags
    }
  }
}

const web = taskCalled("web", { proxyType: "dataplane", mesh: "default" }, "web")
const api = taskCalled("api", { proxyType: "dataplane", mesh: "default" }, "api")
const ingress = taskCalled("ingress", { proxyType: "ingress", mesh: "" })
const TASKS = [web, api, ingress]

/** A URL that somebody signed, and of whom it speaks; null: of nobody whom this control plane lets in. */
interface Signed {
  readonly url: string
  readonly means: Task | null
}

/** Whatever this test's bearers could have signed. */
const signAll = (now: number): Promise<ReadonlyArray<Signed>> => {
  const sign = async (by: Task, change: SignOptions = {}, means: Task | null = null): Promise<Signed> => ({
    url: await signedUrl({ credentials: by.session.credentials, claim: by.claim, audience: AUDIENCE, now, ...change }),
    means
  })
  return Promise.all([
    sign(web, {}, web),
    sign(api, {}, api),
    sign(ingress, {}, ingress),
    sign(web, { now: now - 4 * MINUTE }, web),
    sign(web, { host: "sts.eu-west-1.amazonaws.com", region: "eu-west-1" }, web),
    sign(api, { host: "sts.amazonaws.com" }, api),
    sign(web, { claim: api.claim }),
    sign(web, { claim: { ...web.claim, mesh: "other" } }),
    sign(web, { claim: { ...web.claim, proxyType: "ingress", mesh: "" } }),
    sign(web, { audience: "ca-sha256:9999" }),
    sign(web, { region: "eu-west-1" }),
    sign(web, { now: now - 16 * MINUTE }),
    sign(api, { now: now + 20 * MINUTE })
  ])
}

/** The same for two URLs that differ in nothing but the order of their parameters. */
const inOrder = (url: string): string => {
  const [start = "", query = ""] = url.split("/?")
  return [start, query.split("&").sort().join("&")].join("/?")
}

let emulated: VerifyingAws
let runtime: ManagedRuntime.ManagedRuntime<Authenticator, unknown>
let signed: ReadonlyArray<Signed> = []

beforeAll(async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "x")
  emulated = await startVerifyingAws(TASKS.map(({ session }) => session))
  const { endpoint } = emulated
  const resources = resourcesInMemory()
  for (const { session, claim } of TASKS) {
    const role = { arn: `arn:aws:iam::${ACCOUNT}:role/${session.roleName}`, roleId: session.roleId, tags: session.tags }
    const proxy = { proxyType: claim.proxyType, mesh: claim.mesh, name: claim.name }
    resources.put(taskKey(claim.name), taskOf(claim.name, role, { proxy }))
  }
  runtime = ManagedRuntime.make(
    authenticatorLayer({
      auth: {
        dpProxyType: "aws-iam",
        zoneProxyType: "aws-iam",
        reloadableTokens: true,
        audience: null,
        checkPeerAddress: true,
        stsEndpoint: endpoint,
        stsHosts: [HOST, "sts.amazonaws.com", "sts.eu-west-1.amazonaws.com"]
      },
      aws: {
        region: "us-east-1",
        partition: "aws",
        endpoints: { ecs: null, iam: endpoint, sts: endpoint, events: null, sqs: null },
        authorizedAccountIds: [ACCOUNT],
        accountRoles: {},
        clusters: ["demo"],
        queueName: "ecs-mesh",
        createEventRules: false,
        apiShare: 1,
        resyncSeconds: 60,
        copyTags: [],
        outboundAddress: "loopback"
      },
      zone: "zone-1",
      audience: AUDIENCE
    }).pipe(Layer.provide(resources.layer))
  )
  signed = await signAll(Date.now())
}, 30_000)

afterAll(async () => {
  await runtime.dispose()
  await emulated.stop()
  vi.unstubAllEnvs()
})

const enter = (values: ReadonlyArray<string>, claim: ProxyClaim): Promise<Identity | string> =>
  runtime.runPromise(
    Authenticator.use(({ authenticate }) => authenticate(values, claim)).pipe(
      Effect.catch((error) => Effect.succeed(`${error._tag}: ${error.reason}`))
    )
  )

/** What the model says: who these values mean, if they are, to the letter, what somebody signed for this claim. */
const meant = (values: ReadonlyArray<string>, claim: ProxyClaim): Identity | null => {
  const [token = "", ...more] = values
  const url = Buffer.from(token.slice(IAM_TOKEN_PREFIX.length), "base64url").toString("utf8")
  if (more.length > 0 || envelope(url) !== token) return null
  const { means } = signed.find((one) => inOrder(one.url) === inOrder(url)) ?? { means: null }
  return means?.claim === claim ? means.identity : null
}

it("unspoilt tokens mean what they say, each for its own claim and for no other", async () => {
  for (const { url } of signed) {
    for (const { claim } of TASKS) {
      const answer = await enter([envelope(url)], claim)
      expect(typeof answer === "string" ? null : answer).toEqual(meant([envelope(url)], claim))
    }
  }
  expect(signed.filter(({ means }) => means !== null)).toHaveLength(6)
})

/** Reasons that the mutations must have come to, or the property says little. */
const REASONS = [
  "CredentialMissing", "CredentialRepeated", "TokenPrefixWrong", "TokenEncodingWrong", "TokenControlCharacter",
  "UrlSchemeWrong", "StsHostNotAllowed", "UrlPathWrong", "UrlQueryMalformed", "UrlParameterRepeated",
  "UrlParameterNotAllowed", "UrlParameterMissing", "ActionWrong", "VersionWrong", "AlgorithmWrong", "SignedHeadersWrong",
  "DateMalformed", "DateInFuture", "TokenExpired", "ExpiresOutOfRange", "CredentialScopeWrong", "SignatureMalformed",
  "StsDenied"
]

it(`no mutation of a token that is let in changes who is meant (${RUNS} runs, seed ${SEED})`, async () => {
  const seen = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom(...TASKS),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      async (which, otherwise, mutations) => {
        const base = signed[which % signed.length]
        const values = mutate(base?.url ?? "", mutations, signed.map(({ url }) => url))
        const { claim } = which % 4 === 0 ? otherwise : base?.means ?? otherwise
        const answer = await enter(values, claim)
        const kind = typeof answer === "string" ? answer : "accepted"
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
        if (typeof answer !== "string") expect(answer).toEqual(meant(values, claim))
        // And what says the same is taken: a door that refuses everybody would hold to all of the above.
        else if (meant(values, claim) !== null) expect(answer).toBe("accepted")
      }
    ),
    { numRuns: RUNS, seed: SEED }
  )
  for (const reason of REASONS) expect([reason, seen.get(`Refused: ${reason}`) ?? 0]).not.toEqual([reason, 0])
  expect(seen.get("accepted") ?? 0).toBeGreaterThan(RUNS / 100)
  expect([...seen.keys()].filter((kind) => kind.startsWith("NotYetKnown"))).toEqual([])
}, 60_000 + RUNS * 10)

it("no text at all makes the door fail", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary" }),
      fc.constantFrom("bare", "prefixed", "wrapped"),
      async (text, how) => {
        const wrapped = how === "wrapped" ? envelope(`https://${HOST}/?${text}`) : text
        expect(await enter([how === "prefixed" ? IAM_TOKEN_PREFIX + text : wrapped], web.claim)).toMatch(/^Refused: /)
      }
    ),
    { numRuns: Math.max(1_000, RUNS / 10), seed: SEED }
  )
}, 60_000 + RUNS * 10)
