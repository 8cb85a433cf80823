// Apps that don't wait for what is under way, and tasks that die without a word.
import { afterAll, beforeAll, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { Load } from "../../src/cli/demo/Load.ts"
import { loadUrl, readyTasks } from "../../src/cli/demo/untilServing.ts"
import { endpointsOf } from "../support/envoyAdmin.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { underLoad } from "../support/underLoad.ts"
import { until } from "../support/until.ts"

let started: TestWorld
let world: DemoWorld

beforeAll(async () => {
  started = await startWorld({ kvEnvironment: { ECS_DEMO_EXIT_AT_ONCE: "1" } })
  world = started.world
}, 60_000)

afterAll(() => started?.stop(), 30_000)

const tasksOf = async (service: string) => (await world.demo.tasks()).filter((task) => task.service === service)

it("fails only what such an app had in its hands while its service is rolled, and nothing that may be repeated", async () => {
  const before = (await tasksOf("kv")).map(({ taskId }) => taskId)
  const lanes = 2
  const asking = new Load(loadUrl(world), { concurrency: lanes, pauseMillis: 5, method: "GET" })
  const counting = new Load(loadUrl(world), { concurrency: lanes, pauseMillis: 5 })
  const anotherRound = () => Promise.all([asking.anotherRound(), counting.anotherRound()])
  await anotherRound()
  await world.demo.roll("kv")
  await until("the replacement", underLoad(asking, () => readyTasks(world, "kv")), (ids) =>
    ids.length === before.length && ids.every((id) => !before.includes(id)))
  await until("the old tasks' end", () => tasksOf("kv"), (tasks) => tasks.every(({ taskId }) => !before.includes(taskId)))
  await anotherRound()
  const [asked, counted] = [await asking.finish(), await counting.finish()]
  expect(asked.failures).toEqual([])
  // Nobody knows whether the app had counted before it left, so nobody may ask it again.
  expect(counted.failures.filter(({ why }) => !why.includes("connection termination"))).toEqual([])
  expect(counted.failures.length).toBeLessThanOrEqual(lanes * before.length)
})

it("forgets a task whose processes are killed within seconds, and fails nothing but what was under way", async () => {
  const [caller] = await tasksOf("demo-app")
  const victim = world.agent.tasks().find(({ plan }) => plan.serviceName === "kv")
  if (caller === undefined || victim === undefined) throw new Error("a service has no task")
  const lanes = 4
  const load = new Load(loadUrl(world), { concurrency: lanes, pauseMillis: 5 })
  await load.anotherRound()

  const killedAt = Date.now()
  for (const container of victim.containers) {
    const { pid } = container.state()
    if (pid !== undefined) process.kill(-pid, "SIGKILL")
  }
  await until("its endpoint's leaving", () => endpointsOf(caller.address, "kv"), (addresses) =>
    !addresses.includes(victim.plan.address), 3_000)
  await until("its successor", underLoad(load, () => readyTasks(world, "kv")), ({ length }) => length === 2)
  await load.anotherRound()
  const result = await load.finish()

  expect(result.failures.length).toBeLessThanOrEqual(lanes)
  expect(result.failures.filter(({ at }) => at > killedAt + 1_000)).toEqual([])
})
