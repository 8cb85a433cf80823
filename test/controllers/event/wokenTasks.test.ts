import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { IamReader } from "../../../src/controllers/aws/IamReader.ts"
import { SqsReader } from "../../../src/controllers/aws/SqsReader.ts"
import { intake } from "../../../src/controllers/event/EventIntake.ts"
import { KnownTasks } from "../../../src/controllers/lifecycle/KnownTasks.ts"
import type { TaskObservation } from "../../../src/controllers/lifecycle/TaskObservation.ts"
import { TaskController } from "../../../src/controllers/TaskController.ts"
import { Journal } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import { scriptedAws } from "../aws/scriptedAws.ts"
import { testAwsConfig, testClients } from "../aws/testAwsConfig.ts"
import { recorded, withContainers, withHealth, withTask } from "../scenarios/looks.ts"

const event = (name: string): string =>
  readFileSync(join(import.meta.dirname, "..", "..", "..", "localstack", "events", `${name}.json`), "utf8")

const cluster = (name: string): string => `arn:aws:ecs:us-west-2:111122223333:cluster/${name}`
const INSTANCE = "arn:aws:ecs:us-west-2:111122223333:container-instance/default/b54a2a04046f4331a9d74b3f6d7f6ca3"

const { look } = recorded()
const unhealthy = withHealth(look, "UNKNOWN")

/** Who was there before the event came. */
const tasks: Readonly<Record<string, TaskObservation>> = {
  "replacement": withTask(unhealthy, { clusterArn: cluster("FargateCluster") }),
  "starting": withTask(withContainers(look, { lastStatus: "PENDING" }), { clusterArn: cluster("FargateCluster") }),
  "healthy": withTask(withHealth(look, "HEALTHY"), { clusterArn: cluster("FargateCluster") }),
  "also-stopping": withTask(unhealthy, { clusterArn: cluster("FargateCluster"), desiredStatus: "STOPPED" }),
  "of-another-service": withTask(unhealthy, { clusterArn: cluster("FargateCluster"), group: "service:redis" }),
  "of-another-cluster": withTask(unhealthy, { clusterArn: cluster("Elsewhere") }),
  "servicetest-1": withTask(look, { clusterArn: cluster("default"), group: "service:servicetest" }),
  "servicetest-2": withTask(unhealthy, { clusterArn: cluster("default"), group: "service:servicetest" }),
  "servicetest-elsewhere": withTask(look, { clusterArn: cluster("Elsewhere"), group: "service:servicetest" }),
  "on-the-instance": withTask(look, { clusterArn: cluster("default"), containerInstanceArn: INSTANCE }),
  "on-another": withTask(look, { clusterArn: cluster("default"), containerInstanceArn: `${INSTANCE}0` }),
  "gone": withTask(unhealthy, { clusterArn: cluster("FargateCluster"), lastStatus: "STOPPED" })
}

/** Whom the event wakes, in order, once its message was deleted. `handles`: whose look ends. */
const wokenBy = Effect.fnUntraced(function*(name: string, handles: (key: string) => boolean) {
  const woken: Array<string> = []
  const deleted: Array<string> = []
  let given = false
  const body = event(name)
  const { endpoint } = yield* scriptedAws((action) => {
    if (action === "DeleteMessageBatch") {
      deleted.push(name)
      return { body: { Successful: [], Failed: [] } }
    }
    const MD5OfBody = createHash("md5").update(body).digest("hex")
    const Messages = given ? [] : [{ MessageId: "1", ReceiptHandle: "1", Body: body, MD5OfBody }]
    given = true
    return { body: { Messages } }
  })
  const known = new KnownTasks()
  // Each was there, and some have gone.
  for (const [key, seen] of Object.entries(tasks)) {
    known.note(key, withTask(seen, { lastStatus: "RUNNING" }))
    known.note(key, seen)
  }
  const controller = Layer.succeed(TaskController, {
    reconcile: () => Effect.die("nothing is reconciled here"),
    expectVersion: () => undefined,
    doubtAll: () => {},
    doubtWhere: () => {},
    expectStop: () => {},
    known,
    ofRoles: () => Effect.die("no event of a role here")
  })
  const readers = Layer.merge(SqsReader.layer, IamReader.layer).pipe(
    Layer.provide(testClients(testAwsConfig(endpoint)))
  )
  const work = {
    add: (key: string, onHandled?: () => void) => {
      woken.push(key)
      if (handles(key)) onHandled?.()
    },
    size: () => 0
  }
  const nothingStored = Layer.mock(Store, {})
  const clusterArns = [cluster("FargateCluster"), cluster("default")]
  yield* intake({ queueUrl: `${endpoint}/queue`, clusterArns, work, mostOpen: () => 1_000 }).pipe(
    Effect.provide(Layer.mergeAll(readers, controller, nothingStored, Journal.none)),
    Effect.forkScoped
  )
  yield* Effect.sync(() => deleted.length > 0).pipe(
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("10 millis") }),
    Effect.timeout("20 seconds")
  )
  return woken
}, Effect.scoped)

const STOPPED = "task/FargateCluster/1dc5c17a422b4dc4b493371970c6c4d6"

// At once: each waits a second for its messages.
describe.concurrent("an event", () => {
  it.live("of a task that shall stop wakes first those of its service that weren't seen well, and waits for none", () =>
    Effect.gen(function*() {
      const woken = yield* wokenBy("fargate-service-to-be-stopped", (key) => key === STOPPED)
      assert.deepStrictEqual(woken, ["replacement", "starting", STOPPED])
    }))

  it.live("of a task that runs wakes that task alone", () =>
    Effect.gen(function*() {
      const woken = yield* wokenBy("fargate-service-running", () => true)
      assert.deepStrictEqual(woken, ["task/FargateCluster/c13b4cb40f1f4fe4a2971f76ae5a47ad"])
    }))

  it.live("of a task that belongs to no service wakes that task alone, even when it stops", () =>
    Effect.gen(function*() {
      const woken = yield* wokenBy("fargate-standalone-deactivating", () => true)
      assert.deepStrictEqual(woken, ["task/FargateCluster/8f3a1d5e0c7b4a9e8d2c6b5a4f3e2d1c"])
    }))

  for (const name of ["service-steady-state", "service-tasks-stopped", "deployment-completed", "deployment-failed"]) {
    it.live(`of a service (${name}) wakes its tasks, and no namesake's of another cluster`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* wokenBy(name, () => false), ["servicetest-1", "servicetest-2"])
      }))
  }

  it.live("of a container instance that drains wakes its tasks", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* wokenBy("container-instance-draining", () => false), ["on-the-instance"])
    }))

  it.live("of an agent that lost its connection wakes nobody", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* wokenBy("container-instance-agent-disconnected", () => false), [])
    }))
})
