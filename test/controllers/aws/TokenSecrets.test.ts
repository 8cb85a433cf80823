// What Secrets Manager says that its emulators never do. Its versions are tested with LocalStack, in
// token/reconcileToken.test.ts.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TokenSecrets } from "../../../src/controllers/aws/TokenSecrets.ts"
import { type Answer, scriptedAws } from "./scriptedAws.ts"

const error = (__type: string, message: string, status = 400): Answer => ({ status, body: { __type, message } })

const CURRENT = { Name: "mesh/kv", VersionId: "v1", SecretString: "{}", CreatedDate: 1_700_000_000.5 }
const ID = "a".repeat(64)
const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJNZXNoIjoiZGVmYXVsdCJ9.c2ln"

/** The answers in turn, the last one for ever. */
const world = Effect.fnUntraced(function*(...answers: ReadonlyArray<Answer>) {
  let asked = 0
  const aws = yield* scriptedAws(() => answers[Math.min(asked++, answers.length - 1)] ?? { body: {} })
  const context = yield* Layer.build(TokenSecrets.layer({ region: "us-east-1", endpoint: aws.endpoint }))
  return { requests: aws.requests, secrets: yield* TokenSecrets.pipe(Effect.provide(context)) }
})

describe("a secret in Secrets Manager", () => {
  it.live("is read by its name and stage", () =>
    Effect.gen(function*() {
      const { requests, secrets } = yield* world({ body: CURRENT })
      const reading = yield* secrets.read("mesh/kv", "AWSPREVIOUS")
      assert.deepInclude(reading, { status: "text", version: "v1", createdAt: 1_700_000_000_500 })
      assert.strictEqual(reading.status === "text" ? Redacted.value(reading.text) : "", "{}")
      assert.deepStrictEqual(requests, [["GetSecretValue", { SecretId: "mesh/kv", VersionStage: "AWSPREVIOUS" }]])
    }).pipe(Effect.scoped))

  it.live.each([
    ["absent", error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")],
    [
      "empty",
      error(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
      )
    ],
    [
      "deleting",
      error(
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion."
      )
    ],
    ["binary", { body: { VersionId: "v1", SecretBinary: "eA==" } }]
  ] as const)("may be %s", ([status, answer]) =>
    Effect.gen(function*() {
      const { secrets } = yield* world(answer)
      assert.strictEqual((yield* secrets.read("mesh/kv")).status, status)
    }).pipe(Effect.scoped))

  it.live("is asked for again where AWS throttles or fails for a moment", () =>
    Effect.gen(function*() {
      const { requests, secrets } = yield* world(
        error("ThrottlingException", "Rate exceeded"),
        error("InternalServiceError", "again", 500),
        { body: CURRENT }
      )
      assert.strictEqual((yield* secrets.read("mesh/kv")).status, "text")
      assert.strictEqual(requests.length, 3)
    }).pipe(Effect.scoped))

  it.live("gets the same value under the same request id where an answer was lost", () =>
    Effect.gen(function*() {
      const { requests, secrets } = yield* world(error("InternalServiceError", "lost", 500), { body: {} })
      assert.isTrue(yield* secrets.put("mesh/kv", Redacted.make("{\"token\":\"a\"}"), ID))
      const request = { SecretId: "mesh/kv", SecretString: "{\"token\":\"a\"}", ClientRequestToken: ID }
      assert.deepStrictEqual(requests, [["PutSecretValue", request], ["PutSecretValue", request]])
    }).pipe(Effect.scoped))

  it.live("tells that somebody else's version has the request's id", () =>
    Effect.gen(function*() {
      const { secrets } = yield* world(error("ResourceExistsException", `You can't use ClientRequestToken ${ID}`))
      assert.isFalse(yield* secrets.put("mesh/kv", Redacted.make("{}"), ID))
    }).pipe(Effect.scoped))

  it.live.each([
    ["AccessDeniedException", "denied"],
    ["DecryptionFailure", "invalid"]
  ] as const)("that AWS refuses with %s is %s", ([code, kind]) =>
    Effect.gen(function*() {
      const { secrets } = yield* world(error(code, "no"))
      const failure = yield* Effect.flip(secrets.read("mesh/kv"))
      assert.deepInclude({ ...failure }, { service: "SecretsManager", operation: "GetSecretValue", kind, code })
    }).pipe(Effect.scoped))

  it.live("is never quoted by a failure, not even where AWS quotes it", () =>
    Effect.gen(function*() {
      const { secrets } = yield* world(
        error("InvalidParameterException", `1 validation error: Value '{"token":"${TOKEN}"}' at 'secretString'`)
      )
      const failure = yield* Effect.flip(secrets.put("mesh/kv", Redacted.make(`{"token":"${TOKEN}"}`), ID))
      assert.notInclude(JSON.stringify(failure) + String(failure) + failure.stack, "eyJ")
      assert.include(failure.message, "InvalidParameterException")
    }).pipe(Effect.scoped))

  it.live("doesn't show itself when a reading is written down", () =>
    Effect.gen(function*() {
      const { secrets } = yield* world({ body: { ...CURRENT, SecretString: `{"token":"${TOKEN}"}` } })
      assert.notInclude(JSON.stringify(yield* secrets.read("mesh/kv")), "eyJ")
    }).pipe(Effect.scoped))
})
