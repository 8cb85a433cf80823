import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { EcsReader } from "../../../src/controllers/aws/EcsReader.ts"
import { DESCRIBE_AT_ONCE } from "../../../src/controllers/aws/TaskGathering.ts"
import { done } from "../../../src/controllers/queue/Outcome.ts"
import { makeWorkQueue } from "../../../src/controllers/queue/WorkQueue.ts"
import { scriptedAws } from "./scriptedAws.ts"
import { testAwsConfig, testClients } from "./testAwsConfig.ts"

const arn = (id: string): string => `arn:aws:ecs:us-east-1:000000000000:task/demo/${id}`

/** Each that passes lets the next pass some turns of the event loop later, as answers of a store come. */
const oneByOne = (): Effect.Effect<void> => {
  let last = Promise.resolve()
  return Effect.promise(() => {
    const turn = () => new Promise<void>((resume) => setImmediate(resume))
    last = last.then(turn).then(turn).then(turn)
    return last
  })
}

/**
 * How many calls it takes to look at tasks that were woken together. Each look reads the store first, and ECS
 * takes its time: no answer comes before all have asked.
 */
const callsFor = Effect.fnUntraced(function*(tasks: number) {
  const asked = Promise.withResolvers<void>()
  let asking = 0
  const { endpoint, requests } = yield* scriptedAws(async (action, { tasks }) => {
    await asked.promise
    return {
      body: action === "DescribeTasks" && Array.isArray(tasks)
        ? { tasks: tasks.map((id) => ({ taskArn: arn(String(id)), taskDefinitionArn: "d:1" })), failures: [] }
        : { taskDefinition: { taskDefinitionArn: "d:1", family: "d", networkMode: "awsvpc", containerDefinitions: [] } }
    }
  })
  const readStore = oneByOne()
  const clients = testClients(testAwsConfig(endpoint))
  const reader = yield* Effect.provide(EcsReader, yield* Layer.build(Layer.provide(EcsReader.layer, clients)))
  let looks = 0
  const all = yield* Deferred.make<void>()
  const work = yield* makeWorkQueue((taskId) =>
    Effect.gen(function*() {
      yield* readStore
      asking += 1
      if (asking === tasks) asked.resolve()
      yield* reader.readTask({ cluster: "demo", taskId })
      looks += 1
      if (looks === tasks) yield* Deferred.succeed(all, undefined)
      return done
    }).pipe(Effect.orDie), { parallel: DESCRIBE_AT_ONCE })
  for (let task = 0; task < tasks; task++) work.add(String(task))
  yield* Deferred.await(all)
  return requests.filter(([action]) => action === "DescribeTasks").length
})

describe("looks at tasks that are woken together", () => {
  for (const tasks of [1, 50, DESCRIBE_AT_ONCE]) {
    // The test's clock stands still: no look gives up waiting for the call under way, however slow the machine is.
    it.effect(`cost one call, and one for whoever was first (${tasks})`, () =>
      Effect.gen(function*() {
        assert.isAtMost(yield* callsFor(tasks), tasks === 1 ? 1 : 2)
      }).pipe(Effect.scoped))
  }
})
