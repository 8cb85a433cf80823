// Who wakes whom, and when it is tried again: AWS and the issuer are held in memory, and the test moves the clock.
// What Secrets Manager really does with a value is in reconcileToken.test.ts.
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Logger, PubSub, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import { AwsCallFailed } from "../../../src/controllers/aws/AwsCallFailed.ts"
import { EcsReader } from "../../../src/controllers/aws/EcsReader.ts"
import { type SecretReading, TokenSecrets } from "../../../src/controllers/aws/TokenSecrets.ts"
import type { ObservedTask } from "../../../src/controllers/lifecycle/TaskObservation.ts"
import { readToken } from "../../../src/controllers/token/readToken.ts"
import { TokenController } from "../../../src/controllers/token/TokenController.ts"
import type { TokenSettings } from "../../../src/controllers/token/TokenSettings.ts"
import { Journal } from "../../../src/model/Journal.ts"
import { type ServiceToken, TokenIssuer } from "../../../src/model/TokenIssuer.ts"

const HOUR = 3_600_000

const settings: TokenSettings = {
  secretNamePrefix: "mesh",
  validForMillis: 9 * HOUR,
  rotateBeforeMillis: null,
  lookMillis: HOUR,
  waitMillis: 60_000,
  forgetMillis: 1_000 * HOUR
}

const throttled = (operation: string) =>
  new AwsCallFailed({ service: "AWS", operation, kind: "throttled", code: "ThrottlingException", message: "slower" })

const taskOf = (id: string, tags: Record<string, string>): ObservedTask => ({
  taskArn: `arn:aws:ecs:us-east-1:000000000000:task/c/${id}`,
  clusterArn: "arn:aws:ecs:us-east-1:000000000000:cluster/c",
  taskDefinitionArn: "",
  taskRoleArn: null,
  group: "service:kv",
  lastStatus: "PENDING",
  desiredStatus: "RUNNING",
  version: 1,
  address: null,
  containerInstanceArn: null,
  availabilityZone: null,
  tags,
  containers: []
})

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const tokenOf = ({ mesh, service, validForMillis }: ServiceToken, id: number, now: number): string => {
  const iat = now / 1000
  const exp = iat + validForMillis / 1000
  const claims = { Mesh: mesh, Tags: { "kuma.io/service": [service] }, jti: `id-${id}`, iat, exp }
  return `${part({ alg: "RS256" })}.${part(claims)}.c2ln`
}

const world = Effect.fnUntraced(function*(change: Partial<TokenSettings> = {}) {
  const tasks = new Map<string, ObservedTask>()
  const secrets = new Map<string, { readonly text: string; readonly version: number }>()
  const faults = { describe: 0, read: 0, put: 0 }
  const calls = { describe: 0, read: 0, put: 0, issue: 0 }
  const revoked = new Set<string>()
  const news = yield* PubSub.unbounded<void>()
  const written: Array<string> = []

  const fails = (what: keyof typeof faults): boolean => {
    calls[what] += 1
    faults[what] -= 1
    return faults[what] >= 0
  }
  const unused = Effect.die(new Error("not asked here"))
  const layers = Layer.mergeAll(
    Layer.succeed(EcsReader, {
      listTasks: () => unused,
      callsASecond: () => 1,
      readTask: () => unused,
      findClusters: () => unused,
      instanceAttributes: () => unused,
      describeTask: ({ taskId }) =>
        Effect.suspend(() =>
          fails("describe") ? Effect.fail(throttled("DescribeTasks")) : Effect.succeed(tasks.get(taskId) ?? null)
        )
    }),
    Layer.succeed(TokenSecrets, {
      read: (name, stage) =>
        Effect.suspend((): Effect.Effect<SecretReading, AwsCallFailed> => {
          if (stage === "AWSPREVIOUS") return Effect.succeed({ status: "empty" })
          if (fails("read")) return Effect.fail(throttled("GetSecretValue"))
          const held = secrets.get(name)
          return Effect.succeed(
            held === undefined
              ? { status: "absent" }
              : { status: "text", version: String(held.version), createdAt: 0, text: Redacted.make(held.text) }
          )
        }),
      put: (name, text) =>
        Effect.suspend(() => {
          if (fails("put")) return Effect.fail(throttled("PutSecretValue"))
          secrets.set(name, { text: Redacted.value(text), version: (secrets.get(name)?.version ?? 0) + 1 })
          return Effect.succeed(true)
        })
    }),
    Layer.succeed(TokenIssuer, {
      issue: (wanted) =>
        Effect.map(Clock.currentTimeMillis, (now) => Redacted.make(tokenOf(wanted, (calls.issue += 1), now))),
      objection: (token) =>
        Effect.sync(() => revoked.has(readToken(Redacted.value(token))?.id ?? "") ? "the token is revoked" : null),
      changes: Stream.fromPubSub(news)
    }),
    Journal.none,
    Logger.layer([Logger.make((entry) => void written.push(Logger.formatJson.log(entry)))])
  )
  const { wake } = yield* TokenController.pipe(
    Effect.provide(yield* Layer.build(TokenController.layer({ ...settings, ...change }).pipe(Layer.provide(layers))))
  )
  const run = (id: string, tags: Record<string, string> = { "kuma.io/service": "kv" }): void => {
    tasks.set(id, taskOf(id, tags))
    wake(`task/c/${id}`)
  }
  const token = (name = "mesh/kv"): string | undefined =>
    (JSON.parse(secrets.get(name)?.text ?? "{}") as { readonly token?: string }).token
  secrets.set("mesh/kv", { text: "{}", version: 1 })
  yield* TestClock.adjust(0)
  return { tasks, secrets, faults, calls, revoked, news, written: () => written.join("\n"), wake, run, token }
})

const settle = TestClock.adjust(0)

describe("the token controller", () => {
  it.effect("issues one token for all tasks of a service that come at once", () =>
    Effect.gen(function*() {
      const { calls, run, token } = yield* world()
      for (let id = 0; id < 10; id++) run(String(id))
      yield* settle
      assert.isString(token())
      assert.strictEqual(calls.issue, 1)
      assert.strictEqual(calls.put, 1)
    }).pipe(Effect.scoped))

  it.effect("looks at the secret again with each event of a task, and not with each look at tasks", () =>
    Effect.gen(function*() {
      const { calls, run, tasks, wake } = yield* world()
      run("1")
      yield* settle
      const before = calls.read
      for (let look = 0; look < 5; look++) {
        wake("task/c/1")
        yield* settle
      }
      assert.strictEqual(calls.read, before)
      tasks.set("1", { ...taskOf("1", { "kuma.io/service": "kv" }), version: 2 })
      wake("task/c/1")
      yield* settle
      assert.strictEqual(calls.read, before + 1)
    }).pipe(Effect.scoped))

  it.effect("rotates without any event, for as long as a task lives", () =>
    Effect.gen(function*() {
      const { calls, run, tasks, token, wake } = yield* world()
      run("1")
      yield* settle
      const first = token()
      yield* TestClock.adjust("5 hours")
      assert.strictEqual(token(), first)
      yield* TestClock.adjust("65 minutes")
      assert.notStrictEqual(token(), first)
      assert.strictEqual(calls.issue, 2)
      tasks.delete("1")
      wake("task/c/1")
      yield* settle
      yield* TestClock.adjust("20 hours")
      assert.strictEqual(calls.issue, 2)
    }).pipe(Effect.scoped))

  it.effect("stops for a task that nobody has seen for long", () =>
    Effect.gen(function*() {
      const { calls, run } = yield* world({ forgetMillis: 2 * HOUR })
      run("1")
      yield* TestClock.adjust("20 hours")
      assert.strictEqual(calls.issue, 1)
    }).pipe(Effect.scoped))

  it.effect("replaces a token as soon as the issuer says that something changed", () =>
    Effect.gen(function*() {
      const { news, revoked, run, token } = yield* world()
      run("1")
      // Past the pause between two writes, and before the next look.
      yield* TestClock.adjust("50 minutes")
      const first = token()
      revoked.add("id-1")
      yield* settle
      assert.strictEqual(token(), first)
      yield* PubSub.publish(news, undefined)
      yield* settle
      assert.notStrictEqual(token(), first)
    }).pipe(Effect.scoped))

  it.effect.each(["describe", "read", "put"] as const)(
    "loses nothing where AWS throttles: %s is tried again, later each time",
    (what) =>
      Effect.gen(function*() {
        const { calls, faults, run, token } = yield* world()
        faults[what] = 5
        run("1")
        yield* settle
        assert.isUndefined(token())
        // 200, 400, 800, 1600 and 3200 ms.
        yield* TestClock.adjust(6_199)
        assert.strictEqual(calls[what], 5)
        yield* TestClock.adjust(1)
        assert.isString(token())
      }).pipe(Effect.scoped)
  )

  it.effect("finds a secret that is created later", () =>
    Effect.gen(function*() {
      const { run, secrets, token, written } = yield* world()
      run("1", { "kuma.io/service": "late" })
      yield* settle
      assert.match(written(), /Secrets Manager has no secret .*mesh\/late.*: create it/)
      secrets.set("mesh/late", { text: "{}", version: 1 })
      yield* TestClock.adjust(settings.waitMillis)
      assert.isString(token("mesh/late"))
    }).pipe(Effect.scoped))

  it.effect("asks for no secret whose name a task's tag can't be part of", () =>
    Effect.gen(function*() {
      const { calls, run, written } = yield* world()
      run("1", { "kuma.io/service": "../admin" })
      run("2", { "kuma.io/service": "../admin" })
      yield* settle
      assert.strictEqual(calls.read, 0)
      assert.strictEqual(written().split("can't be part of a secret's name").length - 1, 1)
    }).pipe(Effect.scoped))

  it.effect("leaves a task without the tag alone", () =>
    Effect.gen(function*() {
      const { calls, run } = yield* world()
      run("1", { "kuma.io/mesh": "default" })
      yield* settle
      assert.strictEqual(calls.describe, 1)
      assert.strictEqual(calls.read, 0)
    }).pipe(Effect.scoped))

  it.effect("takes the mesh of the task's tag", () =>
    Effect.gen(function*() {
      const { run, token } = yield* world()
      run("1", { "kuma.io/service": "kv", "kuma.io/mesh": "blue" })
      yield* settle
      assert.strictEqual(readToken(token() ?? "")?.mesh, "blue")
    }).pipe(Effect.scoped))
})
