// One look at a secret and what comes of it: a real Secrets Manager's versions (LocalStack's), the control plane's own
// issuer over a real store, and a clock that the test moves.
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand
} from "@aws-sdk/client-secrets-manager"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll } from "vitest"
import { AwsCallFailed } from "../../../src/controllers/aws/AwsCallFailed.ts"
import { TokenSecrets } from "../../../src/controllers/aws/TokenSecrets.ts"
import type { Outcome } from "../../../src/controllers/queue/Outcome.ts"
import { readToken } from "../../../src/controllers/token/readToken.ts"
import { reconcileToken } from "../../../src/controllers/token/reconcileToken.ts"
import { TokenMemory } from "../../../src/controllers/token/TokenMemory.ts"
import type { TokenSettings } from "../../../src/controllers/token/TokenSettings.ts"
import { ensureSigningKey } from "../../../src/cp/auth/token/ensureSigningKey.ts"
import { dataplaneTokens } from "../../../src/cp/auth/token/TokenScope.ts"
import { TokenIssuerLive } from "../../../src/cp/auth/token/TokenIssuerLive.ts"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import { TokenIssuer, TokenIssuerFailed } from "../../../src/model/TokenIssuer.ts"
import { openStore, useTestDatabases } from "../../cp/store/testDatabases.ts"
import { startLocalstack } from "../../support/startLocalstack.ts"

const HOUR = 3_600_000
const databases = useTestDatabases()
let aws: Awaited<ReturnType<typeof startLocalstack>> | undefined
let sdk: SecretsManagerClient

beforeAll(async () => {
  aws = await startLocalstack()
  process.env["AWS_ACCESS_KEY_ID"] = aws.credentials.accessKeyId
  process.env["AWS_SECRET_ACCESS_KEY"] = aws.credentials.secretAccessKey
  sdk = new SecretsManagerClient({ endpoint: aws.endpoint, region: aws.region })
  // It loads a service when it is first asked, which takes seconds.
  await sdk.send(new ListSecretsCommand({}))
}, 120_000)
afterAll(() => aws?.stop())

const settings: TokenSettings = {
  secretNamePrefix: "mesh",
  validForMillis: 90 * HOUR,
  rotateBeforeMillis: null,
  lookMillis: 300_000,
  waitMillis: 60_000,
  forgetMillis: 600_000
}

const call = <A>(run: () => Promise<A>) => Effect.promise(run)

type Secrets = TokenSecrets["Service"]

let counted = 0
let database: ReturnType<typeof databases.create> | undefined

/** A secret and a mesh of its own for each test. `change`: what comes between the controller and Secrets Manager. */
const world = Effect.fnUntraced(function*(
  text: string | Uint8Array | null,
  change: (real: Secrets) => Partial<Secrets> = () => ({})
) {
  const name = `mesh/kv-${(counted += 1)}`
  const mesh = `mesh-${counted}`
  yield* call(() =>
    sdk.send(
      new CreateSecretCommand({
        Name: name,
        ...(text === null ? {} : typeof text === "string" ? { SecretString: text } : { SecretBinary: text })
      })
    )
  )
  const store = yield* openStore(yield* Effect.promise(() => (database ??= databases.create())))
  yield* ensureSigningKey(dataplaneTokens(mesh)).pipe(Effect.provideService(Store, store))
  const written: Array<string> = []
  const log = Logger.make((entry) => void written.push(Logger.formatJson.log(entry)))
  const journal = { append: (entry: JournalEntry) => void written.push(JSON.stringify(entry)) }
  const real = yield* TokenSecrets.pipe(
    Effect.provide(yield* Layer.build(TokenSecrets.layer({ region: "us-east-1", endpoint: aws?.endpoint ?? "" })))
  )
  const issuer = yield* TokenIssuer.pipe(
    Effect.provide(yield* Layer.build(TokenIssuerLive.pipe(Layer.provide(Layer.succeed(Store, store)))))
  )
  yield* TestClock.setTime(Date.now())
  const memory = new TokenMemory()
  /** One look, by another controller where it is given another memory. */
  const look = (with_: Partial<Secrets> = {}, issuing: Partial<TokenIssuer["Service"]> = {}, remembered = memory) =>
    reconcileToken({ secret: name, service: "kv", meshes: [mesh], memory: remembered }, settings).pipe(
      Effect.provideService(TokenSecrets, { ...real, ...change(real), ...with_ }),
      Effect.provideService(TokenIssuer, { ...issuer, ...issuing }),
      Effect.provideService(Journal, journal),
      Effect.provide(Logger.layer([log]))
    )
  const put = (SecretString: string) =>
    call(() => sdk.send(new PutSecretValueCommand({ SecretId: name, SecretString })))
  const read = (VersionStage = "AWSCURRENT") =>
    call(() => sdk.send(new GetSecretValueCommand({ SecretId: name, VersionStage })))
  const token = Effect.map(read(), ({ SecretString = "{}" }) => {
    const value: unknown = (JSON.parse(SecretString) as { readonly token?: unknown }).token
    return typeof value === "string" ? value : ""
  })
  const listVersions = new ListSecretVersionIdsCommand({ SecretId: name, IncludeDeprecated: true })
  const versions = call(() => sdk.send(listVersions)).pipe(Effect.map(({ Versions = [] }) => Versions.length))
  return { name, mesh, store, written: () => written.join("\n"), look, put, read, token, versions, issuer }
})

const callFailed = (operation: string, kind: AwsCallFailed["kind"], code: string) =>
  new AwsCallFailed({ service: "SecretsManager", operation, kind, code, message: `${code} of ${operation}` })

const wakesIn = (outcome: Outcome, now: number): number =>
  outcome._tag === "WakeAt" ? outcome.at - now : assert.fail(`it is ${JSON.stringify(outcome)}`)

describe("a look at a service's secret", () => {
  it.effect("puts a token there, leaves what else is there to the character, and then leaves it alone", () =>
    Effect.gen(function*() {
      const { look, mesh, read, token, versions, written } = yield* world("{ \"id\": 12345678901234567890 }")
      const now = yield* Clock.currentTimeMillis
      yield* look()
      const claims = readToken(yield* token)
      assert.deepInclude(claims, { mesh, services: ["kv"] })
      assert.isAtMost(Math.abs((claims?.expiresAt ?? 0) - now - settings.validForMillis), 1_000)
      assert.match(claims?.id ?? "", /^[0-9a-f-]{36}$/)
      assert.strictEqual((yield* read()).SecretString, `{ "id": 12345678901234567890,"token":"${yield* token}" }`)
      assert.strictEqual(wakesIn(yield* look(), now), settings.lookMillis)
      yield* look()
      assert.strictEqual(yield* versions, 2)
      assert.include(written(), "TokenGood")
      assert.notInclude(written(), (yield* token).split(".")[1] ?? "?")
    }).pipe(Effect.scoped))

  it.effect("puts the first value into a secret without any", () =>
    Effect.gen(function*() {
      const { look, token } = yield* world(null)
      yield* look()
      assert.isNotNull(readToken(yield* token))
    }).pipe(Effect.scoped))

  it.effect("rotates the token at two thirds of its life; the one before stays good and AWSPREVIOUS", () =>
    Effect.gen(function*() {
      const { issuer, look, mesh, read, token, versions } = yield* world("{}")
      yield* look()
      const first = yield* token
      yield* TestClock.adjust("59 hours")
      yield* look()
      assert.strictEqual(yield* token, first)
      // The looks until then: each as far away as it may be, the last one when the token is due.
      yield* TestClock.adjust("58 minutes")
      const wait = wakesIn(yield* look(), yield* Clock.currentTimeMillis)
      assert.isBelow(wait, settings.lookMillis)
      yield* TestClock.adjust(wait)
      yield* look()
      const second = yield* token
      assert.notStrictEqual(second, first)
      assert.isAbove(readToken(second)?.expiresAt ?? 0, (readToken(first)?.expiresAt ?? 0) + 59 * HOUR)
      assert.strictEqual((yield* read("AWSPREVIOUS")).SecretString, `{"token":"${first}"}`)
      assert.isNull(yield* issuer.objection(Redacted.make(first), mesh))
      assert.strictEqual(yield* versions, 3)
    }).pipe(Effect.scoped))

  it.effect("replaces a token that is revoked, whose key is gone, or that nobody signed", () =>
    Effect.gen(function*() {
      const { look, mesh, put, store, token, written } = yield* world("{}")
      const replaced = Effect.fnUntraced(function*(why: RegExp) {
        const before = yield* token
        // Past the pause between two writes.
        yield* TestClock.adjust("2 hours")
        yield* look()
        assert.notStrictEqual(yield* token, before)
        assert.match(written(), why)
      })
      yield* look()
      const id = readToken(yield* token)?.id ?? ""
      const data = Buffer.from(`other,${id}`).toString("base64")
      const revocations = `dataplane-token-revocations-${mesh}`
      yield* store.put({ type: "Secret", mesh, name: revocations, labels: {}, spec: { data } })
      yield* replaced(/TokenRefused.*the token is revoked/)
      const [, claims = "", signature = ""] = (yield* token).split(".")
      const header = Buffer.from(JSON.stringify({ alg: "RS256", kid: "7", typ: "JWT" })).toString("base64url")
      yield* put(JSON.stringify({ token: `${header}.${claims}.${signature}` }))
      yield* replaced(/TokenRefused.*there is no signing key with KID 7/)
      const [real = ""] = (yield* token).split(".")
      yield* put(JSON.stringify({ token: `${real}.${claims}.${Buffer.from("nobody's").toString("base64url")}` }))
      yield* replaced(/TokenRefused.*its signature isn't of this control plane's key/)
      yield* put(JSON.stringify({ token: { no: "token" } }))
      yield* replaced(/TokenUnreadable/)
    }).pipe(Effect.scoped))

  it.effect.each([
    ["no JSON", "hunter2", "SecretMalformed", /isn't JSON/],
    ["no JSON object", "[1]", "SecretMalformed", /isn't a JSON object/],
    ["a key twice", "{\"token\":\"a\",\"token\":\"hunter2\"}", "SecretMalformed", /has the key .*token.* twice/],
    ["bytes", Buffer.from("hunter2"), "SecretBinary", /holds bytes/]
  ] as const)("never writes over %s, and says so once", ([, text, reason, message]) =>
    Effect.gen(function*() {
      const { look, versions, written } = yield* world(text)
      const now = yield* Clock.currentTimeMillis
      assert.strictEqual(wakesIn(yield* look(), now), settings.waitMillis)
      yield* look()
      assert.strictEqual(yield* versions, 1)
      assert.include(written(), reason)
      assert.match(written(), message)
      assert.strictEqual(written().split("\n").length, 2)
      assert.notInclude(written(), "hunter2")
    }).pipe(Effect.scoped))

  it.effect("never creates a secret, and says what to create", () =>
    Effect.gen(function*() {
      const { look, name, written } = yield* world("{}")
      yield* call(() => sdk.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true })))
      const now = yield* Clock.currentTimeMillis
      assert.strictEqual(wakesIn(yield* look(), now), settings.waitMillis)
      assert.include(written(), `create it with the value {} beside the service`)
      assert.include(written(), `Name: ${name}`)
      const get = new GetSecretValueCommand({ SecretId: name })
      const missing = yield* Effect.flip(Effect.tryPromise(() => sdk.send(get)))
      assert.strictEqual(missing.cause instanceof Error ? missing.cause.name : "", "ResourceNotFoundException")
      // A missing one and one on its way out are told apart.
      yield* call(() => sdk.send(new CreateSecretCommand({ Name: name, SecretString: "{}" })))
      yield* call(() => sdk.send(new DeleteSecretCommand({ SecretId: name })))
      yield* look()
      assert.include(written(), "SecretDeleted")
    }).pipe(Effect.scoped))

  it.effect("says that the mesh isn't there, and tries again", () =>
    Effect.gen(function*() {
      const { look, mesh, store, token, written } = yield* world("{}")
      const key = { type: "Secret", mesh, name: `dataplane-token-signing-key-${mesh}-1` } as const
      yield* store.remove(key)
      assert.strictEqual((yield* look())._tag, "Retry")
      assert.match(written(), /MeshMissing.*create the mesh first/)
      yield* ensureSigningKey(dataplaneTokens(mesh)).pipe(Effect.provideService(Store, store))
      yield* look()
      assert.isNotNull(readToken(yield* token))
    }).pipe(Effect.scoped))

  it.effect("lets one of two controllers write where both saw the same", () =>
    Effect.gen(function*() {
      const { look, token, versions } = yield* world("{}")
      const other = new TokenMemory()
      // The other one comes between this one's reading and its writing.
      let first = true
      const outcome = yield* look({
        put: (name, text, id) =>
          Effect.gen(function*() {
            if (first) yield* look({}, {}, other)
            first = false
            const { put } = yield* TokenSecrets
            return yield* put(name, text, id)
          }).pipe(Effect.provide(TokenSecrets.layer({ region: "us-east-1", endpoint: aws?.endpoint ?? "" })))
      })
      assert.strictEqual(outcome._tag, "Retry")
      const written = yield* token
      yield* look()
      assert.strictEqual(yield* token, written)
      assert.strictEqual(yield* versions, 2)
    }).pipe(Effect.scoped))

  it.effect("puts back what somebody wrote between its reading and its writing, with the token in it", () =>
    Effect.gen(function*() {
      const { look, put, read, token } = yield* world("{\"a\":1}")
      const own = TokenSecrets.layer({ region: "us-east-1", endpoint: aws?.endpoint ?? "" })
      let first = true
      yield* look({
        put: (name, text, id) =>
          Effect.gen(function*() {
            if (first) yield* put("{\"a\":2,\"b\":3}")
            first = false
            const secrets = yield* TokenSecrets
            return yield* secrets.put(name, text, id)
          }).pipe(Effect.provide(own))
      })
      assert.strictEqual((yield* read()).SecretString, `{"a":2,"b":3,"token":"${yield* token}"}`)
    }).pipe(Effect.scoped))

  it.effect("gets past a version that it was beaten on, where its owner goes back to it", () =>
    Effect.gen(function*() {
      const { look, name, read, token } = yield* world("{}")
      const before = (yield* read()).VersionId
      yield* look()
      const after = (yield* read()).VersionId
      yield* call(() =>
        sdk.send(
          new UpdateSecretVersionStageCommand({
            SecretId: name, VersionStage: "AWSCURRENT", MoveToVersionId: before, RemoveFromVersionId: after
          })
        )
      )
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* look())._tag, "Retry")
      yield* look()
      assert.isNotNull(readToken(yield* token))
    }).pipe(Effect.scoped))

  it.effect.each([
    ["reading is throttled", "read", callFailed("GetSecretValue", "throttled", "Throttling"), "SecretUnavailable"],
    ["reading fails", "read", callFailed("GetSecretValue", "unavailable", "InternalServiceError"), "SecretUnavailable"],
    ["reading is denied", "read", callFailed("GetSecretValue", "denied", "AccessDeniedException"), "SecretDenied"],
    ["writing is throttled", "put", callFailed("PutSecretValue", "throttled", "Throttling"), "SecretUnavailable"],
    ["writing is denied", "put", callFailed("PutSecretValue", "denied", "AccessDeniedException"), "SecretDenied"],
    ["writing fails", "put", callFailed("PutSecretValue", "invalid", "LimitExceededException"), "SecretUnavailable"]
  ] as const)("loses nothing where %s: it is told once, and tried again", ([, operation, failure, reason]) =>
    Effect.gen(function*() {
      const { look, token, written } = yield* world("{}")
      const faulty = { [operation]: () => Effect.fail(failure) }
      for (let round = 0; round < 3; round++) assert.strictEqual((yield* look(faulty))._tag, "Retry")
      // Once in the log, once in the journal.
      assert.strictEqual(written().split(`"reason":"${reason}"`).length - 1, 2)
      yield* look()
      assert.isNotNull(readToken(yield* token))
    }).pipe(Effect.scoped))

  it.effect.each([
    ["unavailable", "IssuerUnavailable"],
    ["denied", "IssuerDenied"]
  ] as const)("loses nothing where the issuer is %s", ([kind, reason]) =>
    Effect.gen(function*() {
      const { look, token, written } = yield* world("{}")
      const issue = () => Effect.fail(new TokenIssuerFailed({ kind, message: "not now" }))
      assert.strictEqual((yield* look({}, { issue }))._tag, "Retry")
      assert.include(written(), reason)
      yield* look()
      assert.isNotNull(readToken(yield* token))
    }).pipe(Effect.scoped))

  it.effect.each([
    ["no token", () => "<html>sign in</html>"],
    ["a token of another service", (mesh: string) =>
      ["{}", JSON.stringify({ Mesh: mesh, Tags: { "kuma.io/service": ["redis"] } }), "x"]
        .map((part) => Buffer.from(part).toString("base64url")).join(".")]
  ] as const)("never writes %s that an issuer gives", ([, text]) =>
    Effect.gen(function*() {
      const { look, mesh, versions } = yield* world("{}")
      assert.strictEqual((yield* look({}, { issue: () => Effect.succeed(Redacted.make(text(mesh))) }))._tag, "Retry")
      assert.strictEqual(yield* versions, 1)
    }).pipe(Effect.scoped))
})
