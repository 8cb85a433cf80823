import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { EcsReader } from "../../../src/controllers/aws/EcsReader.ts"
import { HostAddress } from "../../../src/controllers/aws/HostAddress.ts"
import { IamReader } from "../../../src/controllers/aws/IamReader.ts"
import { observeTask } from "../../../src/controllers/lifecycle/observeTask.ts"
import { addressOf } from "../../../src/controllers/lifecycle/TaskObservation.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { type Script, scriptedAws } from "../aws/scriptedAws.ts"
import { testAwsConfig, testClients } from "../aws/testAwsConfig.ts"

const key = { cluster: "demo", taskId: "1" }

const task = {
  taskArn: "arn:aws:ecs:us-east-1:000000000000:task/demo/1",
  clusterArn: "arn:aws:ecs:us-east-1:000000000000:cluster/demo",
  taskDefinitionArn: "d:1",
  lastStatus: "RUNNING",
  desiredStatus: "RUNNING",
  version: 3,
  containerInstanceArn: "instance"
}

const definition = (networkMode: string) => ({
  taskDefinitionArn: "d:1",
  family: "d",
  networkMode,
  containerDefinitions: [{ name: "sidecar", image: "ecs-mesh-sidecar:1", command: ["sidecar"] }]
})

const previous: Resource<"EcsTask"> = {
  type: "EcsTask", mesh: "", name: "1", labels: {}, version: 1, creationTime: "", modificationTime: "",
  spec: {
    taskArn: task.taskArn, clusterArn: task.clusterArn, taskDefinitionArn: "d:1", taskRoleArn: null, role: null,
    lastStatus: "RUNNING", desiredStatus: "RUNNING", taskVersion: 3, address: "10.0.1.5", phase: "registered",
    proxy: null, conditions: []
  }
}

const NO_INSTANCE = { containerInstances: [], failures: [{ arn: "instance", reason: "MISSING" }] }
const WITHOUT_ATTRIBUTE = { containerInstances: [{ attributes: [] }], failures: [] }

const script = (networkMode: string, instances: unknown, change: Partial<typeof task> = {}): Script => (action) => ({
  body: action === "DescribeTasks"
    ? { tasks: [{ ...task, ...change }], failures: [] }
    : action === "DescribeTaskDefinition"
    ? { taskDefinition: definition(networkMode) }
    : instances
})

const observed = (before: Resource<"EcsTask"> | null, said: Script) =>
  Effect.gen(function*() {
    const { endpoint, requests } = yield* scriptedAws(said)
    const config = testAwsConfig(endpoint)
    const layer = Layer.merge(HostAddress.layer, IamReader.layer).pipe(
      Layer.provideMerge(EcsReader.layer),
      Layer.provide(testClients(config))
    )
    const look = yield* Effect.flatMap(EcsReader, (ecs) => ecs.readTask(key)).pipe(
      Effect.flatMap((reading) => observeTask(config, key, reading, before)),
      Effect.provide(yield* Layer.build(layer))
    )
    return { look, asked: requests.map(([action]) => action) }
  }).pipe(Effect.scoped)

describe("where a task is reached", () => {
  it.live("stays known while ECS doesn't describe its container instance", () =>
    Effect.gen(function*() {
      const { look } = yield* observed(previous, script("bridge", NO_INSTANCE))
      assert.strictEqual(addressOf(look), "10.0.1.5")
    }))

  it.live("stays known while its instance lacks the attribute", () =>
    Effect.gen(function*() {
      const { look } = yield* observed(previous, script("host", WITHOUT_ATTRIBUTE))
      assert.strictEqual(addressOf(look), "10.0.1.5")
    }))

  it.live("stays known while ECS doesn't show its network interface", () =>
    Effect.gen(function*() {
      const { look } = yield* observed(previous, script("awsvpc", {}))
      assert.strictEqual(addressOf(look), "10.0.1.5")
    }))

  it.live("is a failure as long as nobody ever knew it", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(observed(null, script("bridge", NO_INSTANCE)))
      assert.strictEqual(error.kind, "unavailable")
    }))

  it.live("isn't asked for once the task shall stop: its instance may be gone already", () =>
    Effect.gen(function*() {
      const { asked, look } = yield* observed(null, script("bridge", NO_INSTANCE, { desiredStatus: "STOPPED" }))
      assert.isNull(addressOf(look))
      assert.notInclude(asked, "DescribeContainerInstances")
    }))
})
