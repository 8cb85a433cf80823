// ECS throttles, tells half of the truth, or tells it late: what lives stays, and who came meanwhile joins.
import { afterAll, afterEach, beforeAll, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { Load } from "../../src/cli/demo/Load.ts"
import { loadUrl, readyTasks } from "../../src/cli/demo/untilServing.ts"
import { readJournal } from "../support/readJournal.ts"
import { type FaultyEcs, startFaultyEcs } from "../support/startFaultyEcs.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { until } from "../support/until.ts"

let ecs: FaultyEcs
let started: TestWorld
let world: DemoWorld

beforeAll(async () => {
  let emulator = ""
  ecs = await startFaultyEcs(() => emulator)
  started = await startWorld({
    environment: ({ endpoint }) => {
      emulator = endpoint
      return { AWS_ENDPOINT_URL_ECS: ecs.endpoint, ECS_MESH_RESYNC_INTERVAL: "1s" }
    }
  })
  world = started.world
}, 60_000)

afterEach(() => ecs.suffer(null))

afterAll(async () => {
  await started?.stop()
  await ecs?.stop()
}, 30_000)

const removals = () =>
  readJournal(world.journal).filter(({ kind, op, to }) => (kind === "stored" && op === "remove") || to === "gone")

// A call is given up after five attempts, so these are whole rounds: what they remove is removed by then.
it.each([
  ["gives a part of a list and describes nothing", "torn", 1 + 5 + 1],
  ["lists nothing as if that were all", "forgetful", 2]
] as const)(
  "removes nothing that lives while ECS %s",
  async (_, fault, lists) => {
    const ready = (await readyTasks(world, "kv")).toSorted()
    expect(ready.length).toBe(2)
    const load = new Load(loadUrl(world), { concurrency: 2, pauseMillis: 5 })
    await load.anotherRound()
    ecs.suffer(fault)
    const seen = new Set<string>()
    await until(`${lists} lists`, async () => {
      seen.add((await readyTasks(world, "kv")).toSorted().join())
      return ecs.calls.get("ListTasks") ?? 0
    }, (listed) => listed >= lists, 10_000)
    expect(ecs.calls.get("DescribeTasks")).toBeGreaterThan(0)
    await load.anotherRound()
    const result = await load.finish()
    expect([...seen]).toEqual([ready.join()])
    expect(result.failures).toEqual([])
    expect(removals()).toEqual([])
  }
)

it("lets a task join of which an event spoke before ECS knew it", async () => {
  ecs.suffer("late")
  await world.demo.scale("kv", 3)
  await until("its joining", () => readyTasks(world, "kv"), ({ length }) => length === 3, 10_000)
  expect(ecs.calls.get("DescribeTasks")).toBeGreaterThan(2)
})

it("removes nothing while ECS throttles, and lets a task join that came meanwhile", async () => {
  const load = new Load(loadUrl(world), { concurrency: 2, pauseMillis: 5 })
  await load.anotherRound()
  ecs.suffer("throttling")
  await world.demo.scale("kv", 4)
  await until("the newcomer", () => world.demo.tasks(), (tasks) =>
    tasks.filter(({ lastStatus, service }) => service === "kv" && lastStatus !== "PROVISIONING").length === 4)
  await until("questions", () => ecs.calls.get("DescribeTasks") ?? 0, (asked) => asked >= 2, 8_000)
  expect((await readyTasks(world, "kv")).length).toBe(3)
  ecs.suffer(null)
  await until("its joining", () => readyTasks(world, "kv"), ({ length }) => length === 4, 15_000)
  await load.anotherRound()
  expect((await load.finish()).failures).toEqual([])
  expect(removals()).toEqual([])
})
