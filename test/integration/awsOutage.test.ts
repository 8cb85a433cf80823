// STS and IAM are down, then slow, then throttle, while proxies are connected and twenty more want to be: who is in
// stays in, who comes waits and is let in when it is over, and AWS isn't asked more for that.
import { afterAll, beforeAll, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { Load } from "../../src/cli/demo/Load.ts"
import { loadUrl } from "../../src/cli/demo/untilServing.ts"
import { ControlPlaneClient } from "../../src/sidecar/ControlPlaneClient.ts"
import { makeLog } from "../../src/sidecar/Log.ts"
import { askApi } from "../support/askApi.ts"
import { dataplaneTags, MeshTasks } from "../support/MeshTasks.ts"
import { readJournal } from "../support/readJournal.ts"
import {
  type AwsFault,
  type FaultyAws,
  startFaultyAws,
  throttledJson,
  throttledXml
} from "../support/startFaultyAws.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { caCertOf, sessionKeys, taskToken } from "../support/taskToken.ts"
import { until } from "../support/until.ts"

const NEWCOMERS = 20
const PHASES: ReadonlyArray<{ readonly fault: AwsFault; readonly millis: number; readonly reason: string }> = [
  { fault: "down", millis: 3_000, reason: "StsUnreachable" },
  { fault: "slow", millis: 6_000, reason: "StsTooSlow" },
  { fault: "throttling", millis: 3_000, reason: "StsThrottled" }
]
const BACKOFF_MILLIS = 500
/** The control plane's Retry-After, at the least. */
const RETRY_MILLIS = 2_000
/** Of the demo's two services, the twenty, the real one. However many tasks have a role, it is asked about once a time. */
const ROLES = 4
const IAM_CALLS_A_SECOND_AND_ROLE = 2
/** Of the real sidecar and the demo's Envoys, should one of these want a new stream. */
const OTHER_TRIES = 10

let sts: FaultyAws
let iam: FaultyAws
let started: TestWorld
let world: DemoWorld
let tasks: MeshTasks

beforeAll(async () => {
  let [stsEndpoint, emulator] = ["", ""]
  sts = await startFaultyAws(() => stsEndpoint, throttledJson)
  iam = await startFaultyAws(() => emulator, throttledXml)
  started = await startWorld({
    environment: ({ endpoint }, json) => {
      emulator = endpoint
      stsEndpoint = json
      return {
        ECS_MESH_STS_ENDPOINT: sts.endpoint,
        AWS_ENDPOINT_URL_IAM: iam.endpoint,
        ECS_MESH_RESYNC_INTERVAL: "2s"
      }
    }
  })
  world = started.world
  tasks = new MeshTasks(world)
}, 60_000)

afterAll(async () => {
  tasks?.close()
  await started?.stop()
  await sts?.stop()
  await iam?.stop()
}, 30_000)

/** What a sidecar does until it has a bootstrap; `asked`: when it asked, in Unix milliseconds. */
const newcomer = async (taskId: string, role: string, signal: AbortSignal) => {
  const keys = await sessionKeys(world, role, taskId)
  const caCert = caCertOf(world)
  const asked: Array<number> = []
  const makeBody = async (): Promise<string> => {
    asked.push(Date.now())
    const dataplaneToken = await taskToken(world, keys, { proxyType: "dataplane", mesh: "default", name: taskId })
    return JSON.stringify({ mesh: "default", name: taskId, proxyType: "dataplane", dataplaneToken, caCert })
  }
  const sidecar = new ControlPlaneClient({
    url: new URL(`https://127.0.0.1:${world.ports.dataplaneServer}`),
    caCert,
    tlsSkipVerify: false,
    retryBackoffMillis: BACKOFF_MILLIS,
    retryMaxMillis: 120_000
  }, makeBody, makeLog(() => {}))
  return { asked, outcome: sidecar.obtain(signal) }
}

/** Why anybody had to wait. */
const told = () =>
  new Set(readJournal(world.journal).flatMap((entry) => entry.kind === "refused" ? [entry["reason"]] : []))

it("streams stay, newcomers wait longer and longer and come in when it is over, and calls stay bounded", async () => {
  const written = (kind: "connected" | "disconnected") =>
    readJournal(world.journal).filter((entry) => entry.kind === kind)
  const before = { connected: written("connected").length, disconnected: written("disconnected").length }
  const load = new Load(loadUrl(world), { concurrency: 2, pauseMillis: 10 })
  await load.anotherRound()
  const over = new AbortController()

  const faultyAt = Date.now()
  sts.suffer("down")
  iam.suffer("down")
  const [real] = await tasks.run({ name: "real", tags: dataplaneTags("real") })
  const waiting = await tasks.run({
    name: "newcomers", tags: dataplaneTags("newcomers"), inPlaceOfSidecar: ["/bin/sleep", "600"]
  }, NEWCOMERS)
  expect(waiting.length).toBe(NEWCOMERS)
  // The emulator's own STS gives tasks their keys; it is the control plane that can't ask.
  await until("the operator's sight of all", () => askApi(world.ports.api, "/ecs-tasks?size=100"), ({ body }) =>
    waiting.every(({ taskId }) => JSON.stringify(body).includes(taskId)))
  const newcomers = await Promise.all(waiting.map(({ role, taskId }) => newcomer(taskId, role, over.signal)))
  for (const { fault, millis, reason } of PHASES) {
    sts.suffer(fault)
    iam.suffer(fault)
    await new Promise((resolve) => setTimeout(resolve, millis))
    // The operator gives up after five attempts: one more, and it has looked at kv's tasks without an answer.
    if (fault === "down") {
      await until("looks in vain", () => iam.calls("down", "RoleName=demo-kv"), (count) => count > 5)
    }
    await until(`a newcomer that is told of ${reason}`, told, (reasons) => reasons.has(reason), 15_000)
    await load.anotherRound()
  }
  const during = { connected: written("connected").length, disconnected: written("disconnected").length }
  sts.suffer(null)
  iam.suffer(null)
  const endedAt = Date.now()
  const outcomes = await Promise.all(newcomers.map(({ outcome }) => outcome))
  const lateMillis = Date.now() - endedAt
  await until("the real one's stream", () => written("connected").map(({ key }) => key), (keys) =>
    keys.includes(`Dataplane/default/${real?.taskId}`))
  await load.anotherRound()
  const result = await load.finish()

  expect(outcomes.map((outcome) => outcome?.kind)).toEqual(newcomers.map(() => "bootstrap"))
  expect(lateMillis).toBeLessThan(30_000)
  // Those who were in: none left, none had to come back, none's traffic noticed.
  expect(during).toEqual(before)
  expect(result.failures).toEqual([])

  const waits = newcomers.map(({ asked }) => asked.slice(1).map((at, index) => at - (asked[index] ?? 0)))
  for (const [index, wait] of waits.flatMap((some) => [...some.entries()])) {
    expect(wait).toBeGreaterThanOrEqual(Math.max(RETRY_MILLIS, 0.8 * BACKOFF_MILLIS * Math.min(2 ** index, 10)))
  }
  const first = waits.map(([wait = 0]) => wait)
  expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(RETRY_MILLIS / 8)

  const tries = newcomers.flatMap(({ asked }) => asked.filter((at) => at < endedAt)).length
  const seconds = (endedAt - faultyAt) / 1_000
  expect(tries).toBeLessThanOrEqual(NEWCOMERS * (1 + seconds * 1_000 / RETRY_MILLIS))
  expect(sts.calls()).toBeGreaterThanOrEqual(NEWCOMERS)
  expect(sts.calls()).toBeLessThanOrEqual(tries + OTHER_TRIES)
  expect(iam.calls()).toBeLessThanOrEqual(ROLES * seconds * IAM_CALLS_A_SECOND_AND_ROLE)
}, 90_000)
