import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { EcsReader } from "../../../src/controllers/aws/EcsReader.ts"
import { type Answer, type Script, scriptedAws } from "./scriptedAws.ts"
import { testAwsConfig, testClients } from "./testAwsConfig.ts"

const scripted = Effect.fnUntraced(function*(script: Script) {
  const { endpoint, requests } = yield* scriptedAws(script)
  const layer = EcsReader.layer.pipe(Layer.provide(testClients(testAwsConfig(endpoint))))
  const context = yield* Layer.build(layer)
  return { requests, reader: yield* Effect.provide(EcsReader, context) }
})

const arn = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:task/demo/${id}`

const throttled: Answer = { status: 400, body: { __type: "ThrottlingException", message: "slow down" } }
const failed: Answer = { status: 400, body: { __type: "InvalidParameterException", message: "no" } }

describe("a list of tasks", () => {
  it.live("goes on after an empty page that has a token", () =>
    Effect.gen(function*() {
      const { reader } = yield* scripted((_, { nextToken }) => ({
        body: nextToken === undefined
          ? { taskArns: [arn("1")], nextToken: "a" }
          : nextToken === "a" ? { taskArns: [], nextToken: "b" } : { taskArns: [arn("2")] }
      }))
      assert.deepStrictEqual(yield* reader.listTasks("demo"), [arn("1"), arn("2")])
    }).pipe(Effect.scoped))

  it.live("fails as a whole where one page fails", () =>
    Effect.gen(function*() {
      const { reader } = yield* scripted((_, { nextToken }) =>
        nextToken === undefined ? { body: { taskArns: [arn("1")], nextToken: "a" } } : failed)
      const error = yield* Effect.flip(reader.listTasks("demo"))
      assert.deepInclude(error, { operation: "ListTasks", kind: "invalid" })
    }).pipe(Effect.scoped))

  it.live("is asked for again where ECS throttles", () =>
    Effect.gen(function*() {
      let asked = 0
      const { reader } = yield* scripted(() => ++asked === 1 ? throttled : { body: { taskArns: [arn("1")] } })
      assert.deepStrictEqual(yield* reader.listTasks("demo"), [arn("1")])
      assert.strictEqual(asked, 2)
    }).pipe(Effect.scoped))
})

describe("looks at tasks", () => {
  const definition = {
    taskDefinition: { taskDefinitionArn: "d:1", family: "d", networkMode: "awsvpc", containerDefinitions: [] }
  }
  const describeAll = (action: string, { tasks }: Record<string, unknown>): Answer => {
    const ids: ReadonlyArray<string> = Array.isArray(tasks) ? tasks.map(String) : []
    return {
      body: action === "DescribeTasks"
        ? { tasks: ids.map((id) => ({ taskArn: arn(id), taskDefinitionArn: "d:1" })), failures: [] }
        : definition
    }
  }

  it.live("of one moment share calls of at most 100 tasks, and read a definition once", () =>
    Effect.gen(function*() {
      const { reader, requests } = yield* scripted(describeAll)
      const ids = Array.from({ length: 250 }, (_, index) => String(index))
      const readings = yield* Effect.forEach(ids, (taskId) => reader.readTask({ cluster: "demo", taskId }), {
        concurrency: "unbounded"
      })
      assert.strictEqual(readings.length, 250)
      const sizes = requests.filter(([action]) => action === "DescribeTasks").map(([, { tasks, include }]) => {
        assert.deepStrictEqual(include, ["TAGS"])
        return Array.isArray(tasks) ? tasks.length : 0
      })
      assert.strictEqual(sizes.reduce((sum, size) => sum + size, 0), 250)
      assert.isTrue(sizes.length <= 4 && sizes.every((size) => size <= 100))
      assert.strictEqual(requests.filter(([action]) => action === "DescribeTaskDefinition").length, 1)
    }).pipe(Effect.scoped))

  it.live("find a task that ECS calls MISSING gone, and fail for one that ECS didn't answer", () =>
    Effect.gen(function*() {
      const { reader } = yield* scripted(() => ({
        body: { tasks: [], failures: [{ arn: arn("gone"), reason: "MISSING" }] }
      }))
      assert.isNull(yield* reader.readTask({ cluster: "demo", taskId: "gone" }))
      const error = yield* Effect.flip(reader.readTask({ cluster: "demo", taskId: "silent" }))
      assert.strictEqual(error.kind, "unavailable")
    }).pipe(Effect.scoped))
})

describe("clusters", () => {
  it.live("are found by names and ARNs, and those that aren't there are named", () =>
    Effect.gen(function*() {
      const clusterArn = "arn:aws:ecs:us-east-1:000000000000:cluster/demo"
      const { reader } = yield* scripted(() => ({
        body: { clusters: [{ clusterName: "demo", clusterArn }], failures: [{ arn: "gone", reason: "MISSING" }] }
      }))
      const asked = ["gone", clusterArn]
      assert.deepStrictEqual(yield* reader.findClusters(asked), { arns: [clusterArn], missing: ["gone"] })
    }).pipe(Effect.scoped))
})

describe("a container instance", () => {
  const attributes = [{ name: "ecs-mesh.io/address", value: "10.0.1.5" }]
  const resolve = (body: unknown) =>
    Effect.gen(function*() {
      const { reader } = yield* scripted(() => ({ body }))
      return yield* reader.instanceAttributes("demo", "instance")
    })

  it.live("tells its attributes", () =>
    Effect.gen(function*() {
      const told = yield* resolve({ containerInstances: [{ attributes }], failures: [] })
      assert.deepStrictEqual(told, { "ecs-mesh.io/address": "10.0.1.5" })
    }).pipe(Effect.scoped))

  it.live("that ECS doesn't describe is a failure, not one without attributes", () =>
    Effect.gen(function*() {
      const failures = [{ arn: "instance", reason: "MISSING" }]
      const failed = yield* Effect.flip(resolve({ containerInstances: [], failures }))
      assert.deepInclude(failed, { operation: "DescribeContainerInstances", kind: "unavailable", code: "MISSING" })
      const silent = yield* Effect.flip(resolve({ containerInstances: [], failures: [] }))
      assert.strictEqual(silent.kind, "unavailable")
    }).pipe(Effect.scoped))
})
