// What takes a proxy's right away closes its stream: within 5 s of its event, within the full look where the event is
// lost, and after a restart where the configuration did. On real sidecars, judged by what the control plane wrote down.
import {
  CloudWatchEventsClient,
  DisableRuleCommand,
  ListRulesCommand
} from "@aws-sdk/client-cloudwatch-events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { DemoWorld } from "../../src/cli/demo/DemoWorld.ts"
import { askApi } from "../support/askApi.ts"
import { dataplaneTags, type MeshTask, MeshTasks } from "../support/MeshTasks.ts"
import { readJournal, type WrittenEntry } from "../support/readJournal.ts"
import { type FaultyAws, startFaultyAws, throttledXml } from "../support/startFaultyAws.ts"
import { startWorld, type TestWorld } from "../support/startWorld.ts"
import { until } from "../support/until.ts"

const EVENT_MILLIS = 5_000
const RESYNC_SECONDS = 2

let started: TestWorld
let world: DemoWorld
let tasks: MeshTasks
let iam: FaultyAws

beforeAll(async () => {
  let emulator = ""
  iam = await startFaultyAws(() => emulator, throttledXml)
  started = await startWorld({
    environment: ({ endpoint }) => {
      emulator = endpoint
      // A full look would hide that an event did nothing.
      return { ECS_MESH_RESYNC_INTERVAL: "600s", AWS_ENDPOINT_URL_IAM: iam.endpoint }
    }
  })
  world = started.world
  tasks = new MeshTasks(world)
}, 60_000)

afterAll(async () => {
  tasks?.close()
  await started?.stop()
  await iam?.stop()
}, 30_000)

const proxyOf = ({ taskId }: MeshTask): string => `Dataplane/default/${taskId}`

const written = (task: MeshTask, kind: WrittenEntry["kind"]): ReadonlyArray<WrittenEntry> =>
  readJournal(world.journal).filter((entry) => entry.kind === kind && entry.key === proxyOf(task))

const isOpen = (task: MeshTask): boolean =>
  written(task, "connected").length > written(task, "disconnected").length

interface Loss {
  /** Why the control plane says that it closed the stream. */
  readonly reason: string
  readonly cause: (task: MeshTask) => Promise<void>
}

/** The same tags, so that nothing but the role's id tells them apart. */
const recreate = async ({ role }: MeshTask): Promise<void> => {
  await tasks.deleteRole(role)
  await tasks.createRole(role, dataplaneTags(role))
}

const LOSSES: Readonly<Record<string, Loss>> = {
  "tag-removed": { reason: "RoleTagMissing", cause: ({ role }) => tasks.untagRole(role, "kuma.io/mesh") },
  "mesh-changed": { reason: "RoleMeshMismatch", cause: ({ role }) => tasks.tagRole(role, { "kuma.io/mesh": "other" }) },
  "type-changed": {
    reason: "RoleTypeMismatch",
    cause: ({ role }) => tasks.tagRole(role, { "kuma.io/type": "egress" })
  },
  "service-changed": {
    reason: "TaskTagMismatch",
    cause: ({ role }) => tasks.tagRole(role, { "kuma.io/service": "another" })
  },
  "role-deleted": { reason: "RoleDeleted", cause: ({ role }) => tasks.deleteRole(role) },
  "role-recreated": { reason: "RoleRecreated", cause: recreate },
  "task-stopped": { reason: "TaskGone", cause: (task) => tasks.end(task) }
}

/** One task for each loss, and one that loses nothing, all connected. */
const connectedTasks = async (prefix: string): Promise<ReadonlyMap<string, MeshTask>> => {
  const names = [...Object.keys(LOSSES), "kept"]
  const all = new Map<string, MeshTask>()
  for (const name of names) {
    const service = `${prefix}-${name}`
    // What it is it says itself: its role's tag doesn't make it something else, but forbids it.
    const [task] = await tasks.run({
      name: service,
      tags: dataplaneTags(service),
      taskTags: { "kuma.io/service": service },
      stays: name === "task-stopped"
    })
    if (task !== undefined) all.set(name, task)
  }
  await until("their streams", () => names.filter((name) => {
    const task = all.get(name)
    return task === undefined || !isOpen(task)
  }), ({ length }) => length === 0, 60_000)
  return all
}

/** Brings all losses about; answers when each stream was closed, in milliseconds after its cause, and why. */
const lose = async (all: ReadonlyMap<string, MeshTask>, withinMillis: number) => {
  const since = new Map<string, number>()
  for (const [name, { cause }] of Object.entries(LOSSES)) {
    const task = all.get(name)
    if (task === undefined) throw new Error(`no task ${name}`)
    since.set(name, Date.now())
    await cause(task)
  }
  return Promise.all([...since].map(async ([name, at]) => {
    const task = all.get(name)
    if (task === undefined) throw new Error(`no task ${name}`)
    const [end] = await until(`the end of ${name}`, () => written(task, "disconnected"), ({ length }) =>
      length > 0, withinMillis + 10_000)
    return { name, millis: Date.parse(end?.time ?? "") - at, reason: String(end?.["reason"]).split(":")[0] }
  }))
}

const reasons = Object.entries(LOSSES).map(([name, { reason }]) => ({ name, reason }))

const expectLosses = (ends: Awaited<ReturnType<typeof lose>>, withinMillis: number): void => {
  expect(ends.map(({ name, reason }) => ({ name, reason }))).toEqual(reasons)
  expect(ends.filter(({ millis }) => millis > withinMillis)).toEqual([])
}

it("closes a stream within 5 s of the event that costs it its right, and no other stream", async () => {
  const all = await connectedTasks("told")
  const stopping = all.get("task-stopped")
  if (stopping === undefined) throw new Error("no task to stop")
  await tasks.stop(stopping)
  await until("its draining", () => askApi(world.ports.api, `/ecs-tasks/${stopping.taskId}`), ({ body }) =>
    JSON.stringify(body).includes("\"phase\":\"draining\""))
  expect(isOpen(stopping)).toBe(true)
  const ends = await lose(all, EVENT_MILLIS)
  expectLosses(ends, EVENT_MILLIS)
  expect([...all].filter(([, task]) => isOpen(task)).map(([name]) => name)).toEqual(["kept"])
}, 150_000)

it("closes it also where IAM shows the change only some time after its event", async () => {
  const [task] = await tasks.run({ name: "shown-late", tags: dataplaneTags("shown-late") })
  if (task === undefined) throw new Error("no task")
  await until("its stream", () => isOpen(task), (open) => open)
  iam.suffer("stale")
  const at = Date.now()
  await tasks.untagRole(task.role, "kuma.io/mesh")
  await until("a look at the role as it was", () => iam.calls("stale"), (calls) => calls > 0)
  iam.suffer(null)
  expect(isOpen(task)).toBe(true)
  const [end] = await until("its end", () => written(task, "disconnected"), ({ length }) => length > 0)
  expect(end?.["reason"]).toContain("RoleTagMissing")
  expect(Date.parse(end?.time ?? "") - at).toBeLessThan(EVENT_MILLIS)
}, 150_000)

it("closes it within the full look where the event is lost", async () => {
  const { credentials, endpoint, region } = world.emulator
  const events = new CloudWatchEventsClient({ endpoint, region, credentials })
  const followings = () =>
    readFileSync(join(world.folder, "control-plane.log"), "utf8").split("The operator follows events").length
  const before = followings()
  await world.restartControlPlane({ ECS_MESH_RESYNC_INTERVAL: `${RESYNC_SECONDS}s` })
  await until("the rules' renewal", followings, (count) => count > before)
  try {
    const { Rules = [] } = await events.send(new ListRulesCommand({ NamePrefix: "ecs-mesh-default" }))
    expect(Rules.length).toBeGreaterThan(0)
    for (const { Name } of Rules) await events.send(new DisableRuleCommand({ Name }))
  } finally {
    events.destroy()
  }
  const all = await connectedTasks("untold")
  const told = readJournal(world.journal).filter(({ kind }) => kind === "event").length
  const ends = await lose(all, RESYNC_SECONDS * 1_000 + EVENT_MILLIS)
  expectLosses(ends, RESYNC_SECONDS * 1_000 + EVENT_MILLIS)
  expect(readJournal(world.journal).filter(({ kind }) => kind === "event").length).toBe(told)
  expect([...all].filter(([, task]) => isOpen(task)).map(([name]) => name)).toEqual(["kept"])
}, 150_000)

it("lets nobody back in whose account was taken off the list, and forgets their Dataplanes", async () => {
  const keysOf = (holds: (entry: WrittenEntry) => boolean) =>
    readJournal(world.journal).filter(holds).map(({ key }) => key)
  const connected = keysOf(({ kind }) => kind === "connected")
  const ended = keysOf(({ kind }) => kind === "disconnected")
  const times = (keys: ReadonlyArray<string>, key: string) => keys.filter((other) => other === key).length
  const open = [...new Set(connected)].filter((key) => times(connected, key) > times(ended, key))
  expect(open.length).toBeGreaterThanOrEqual(3)
  await world.restartControlPlane({
    ECS_MESH_RESYNC_INTERVAL: `${RESYNC_SECONDS}s`,
    KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "111122223333"
  })
  await until("their Dataplanes' leaving", () => askApi(world.ports.api, "/meshes/default/dataplanes"), ({ body }) =>
    (body as { readonly total: number }).total === 0)
  // Each comes and is refused, at the door that Envoy knocks at.
  const refused = () =>
    keysOf((entry) => entry.kind === "refused" && entry["door"] === "ads" && entry["reason"] === "AccountNotAuthorized")
  await until("their refusals", () => new Set(refused()), (keys) => open.every((key) => keys.has(key)), 60_000)
  expect(keysOf(({ kind }) => kind === "connected")).toEqual(connected)
}, 150_000)
