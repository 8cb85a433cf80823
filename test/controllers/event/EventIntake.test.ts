import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { IamReader } from "../../../src/controllers/aws/IamReader.ts"
import { SqsReader } from "../../../src/controllers/aws/SqsReader.ts"
import { decode } from "../../../src/controllers/event/decode.ts"
import { intake } from "../../../src/controllers/event/EventIntake.ts"
import { KnownTasks } from "../../../src/controllers/lifecycle/KnownTasks.ts"
import { tasksOfRoles } from "../../../src/controllers/lifecycle/tasksOfRoles.ts"
import { TaskController } from "../../../src/controllers/TaskController.ts"
import { Journal } from "../../../src/model/Journal.ts"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { openStore, useTestDatabases } from "../../cp/store/testDatabases.ts"
import { scriptedAws } from "../aws/scriptedAws.ts"
import { testAwsConfig, testClients } from "../aws/testAwsConfig.ts"

const databases = useTestDatabases()

const event = (name: string): string =>
  readFileSync(join(import.meta.dirname, "..", "..", "..", "localstack", "events", `${name}.json`), "utf8")

const message = (Body: string, ReceiptHandle: string) => ({
  MessageId: ReceiptHandle,
  ReceiptHandle,
  Body,
  MD5OfBody: createHash("md5").update(Body).digest("hex")
})

const stopping = event("fargate-service-stopping")
const decoded = decode(stopping)
if (decoded._tag !== "TaskChanged") throw new Error("no event of a task")
const { event: { detail: { clusterArn } }, key } = decoded

/** An intake whose queue gives these messages at once, and later nothing; what it woke and deleted. */
const world = Effect.fnUntraced(function*(
  bodies: ReadonlyArray<string>,
  list: Store["Service"]["list"],
  /** Between one that is handled and the next; null: all at once. */
  pauseMillis: number | null = null,
  /** Takes over who is handled when. */
  hold: (key: string, onHandled: () => void) => boolean = () => false
) {
  let given = false
  const woken: Array<string> = []
  const deleted: Array<string> = []
  let deletions = 0
  const { endpoint } = yield* scriptedAws((action, { Entries }) => {
    if (action === "DeleteMessageBatch" && Array.isArray(Entries)) {
      deletions += 1
      deleted.push(...Entries.map(({ ReceiptHandle }) => String(ReceiptHandle)))
      return { body: { Successful: [], Failed: [] } }
    }
    const Messages = given ? [] : bodies.map((body, index) => message(body, String(index)))
    given = true
    return { body: { Messages } }
  })
  const real = yield* openStore(yield* Effect.promise(databases.create))
  const store = { ...real, list }
  const readers = Layer.merge(SqsReader.layer, IamReader.layer).pipe(
    Layer.provide(testClients(testAwsConfig(endpoint)))
  )
  const expected: Array<number> = []
  const controller = Layer.succeed(TaskController, {
    reconcile: () => Effect.die("nothing is reconciled here"),
    expectVersion: (_, version) => void expected.push(version),
    doubtAll: () => {},
    doubtWhere: () => {},
    expectStop: () => {},
    known: new KnownTasks(),
    ofRoles: (roles) => Effect.map(store.list("EcsTask"), (tasks) => tasksOfRoles(tasks, roles))
  })
  const work = {
    add: (one: string, onHandled?: () => void) => {
      woken.push(one)
      if (onHandled !== undefined && hold(one, onHandled)) return
      if (pauseMillis === null) onHandled?.()
      else setTimeout(() => onHandled?.(), woken.length * pauseMillis)
    },
    size: () => 0
  }
  yield* intake({ queueUrl: `${endpoint}/queue`, clusterArns: [clusterArn], work, mostOpen: () => 1_000 }).pipe(
    Effect.provide(Layer.mergeAll(readers, controller, Layer.succeed(Store, store), Journal.none)),
    Effect.forkScoped
  )
  return { woken, deleted, expected, deletions: () => deletions }
})

/** What the intake did until it had woken the stopping task and deleted its message. */
const handled = Effect.fnUntraced(function*(list: Store["Service"]["list"]) {
  const seen = yield* world([event("role-tagged"), stopping], list)
  yield* Effect.sync(() => seen.deleted.includes("1")).pipe(
    Effect.repeat({ until: (met) => met, schedule: Schedule.spaced("10 millis") }),
    Effect.timeout("15 seconds")
  )
  return seen
})

it.live("an archive's event wakes its task, and nobody waits for what ECS has shown long ago", () =>
  Effect.gen(function*() {
    const archived = JSON.stringify({ ...JSON.parse(stopping) as object, "replay-name": "again" })
    const seen = yield* world([archived, stopping], () => Effect.succeed([]))
    yield* Effect.sync(() => seen.deleted.length).pipe(
      Effect.repeat({ until: (count) => count === 2, schedule: Schedule.spaced("10 millis") }),
      Effect.timeout("15 seconds")
    )
    assert.deepStrictEqual(seen.woken, [key, key])
    assert.deepStrictEqual(seen.expected, [decoded.version])
  }).pipe(Effect.scoped), 30_000)

describe("messages that come together", () => {
  it.live("are taken each alone: one that the store can't answer now is left for later", () =>
    Effect.gen(function*() {
      const unavailable = new StoreUnavailable({ operation: "list", message: "the database is away" })
      const { deleted, woken } = yield* handled(() => Effect.fail(unavailable))
      assert.deepStrictEqual(woken, [key])
      assert.deepStrictEqual(deleted, ["1"])
    }).pipe(Effect.scoped), 30_000)

  it.live("are taken each alone: one at which something breaks ends nothing", () =>
    Effect.gen(function*() {
      const { deleted, woken } = yield* handled(() => Effect.die(new Error("broken")))
      assert.deepStrictEqual(woken, [key])
      assert.deepStrictEqual(deleted, ["1"])
    }).pipe(Effect.scoped), 30_000)

  it.live("are deleted once all that they woke was handled, and not before", () =>
    Effect.gen(function*() {
      const role = decode(event("role-tagged"))
      if (role._tag !== "RoleChanged") throw new Error("no event of a role")
      const taskRoleArn = `arn:aws:iam::${role.account}:role/${role.roleName}`
      const place = clusterArn.replace(":cluster/", ":task/")
      const runs = (id: string) => ({ clusterArn, taskArn: `${place}/${id}`, taskRoleArn })
      const list = () => Effect.succeed([{ spec: runs("1") }, { spec: runs("2") }] as never)
      const held: Array<() => void> = []
      const hold = (_: string, onHandled: () => void) => held.push(onHandled) > 0
      const { deleted } = yield* world([event("role-tagged"), stopping, stopping], list, null, hold)
      const until = (met: () => boolean) =>
        Effect.sync(met).pipe(
          Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("10 millis") }),
          Effect.timeout("15 seconds")
        )
      yield* until(() => held.length === 4)
      const [one, other, first, second] = held
      first?.()
      yield* until(() => deleted.length > 0)
      assert.deepStrictEqual(deleted, ["1"])
      one?.()
      second?.()
      yield* until(() => deleted.length > 1)
      assert.deepStrictEqual(deleted, ["1", "2"])
      other?.()
      yield* until(() => deleted.length > 2)
      assert.deepStrictEqual(deleted, ["1", "2", "0"])
    }).pipe(Effect.scoped), 60_000)

  it.live("are deleted together, though one is handled after the other", () =>
    Effect.gen(function*() {
      const list = () => Effect.succeed([])
      const { deleted, deletions } = yield* world(Array.from({ length: 10 }, () => stopping), list, 20)
      yield* Effect.sync(() => deleted.length).pipe(
        Effect.repeat({ until: (count) => count === 10, schedule: Schedule.spaced("10 millis") }),
        Effect.timeout("15 seconds")
      )
      assert.isAtMost(deletions(), 4)
    }).pipe(Effect.scoped), 30_000)
})
