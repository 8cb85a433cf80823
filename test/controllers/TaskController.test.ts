import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { EcsReader } from "../../src/controllers/aws/EcsReader.ts"
import { HostAddress } from "../../src/controllers/aws/HostAddress.ts"
import { IamReader } from "../../src/controllers/aws/IamReader.ts"
import { DataplaneController } from "../../src/controllers/dataplane/Controller.ts"
import { EndpointHolders } from "../../src/controllers/dataplane/EndpointHolders.ts"
import { EgressController } from "../../src/controllers/egress/Controller.ts"
import { IngressController } from "../../src/controllers/ingress/Controller.ts"
import { LastStored } from "../../src/controllers/lifecycle/LastStored.ts"
import { OwnWrites } from "../../src/controllers/lifecycle/OwnWrites.ts"
import { repeatDecision } from "../../src/controllers/replay/repeatDecision.ts"
import { TaskController } from "../../src/controllers/TaskController.ts"
import { Journal, type JournalEntry } from "../../src/model/Journal.ts"
import { Store } from "../../src/model/Store.ts"
import { emptyMesh, openStore, useTestDatabases } from "../cp/store/testDatabases.ts"
import { scriptedAws } from "./aws/scriptedAws.ts"
import { testAwsConfig, testClients } from "./aws/testAwsConfig.ts"

const databases = useTestDatabases()

const KEY = "task/demo/1"
const ARN = "arn:aws:ecs:us-east-1:000000000000:task/demo/1"

const MISSING = { tasks: [], failures: [{ arn: ARN, reason: "MISSING" }] }
const running = (version: number, desiredStatus = "RUNNING") => ({
  tasks: [{
    taskArn: ARN,
    clusterArn: "arn:aws:ecs:us-east-1:000000000000:cluster/demo",
    taskDefinitionArn: "d:1",
    lastStatus: "RUNNING",
    desiredStatus,
    version,
    attachments: [{
      type: "ElasticNetworkInterface",
      details: [{ name: "privateIPv4Address", value: "10.0.0.139" }]
    }]
  }],
  failures: []
})
const definition = {
  taskDefinition: {
    taskDefinitionArn: "d:1",
    family: "d",
    networkMode: "awsvpc",
    containerDefinitions: [{ name: "sidecar", image: "ecs-mesh-sidecar:1", command: ["sidecar"] }]
  }
}

/** A controller before an ECS that shows what `show` says, as late as it may be. */
const world = Effect.fnUntraced(function*(dataplanesBringOwn = false) {
  const shown: { now: unknown } = { now: MISSING }
  const { endpoint } = yield* scriptedAws((action) => ({ body: action === "DescribeTasks" ? shown.now : definition }))
  const config = { zone: "zone-1", aws: testAwsConfig(endpoint), dataplanesBringOwn }
  const journal: Array<JournalEntry> = []
  const store = yield* openStore(yield* Effect.promise(databases.create))
  yield* store.put(emptyMesh())
  const controllers = Layer.mergeAll(
    DataplaneController.layer(config),
    IngressController.layer(config),
    EgressController.layer(config)
  )
  const readers = Layer.merge(HostAddress.layer, IamReader.layer).pipe(
    Layer.provideMerge(EcsReader.layer),
    Layer.provide(testClients(config.aws))
  )
  const layer = TaskController.layer(config).pipe(
    Layer.provide(Layer.merge(controllers, readers)),
    Layer.provide(Layer.succeed(Journal, { append: (entry) => void journal.push(entry) })),
    Layer.provide(Layer.mergeAll(Layer.succeed(Store, store), OwnWrites.layer, LastStored.layer, EndpointHolders.layer))
  )
  const { expectVersion, reconcile } = yield* Effect.provide(TaskController, yield* Layer.build(layer))
  const stored = Effect.map(store.list("EcsTask"), (tasks) => tasks.length)
  return {
    show: (answer: unknown) => void (shown.now = answer),
    said: (version: number) => expectVersion(KEY, version),
    look: reconcile(KEY),
    stored,
    journal
  }
})

it.live("a dataplane's task is left alone where tokens say who it is, by a decision told once and repeatable", () =>
  Effect.gen(function*() {
    const { journal, look, show, stored } = yield* world(true)
    show(running(1))
    assert.strictEqual((yield* look)._tag, "Done")
    assert.strictEqual((yield* look)._tag, "Done")
    assert.strictEqual(yield* stored, 0)
    assert.deepStrictEqual(journal.map(({ kind }) => kind), ["observation", "decision"])
    const [observed, decided] = journal
    assert.strictEqual(decided?.["to"], "ignored")
    const repeated = repeatDecision(observed ?? {})
    assert.isTrue("repeatable" in repeated)
    const again = "repeatable" in repeated ? repeated.repeatable.decide(0) : {}
    assert.deepStrictEqual({ kind: "decision", key: KEY, ...again }, { ...decided })
    // As it was told before there was a choice, it would be looked after.
    const before = repeatDecision({ ...observed, settings: undefined })
    assert.isTrue("repeatable" in before && before.repeatable.decide(0)["to"] === "looked after")
  }).pipe(Effect.scoped), 30_000)

describe("a look that ECS shows late", () => {
  it.live("is repeated soon where ECS doesn't know the task yet of which an event spoke", () =>
    Effect.gen(function*() {
      const { look, said, show, stored } = yield* world()
      said(1)
      assert.strictEqual((yield* look)._tag, "WakeAt")
      assert.strictEqual(yield* stored, 0)
      show(running(1))
      yield* look
      assert.strictEqual(yield* stored, 1)
    }).pipe(Effect.scoped), 30_000)

  it.live("takes nothing from a known task because ECS misses it for a moment, and everything once it stays away", () =>
    Effect.gen(function*() {
      const { look, said, show, stored } = yield* world()
      show(running(1))
      yield* look
      said(2)
      show(MISSING)
      assert.strictEqual((yield* look)._tag, "WakeAt")
      assert.strictEqual(yield* stored, 1)
      // Until the event's hint has ended.
      yield* Effect.andThen(look, stored).pipe(
        Effect.repeat({ until: (count) => count === 0, schedule: Schedule.spaced("250 millis") }),
        Effect.timeout("15 seconds")
      )
    }).pipe(Effect.scoped), 30_000)

  it.live("takes nothing from a running task that ECS misses for a moment, though no event spoke of it", () =>
    Effect.gen(function*() {
      const { look, show, stored } = yield* world()
      show(running(1))
      yield* look
      show(MISSING)
      assert.strictEqual((yield* look)._tag, "WakeAt")
      assert.strictEqual(yield* stored, 1)
      // An answer that shows it again begins the wait anew.
      show(running(1))
      yield* look
      show(MISSING)
      yield* Effect.andThen(look, stored).pipe(
        Effect.repeat({ until: (count) => count === 0, schedule: Schedule.spaced("250 millis") }),
        Effect.timeout("15 seconds")
      )
    }).pipe(Effect.scoped), 30_000)

  it.live("is done at once for a task that was seen stopping", () =>
    Effect.gen(function*() {
      const { look, show, stored } = yield* world()
      show(running(1, "STOPPED"))
      yield* look
      assert.strictEqual(yield* stored, 1)
      show(MISSING)
      assert.strictEqual((yield* look)._tag, "Done")
      assert.strictEqual(yield* stored, 0)
    }).pipe(Effect.scoped), 30_000)
})

describe("a task that has ended", () => {
  const ended = (version: number) => {
    const { failures, tasks } = running(version, "STOPPED")
    const stop = { lastStatus: "STOPPED", stopCode: "UserInitiated", stoppedReason: "rolled back", stoppedAt: 1_738_324_800 }
    return { failures, tasks: tasks.map((task) => ({ ...task, ...stop })) }
  }
  const decided = (journal: ReadonlyArray<JournalEntry>) =>
    journal.flatMap((entry) => entry.kind === "decision" ? [`${String(entry["from"])} -> ${String(entry["to"])}`] : [])

  it.live("is decided upon once: looks that come after its last are told nobody", () =>
    Effect.gen(function*() {
      const { journal, look, show, stored } = yield* world()
      show(running(1))
      yield* look
      show(ended(2))
      yield* look
      assert.strictEqual(yield* stored, 0)
      const before = decided(journal)
      assert.strictEqual(before.at(-1)?.endsWith(" -> gone"), true)
      assert.strictEqual((yield* look)._tag, "Done")
      show(MISSING)
      assert.strictEqual((yield* look)._tag, "Done")
      assert.deepStrictEqual(decided(journal), before)
    }).pipe(Effect.scoped), 30_000)

  it.live("ends with ECS's reason, and nothing is missed of what is read no more", () =>
    Effect.gen(function*() {
      const { journal, look, show } = yield* world()
      show(running(1))
      yield* look
      show(ended(2))
      yield* look
      const last = journal.findLast(({ kind }) => kind === "decision")
      assert.include(String(last?.["why"]), "(UserInitiated: rolled back)")
      const observed = journal.findLast(({ kind }) => kind === "observation")
      assert.include(JSON.stringify(observed), `"stopped":{"at":"2025-01-31T12:00:00.000Z"`)
      assert.notInclude(JSON.stringify(last?.["conditions"]), "TaskRoleMissing")
      assert.include(JSON.stringify(last?.["conditions"]), "TaskEnded")
    }).pipe(Effect.scoped), 30_000)
})
