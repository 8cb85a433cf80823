// The database goes away under a running mesh, in order or by a crash, and comes back.
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs"
import { afterAll, afterEach, beforeAll, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { Load } from "../../src/cli/demo/Load.ts"
import { loadUrl } from "../../src/cli/demo/untilServing.ts"
import { askApi } from "../support/askApi.ts"
import { endpointsOf } from "../support/envoyAdmin.ts"
import { startPostgres, type TestPostgres } from "../support/startPostgres.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { until } from "../support/until.ts"

let postgres: TestPostgres
let started: TestWorld
let world: DemoWorld
let sqs: SQSClient

beforeAll(async () => {
  postgres = await startPostgres()
  started = await startWorld({ environment: () => postgres.environment })
  world = started.world
  const { credentials, endpoint, region } = world.emulator
  sqs = new SQSClient({ endpoint, region, credentials, useQueueUrlAsEndpoint: false })
}, 60_000)

afterAll(async () => {
  sqs?.destroy()
  await started?.stop()
  await postgres?.stop()
}, 30_000)

// The next finds it there also where this one failed.
afterEach(() => postgres.resume())

/** Messages in the operator's queue that nobody has deleted, whether somebody holds them or not. */
const kept = async (): Promise<number> => {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "ecs-mesh-default" }))
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))
  return Number(Attributes["ApproximateNumberOfMessages"]) + Number(Attributes["ApproximateNumberOfMessagesNotVisible"])
}

/**
 * Once nothing comes or goes. It needn't be none: what a leader held when it lost the leadership comes again after a
 * minute.
 */
const keptAtRest = async (): Promise<number> => {
  const counts = async () => {
    const before = await kept()
    await new Promise((resolve) => setTimeout(resolve, 500))
    return [before, await kept()]
  }
  const [count = 0] = await until("a queue at rest", counts, ([before, after]) => before === after, 5_000)
  return count
}

const unavailable = {
  type: "/std-errors",
  status: 503,
  title: "Service unavailable",
  detail: expect.stringContaining("the store doesn't answer"),
  details: expect.stringContaining("the store doesn't answer")
}

it.each([
  ["is stopped", "SIGINT"],
  ["is killed", "SIGKILL"]
] as const)("serves on while the database %s, and catches up with what happened meanwhile", async (_, signal) => {
  const running = await world.demo.tasks()
  const victim = running.find(({ service }) => service === "kv")
  const caller = running.find(({ service }) => service === "demo-app")
  if (victim === undefined || caller === undefined) throw new Error("a service has no task")
  const endpoints = () => endpointsOf(caller.address, "kv")
  const keptBefore = await keptAtRest()
  const load = new Load(loadUrl(world), { concurrency: 3, pauseMillis: 5 })
  await load.anotherRound()

  await postgres.halt(signal)
  await world.demo.stopTask(victim.taskId)
  for (const [method, path, body] of [
    ["GET", "/meshes", undefined],
    ["GET", `/meshes/default/dataplanes/${victim.taskId}`, undefined],
    ["DELETE", "/meshes/default/meshtrafficpermissions/none", undefined],
    ["PUT", "/meshes/default", { type: "Mesh", name: "default" }]
  ] as const) {
    const { body: error, status } = await askApi(world.ports.api, path, method, body)
    expect(`${method} ${path} ${status}`).toBe(`${method} ${path} 503`)
    expect(error).toEqual(unavailable)
  }
  // Longer than it takes the leader to notice and stop.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(await kept()).toBeGreaterThan(keptBefore)
  for (const { address, taskId } of running) {
    const { status } = await fetch(`http://${address}:9902/ready`, { signal: AbortSignal.timeout(2_000) })
    expect(`${taskId} ${status}`).toBe(`${taskId} 200`)
  }

  await load.anotherRound()
  await postgres.resume()
  await until("the stopped task's leaving", endpoints, (seen) => seen.length > 0 && !seen.includes(victim.address), 5_000)
  await until("its successor", endpoints, ({ length }) => length === 2, 12_000)
  await until("the stopped task's end", () => askApi(world.ports.api, `/ecs-tasks/${victim.taskId}`), ({ status }) =>
    status === 404)
  await load.anotherRound()
  const result = await load.finish()
  expect(result.failures).toEqual([])
})
