import { DeregisterTaskDefinitionCommand } from "@aws-sdk/client-ecs"
import { IAMClient, PutRolePolicyCommand, TagRoleCommand } from "@aws-sdk/client-iam"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { JournalEntry } from "../../../src/model/Journal.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { type Emulator, startMinistack } from "../../support/startMinistack.ts"
import type { MemoryResources } from "../perturbed/MemoryResources.ts"
import { Account } from "./Account.ts"
import { connectIn, until } from "./Book.ts"

let aws: Emulator | undefined

beforeAll(async () => {
  aws = await startMinistack()
  process.env["AWS_ACCESS_KEY_ID"] = aws.credentials.accessKeyId
  process.env["AWS_SECRET_ACCESS_KEY"] = aws.credentials.secretAccessKey
}, 60_000)
afterAll(() => aws?.stop())

const call = <A>(run: () => Promise<A>) => Effect.promise(run)

const open = (cluster: string) =>
  call(() => {
    if (aws === undefined) throw new Error("no emulator")
    return Account.open(aws, cluster)
  })

const taskIn = (resources: MemoryResources, id: string): Resource<"EcsTask"> | undefined =>
  resources.list("EcsTask").find(({ name }) => name === id)

const dataplaneIn = (resources: MemoryResources, id: string): Resource<"Dataplane"> | undefined =>
  resources.list("Dataplane").find(({ name }) => name === id)

const inboundOf = (resources: MemoryResources, id: string) =>
  dataplaneIn(resources, id)?.spec.networking?.inbound?.[0]

const isReady = (resources: MemoryResources, id: string): boolean => inboundOf(resources, id)?.state === "Ready"

const isRegistered = (resources: MemoryResources, id: string): boolean =>
  taskIn(resources, id)?.spec.phase === "registered"

const serviceOf = (resources: MemoryResources, id: string): string | undefined =>
  inboundOf(resources, id)?.tags?.["kuma.io/service"]

const runs = Effect.fnUntraced(function*(account: Account, resources: MemoryResources, id: string) {
  yield* until(`${id} is registered`, () => isRegistered(resources, id))
  yield* call(() => account.report(id, "RUNNING"))
  connectIn(resources, id)
})

/** Changes a role until its event comes: from then on every event does. */
const followsEvents = Effect.fnUntraced(function*(account: Account, journal: ReadonlyArray<JournalEntry>) {
  const RoleName = `${account.cluster}-sign`
  yield* call(() => account.role(RoleName))
  yield* call(() => account.iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: "sign", Value: "1" }] }))).pipe(
    Effect.andThen(Effect.sleep("50 millis")),
    Effect.repeat({ until: () => journal.some(({ kind }) => kind === "event") }),
    Effect.timeout("20 seconds")
  )
})

describe("a standalone task", () => {
  it.live("is registered by its family, and nothing of what RunTask changed gets into the journal", () =>
    Effect.gen(function*() {
      const account = yield* open("standalone")
      const { journal, resources } = yield* account.watch()
      const revision = yield* call(async () =>
        account.define({ family: "import", taskRoleArn: await account.role("import-role") }))
      const id = yield* call(() =>
        account.run(revision, {
          startedBy: "somebody",
          overrides: {
            containerOverrides: [{
              name: "app",
              command: ["import", "--password", "not-for-the-journal"],
              environment: [{ name: "PASSWORD", value: "not-for-the-journal" }]
            }]
          }
        }))
      yield* runs(account, resources, id)
      yield* until("it is ready", () => isReady(resources, id))
      assert.strictEqual(serviceOf(resources, id), "import")
      yield* call(() => account.stop(id))
      yield* until("it drains", () => taskIn(resources, id)?.spec.phase === "draining")
      yield* call(() => account.report(id, "STOPPED"))
      yield* until("it is gone", () => taskIn(resources, id) === undefined)
      const kinds = new Set(journal.map(({ kind }) => kind))
      assert.includeMembers([...kinds], ["event", "observation", "decision", "stored"])
      assert.notInclude(JSON.stringify(journal), "not-for-the-journal")
      assert.notInclude(JSON.stringify(resources.all()), "not-for-the-journal")
    }).pipe(Effect.scoped), 60_000)
})

describe("scheduled tasks that end within a moment", () => {
  it.live("leave nothing behind", () =>
    Effect.gen(function*() {
      const account = yield* open("scheduled")
      const { journal, resources } = yield* account.watch()
      const revision = yield* call(async () =>
        account.define({ family: "report", taskRoleArn: await account.role("report-role") }))
      yield* followsEvents(account, journal)
      const ids = yield* call(() =>
        Promise.all([1, 2, 3, 4].map(async (number) => {
          const id = await account.run(revision, { startedBy: "events-rule/nightly-report" })
          // Some are seen first, some end before.
          if (number % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 40 * number))
          await account.report(id, "RUNNING")
          await account.report(id, "STOPPED")
          return id
        })))
      yield* until("the last event of each was taken", () =>
        ids.every((id) => journal.some(({ event, kind, key }) =>
          kind === "event" && key === `task/scheduled/${id}` && JSON.stringify(event).includes("\"STOPPED\""))))
      yield* until("nothing is left", () =>
        resources.list("EcsTask").length + resources.list("Dataplane").length === 0)
      // Nor does anything come after: whatever comes later leaves the store as it is.
      const last = yield* call(() => account.run(revision))
      yield* until("a later one is registered", () => isRegistered(resources, last))
      assert.deepStrictEqual(resources.list("Dataplane").map(({ name }) => name), [last])
    }).pipe(Effect.scoped), 60_000)
})

describe("a service that is updated", () => {
  it.live("hands over from task to task, and leaves the mesh with a revision without a sidecar", () =>
    Effect.gen(function*() {
      const account = yield* open("updated")
      const { resources } = yield* account.watch()
      const define = (port: number, sidecar = true) =>
        call(() => account.define({ family: "shop", taskRoleArn, port, sidecar, checked: true }))
      const taskRoleArn = yield* call(() => account.role("shop-role"))
      const [one, two, three] = [yield* define(5050), yield* define(6060), yield* define(7070, false)]
      const started = (known: ReadonlyArray<string>) => {
        const found: { id?: string } = {}
        return Effect.gen(function*() {
          while (found.id === undefined) {
            const ids = yield* call(() => account.tasks())
            const other = ids.find((id) => !known.includes(id))
            if (other !== undefined) found.id = other
            else yield* Effect.sleep("20 millis")
          }
          return found.id
        }).pipe(Effect.timeout("20 seconds"))
      }

      yield* call(() => account.createService("shop", one))
      const first = yield* started([])
      yield* runs(account, resources, first)
      yield* call(() => account.reportHealth(first, "HEALTHY"))
      yield* until("the first task is ready", () => isReady(resources, first))

      const without: Array<string> = []
      const servable = (dataplane: Resource<"Dataplane">) =>
        dataplane.spec.networking?.inbound?.[0]?.state === "Ready" ||
        dataplane.labels["ecs-mesh.io/last-resort"] === "true"
      resources.listen(() => {
        const all = resources.list("Dataplane")
        if (!all.some(servable)) without.push(JSON.stringify(all.map(({ name, labels }) => [name, labels])))
      })
      yield* call(() => account.updateService("shop", two))
      const second = yield* started([first])
      yield* runs(account, resources, second)
      yield* call(() => account.reportHealth(second, "HEALTHY"))
      yield* until("the first task is told to stop", () => taskIn(resources, first)?.spec.phase === "draining")
      yield* until("the second task is ready", () => isReady(resources, second))
      yield* call(() => account.report(first, "STOPPED"))
      yield* until("the first task is gone", () => taskIn(resources, first) === undefined)
      assert.deepStrictEqual(without, [], "somebody could always be called")
      assert.strictEqual(inboundOf(resources, second)?.port, 16_060)
      assert.strictEqual(serviceOf(resources, second), "shop")

      yield* call(() => account.updateService("shop", three))
      const third = yield* started([first, second])
      yield* call(() => account.report(third, "RUNNING", ["app"]))
      yield* call(() => account.reportHealth(third, "HEALTHY"))
      yield* until("the second task is told to stop", () => taskIn(resources, second)?.spec.phase === "draining")
      yield* call(() => account.report(second, "STOPPED"))
      yield* until("the mesh has no task", () => resources.list("EcsTask").length === 0)
      assert.deepStrictEqual(resources.list("Dataplane"), [])
    }).pipe(Effect.scoped), 60_000)
})

describe("a service that is renamed by its role's tag", () => {
  it.live("is called otherwise at once, with both services that share the role, and without a gap", () =>
    Effect.gen(function*() {
      const account = yield* open("renamed")
      const { journal, resources } = yield* account.watch()
      yield* followsEvents(account, journal)
      const taskRoleArn = yield* call(() => account.role("renamed-role"))
      const [kv, redis] = yield* call(() =>
        Promise.all(["kv", "redis"].map(async (family) =>
          account.run(await account.define({ family, taskRoleArn }), { group: `service:${family}` }))))
      if (kv === undefined || redis === undefined) throw new Error("no tasks")
      for (const id of [kv, redis]) yield* runs(account, resources, id)
      yield* until("both are ready", () => isReady(resources, kv) && isReady(resources, redis))
      assert.deepStrictEqual([serviceOf(resources, kv), serviceOf(resources, redis)], ["kv", "redis"])
      yield* call(() => account.isQuiet()).pipe(
        Effect.repeat({ until: (quiet) => quiet, schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("20 seconds")
      )
      const gaps: Array<string> = []
      resources.listen(({ name, type }) => {
        if (type === "Dataplane" && !isReady(resources, name)) gaps.push(name)
      })
      const Tags = [{ Key: "kuma.io/service", Value: "store" }]
      yield* call(() => account.iam.send(new TagRoleCommand({ RoleName: "renamed-role", Tags })))
      yield* until("both are called so", () =>
        serviceOf(resources, kv) === "store" && serviceOf(resources, redis) === "store")
      assert.deepStrictEqual(gaps, [])
    }).pipe(Effect.scoped), 60_000)
})

describe("a definition that is deregistered", () => {
  it.live("is still that of its running tasks, also for an operator that starts later", () =>
    Effect.gen(function*() {
      const account = yield* open("deregistered")
      const taskDefinition = yield* call(async () =>
        account.define({ family: "old", taskRoleArn: await account.role("old-role") }))
      const id = yield* call(() => account.run(taskDefinition))
      yield* call(() => account.ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition })))
      const { resources } = yield* account.watch()
      yield* runs(account, resources, id)
      yield* until("it is ready", () => isReady(resources, id))
    }).pipe(Effect.scoped), 60_000)
})

describe("a role of another account", () => {
  const FOREIGN = "444455556666"
  it.live("is read through the role that is configured for its account", () =>
    Effect.gen(function*() {
      const account = yield* open("accounts")
      const credentials = { accessKeyId: FOREIGN, secretAccessKey: "test" }
      const foreign = new IAMClient({ endpoint: aws?.endpoint ?? "", region: "us-east-1", credentials })
      const taskRoleArn = yield* call(() => account.role("guest", { "kuma.io/service": "guest" }, foreign))
      assert.include(taskRoleArn, FOREIGN)
      // Its namesake of the operator's own account is somebody else.
      const own = yield* call(() => account.role("guest", { "kuma.io/service": "host" }))
      const reader = yield* call(() => account.role("reader", {}, foreign))
      const { resources } = yield* account.watch({
        authorizedAccountIds: ["000000000000", FOREIGN], accountRoles: { [FOREIGN]: reader }
      })
      const revision = yield* call(() => account.define({ family: "guest", taskRoleArn: own }))
      const id = yield* call(() => account.run(revision, { overrides: { taskRoleArn } }))
      // That role must be allowed to read: nobody is let in, and nobody is refused, on a guess.
      yield* until("it says what to allow", () => {
        const accepted = taskIn(resources, id)?.spec.conditions.find(({ type }) => type === "Accepted")
        return accepted?.reason === "RoleUnreadable" && accepted.message.endsWith("allow it iam:GetRole")
      })
      assert.isUndefined(dataplaneIn(resources, id))
      const statement = { Effect: "Allow", Action: "iam:GetRole", Resource: "*" }
      const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] })
      yield* call(() =>
        foreign.send(new PutRolePolicyCommand({ RoleName: "reader", PolicyName: "read-roles", PolicyDocument })))
      yield* until("it is registered", () => isRegistered(resources, id))
      assert.strictEqual(serviceOf(resources, id), "guest")
    }).pipe(Effect.scoped), 60_000)
})
