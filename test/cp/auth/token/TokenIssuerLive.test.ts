// The control plane as an issuer for the token controller, over a real store: its tokens are those that it takes.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted, Stream } from "effect"
import { dataplaneTokens } from "../../../../src/cp/auth/token/TokenScope.ts"
import { ensureSigningKey } from "../../../../src/cp/auth/token/ensureSigningKey.ts"
import { concernsTokens, TokenIssuerLive } from "../../../../src/cp/auth/token/TokenIssuerLive.ts"
import { Store } from "../../../../src/model/Store.ts"
import { TokenIssuer } from "../../../../src/model/TokenIssuer.ts"
import { openStore, useTestDatabases } from "../../store/testDatabases.ts"

const databases = useTestDatabases()
const HOUR = 3_600_000
const wanted = { mesh: "default", service: "kv", validForMillis: HOUR }

const world = Effect.fnUntraced(function*() {
  const store = yield* openStore(yield* Effect.promise(databases.create))
  const layer = TokenIssuerLive.pipe(Layer.provide(Layer.succeed(Store, store)))
  const issuer = yield* TokenIssuer.pipe(Effect.provide(yield* Layer.build(layer)))
  const ensureKey = ensureSigningKey(dataplaneTokens("default")).pipe(Effect.provideService(Store, store))
  return { store, issuer, ensureKey }
})

const secret = (name: string, data: string) =>
  ({ type: "Secret", mesh: "default", name, labels: {}, spec: { data: Buffer.from(data).toString("base64") } }) as const

describe("the control plane as an issuer", () => {
  it.live("issues what it takes, and says why it wouldn't any more", () =>
    Effect.gen(function*() {
      const { ensureKey, issuer, store } = yield* world()
      yield* ensureKey
      const token = yield* issuer.issue(wanted)
      const [, payload = ""] = Redacted.value(token).split(".")
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>
      assert.deepInclude(claims, { Mesh: "default", Tags: { "kuma.io/service": ["kv"] } })
      assert.isString(claims["jti"])
      assert.isNull(yield* issuer.objection(token, "default"))

      yield* store.put(secret("dataplane-token-revocations-default", `x, ${String(claims["jti"])}`))
      assert.match((yield* issuer.objection(token, "default")) ?? "", /revoked/)
      yield* store.remove(secret("dataplane-token-revocations-default", ""))
      assert.isNull(yield* issuer.objection(token, "default"))

      // Another key under the same serial: the mesh was made anew, say.
      yield* store.remove(secret("dataplane-token-signing-key-default-1", ""))
      assert.match((yield* issuer.objection(token, "default")) ?? "", /no signing key with KID 1/)
      yield* ensureKey
      assert.match((yield* issuer.objection(token, "default")) ?? "", /signature isn't of this control plane's key/)
      assert.notInclude((yield* issuer.objection(Redacted.make("hunter2"), "default")) ?? "", "hunter2")
    }).pipe(Effect.scoped))

  it.live("says what is missing where it can't issue", () =>
    Effect.gen(function*() {
      const { issuer } = yield* world()
      const failure = yield* Effect.flip(issuer.issue(wanted))
      assert.strictEqual(failure.kind, "unknownMesh")
      assert.match(failure.message, /create the mesh first/)
    }).pipe(Effect.scoped))

  it.live("tells of a revocation", () =>
    Effect.gen(function*() {
      const { issuer, store } = yield* world()
      const told = yield* Stream.runHead(issuer.changes).pipe(Effect.forkScoped)
      // Again and again: nobody knows when the subscription stands.
      yield* Effect.suspend(() => store.put(secret("dataplane-token-revocations-default", String(Math.random())))).pipe(
        Effect.andThen(Effect.sleep("20 millis")),
        Effect.forever,
        Effect.forkScoped
      )
      assert.isTrue(Option.isSome(yield* Fiber.join(told).pipe(Effect.timeout("20 seconds"))))
    }).pipe(Effect.scoped))

  it.each([
    [true, "Secret", "default", "dataplane-token-revocations-default"],
    [true, "Secret", "default", "dataplane-token-signing-key-default-12"],
    [false, "Secret", "default", "dataplane-token-signing-key-other-1"],
    [false, "Secret", "default", "ca-builtin"],
    [false, "GlobalSecret", "", "zone-token-revocations"],
    [false, "Mesh", "", "default"]
  ] as const)("says %s to whether tokens are concerned by a change of %s %s/%s", (concerned, type, mesh, name) => {
    assert.strictEqual(concernsTokens({ _tag: "Changed", key: { type, mesh, name } }), concerned)
  })

  it("takes everything for concerned where changes may have been missed", () => {
    assert.isTrue(concernsTokens({ _tag: "Resynced" }))
  })
})
