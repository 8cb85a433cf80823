import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Book, clusterArn, FOREIGN, open, roleArn, type Scene, until } from "./Book.ts"

/** The full look that follows the rules is over, so that what is seen from now on is seen by events. */
const started = (book: Book) =>
  until("the full look of the start was made", () => {
    const names = book.calls.map(([name]) => name)
    const listed = names.lastIndexOf("ListTasks")
    return listed > names.lastIndexOf("PutTargets") && names.lastIndexOf("DescribeTasks") > listed
  })

const looksAt = (book: Book, id: string): number =>
  book.calls.filter(([name, about]) => name === "DescribeTasks" && about === id).length

describe("a scheduled task that comes and goes within seconds", () => {
  const report = { id: "report", service: null, address: "10.0.0.142" } as const
  const ended = { ...report, lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 8 } as const

  it.live("leaves nothing behind, though its events come last first and ECS shows it as running once more", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write(report)
      const { isIn, resources, task } = yield* open(book)
      yield* until("it is registered", () => isIn("report"))
      book.write(ended)
      book.tell("report")
      yield* until("it is gone", () => task("report") === undefined)

      const writes: Array<string> = []
      resources.listen(({ name, type }) => {
        if (name === "report") writes.push(type)
      })
      // Another of ECS's copies, which the end hasn't reached, at an event that was delayed.
      book.write({ ...report, version: 4 })
      const before = looksAt(book, "report")
      book.tell("report")
      yield* until("the older copy was looked at, and ECS asked again", () => looksAt(book, "report") > before + 1)
      book.write(ended)
      const again = looksAt(book, "report")
      yield* until("its end was seen again", () => looksAt(book, "report") > again)
      assert.deepStrictEqual(writes, [])
    }).pipe(Effect.scoped), 60_000)

  it.live("was never there, where it had ended before anybody looked", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write(ended)
      const { journal, resources } = yield* open(book)
      for (const version of [2, 4, 5, 8]) book.tell("report", { version })
      yield* until("it was looked at", () => journal.some(({ kind }) => kind === "decision"))
      assert.deepStrictEqual(resources.all().map(({ type }) => type), ["Mesh"])
      // Nobody needs to know what had been defined.
      assert.notInclude(book.calls.map(([name]) => name), "DescribeTaskDefinition")
    }).pipe(Effect.scoped), 60_000)
})

describe("a task whose definition is deleted", () => {
  it.live("goes when it has ended, though a new operator can't read what it was started from", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "1", address: "10.0.0.1" })
      const { resources } = yield* Effect.scoped(Effect.gen(function*() {
        const scene = yield* open(book)
        yield* until("it is registered", () => scene.isIn("1"))
        return scene
      }))
      book.definitions.clear()
      book.write({ id: "1", address: "10.0.0.1", lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 8 })
      yield* open(book, {}, resources)
      yield* until("nothing is left", () => resources.list("EcsTask").length + resources.list("Dataplane").length === 0)
    }).pipe(Effect.scoped), 60_000)
})

describe("a task without a sidecar", () => {
  it.live("is ignored, once: nothing is stored, and nothing is asked about its role", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.define("plain:1", { sidecar: false })
      book.write({ id: "plain", revision: "plain:1", address: "10.0.0.1" })
      const { journal, resources } = yield* open(book)
      yield* until("it was looked at", () => journal.some(({ kind }) => kind === "decision"))
      yield* started(book)
      const before = looksAt(book, "plain")
      book.write({ id: "plain", revision: "plain:1", address: "10.0.0.1", version: 2 })
      book.tell("plain")
      yield* until("it was looked at again", () => looksAt(book, "plain") > before)
      // Whatever a look leads to is told when the next has begun.
      book.write({ id: "plain", revision: "plain:1", address: "10.0.0.1", version: 3 })
      book.tell("plain")
      yield* until("and again", () => looksAt(book, "plain") > before + 1)
      const told = journal.filter(({ kind }) => kind === "decision")
      assert.deepStrictEqual(told.map(({ to, why }) => [to, why]), [
        ["ignored", "no container of the task is a sidecar of the mesh"]
      ])
      assert.deepStrictEqual(resources.all().map(({ type }) => type), ["Mesh"])
      assert.notInclude(book.calls.map(([name]) => name), "GetRole")
    }).pipe(Effect.scoped), 60_000)
})

describe("a service whose definition changes", () => {
  const serviceOf = (tags: Readonly<Record<string, string>> | undefined) => tags?.["kuma.io/service"]

  it.live("has tasks of both revisions under one name, each at its own port", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.define("kv:2", { ports: [6060] })
      book.write({ id: "one", address: "10.0.0.1" })
      const { dataplane } = yield* open(book)
      yield* until("the first is registered", () => dataplane("one") !== undefined)
      book.write({ id: "two", address: "10.0.0.2", revision: "kv:2" })
      book.tell("two")
      yield* until("the second is registered", () => dataplane("two") !== undefined)
      const inbounds = ["one", "two"].map((id) => dataplane(id)?.spec.networking?.inbound?.[0])
      assert.deepStrictEqual(inbounds.map((inbound) => inbound?.port), [15_050, 16_060])
      assert.deepStrictEqual(inbounds.map((inbound) => serviceOf(inbound?.tags)), ["kv", "kv"])
    }).pipe(Effect.scoped), 60_000)

  it.live("leaves the mesh with its last task that has a sidecar, and joins it with the first", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.define("kv:2", { sidecar: false })
      book.write({ id: "one", address: "10.0.0.1" })
      const { dataplane, isIn, resources } = yield* open(book)
      yield* until("the first is registered", () => isIn("one"))
      book.write({ id: "two", address: "10.0.0.2", revision: "kv:2" })
      book.tell("two")
      book.write({ id: "one", address: "10.0.0.1", lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 8 })
      book.tell("one")
      yield* until("the first is gone", () => resources.list("EcsTask").length === 0)
      assert.deepStrictEqual(resources.list("Dataplane"), [])
      book.write({ id: "three", address: "10.0.0.3" })
      book.tell("three")
      yield* until("the third is registered", () => dataplane("three") !== undefined)
      assert.isUndefined(dataplane("two"))
    }).pipe(Effect.scoped), 60_000)
})

describe("a task whose own tags change", () => {
  const tags = { "kuma.io/service": "store" }
  const serviceOf = ({ dataplane }: Scene) => dataplane("1")?.spec.networking?.inbound?.[0]?.tags?.["kuma.io/service"]

  it.live("is called so at the next full look, as no event tells of it", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "1", address: "10.0.0.1" })
      const scene = yield* open(book, { resyncSeconds: 1 })
      yield* until("it is registered", () => scene.isIn("1"))
      assert.strictEqual(serviceOf(scene), "kv")
      book.write({ id: "1", address: "10.0.0.1", tags })
      yield* until("it is called otherwise", () => serviceOf(scene) === "store")
    }).pipe(Effect.scoped), 60_000)

  it.live("is called so within seconds where it has a health check, for which it is looked at", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.define("kv:1", { checked: true })
      book.write({ id: "1", address: "10.0.0.1", health: "HEALTHY" })
      const scene = yield* open(book)
      yield* until("it is registered", () => scene.isIn("1"))
      scene.connect("1")
      yield* until("it is ready", () => scene.state("1") === "Ready")
      yield* started(book)
      book.write({ id: "1", address: "10.0.0.1", health: "HEALTHY", tags })
      yield* until("it is called otherwise", () => serviceOf(scene) === "store")
    }).pipe(Effect.scoped), 60_000)
})

describe("services of one name in two clusters", () => {
  it.live("are one service of the mesh; each task is its own cluster's, though the ids begin alike", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "0123456789abcdef0", address: "10.0.0.1" })
      book.write({ id: "0123456789abcdef", cluster: "other", address: "10.0.0.2" })
      const { connect, dataplane, isIn, state, task } = yield* open(book, { clusters: ["demo", "other"] })
      const ids = ["0123456789abcdef0", "0123456789abcdef"]
      yield* until("both are registered", () => ids.every(isIn))
      for (const id of ids) connect(id)
      yield* until("both are ready", () => ids.every((id) => state(id) === "Ready"))
      assert.deepStrictEqual(ids.map((id) => task(id)?.spec.clusterArn), [clusterArn("demo"), clusterArn("other")])
      const tags = ids.map((id) => dataplane(id)?.spec.networking?.inbound?.[0]?.tags?.["kuma.io/service"])
      assert.deepStrictEqual(tags, ["kv", "kv"])
      const stopping = { desiredStatus: "STOPPED", version: 2 }
      book.write({ id: "0123456789abcdef", cluster: "other", address: "10.0.0.2", ...stopping })
      book.tell("0123456789abcdef")
      yield* until("one gets no traffic", () => state("0123456789abcdef") === "NotReady")
      assert.strictEqual(state("0123456789abcdef0"), "Ready")
    }).pipe(Effect.scoped), 60_000)

  it.live("have no part in each other's events where one cluster isn't watched", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "1", cluster: "other", address: "10.0.0.2" })
      const { journal, resources } = yield* open(book)
      book.tell("1")
      yield* until("its event was taken", () => journal.some(({ kind }) => kind === "event"))
      book.write({ id: "2", address: "10.0.0.1" })
      book.tell("2")
      yield* until("the other one is registered", () => resources.list("EcsTask").length > 0)
      assert.deepStrictEqual(resources.list("EcsTask").map(({ name }) => name), ["2"])
      assert.strictEqual(looksAt(book, "1"), 0)
    }).pipe(Effect.scoped), 60_000)
})

describe("a role of another account", () => {
  const role = roleArn("kv-task", FOREIGN)
  const tags = { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" }
  const phaseOf = Effect.fnUntraced(function*(listed: boolean, readable: ReadonlyArray<string>) {
    const book = new Book()
    book.roles.set(role, tags)
    book.write({ id: "1", address: "10.0.0.1", role })
    const authorizedAccountIds = ["111122223333", ...(listed ? [FOREIGN] : [])]
    const { conditionOf, task } = yield* open(book, { authorizedAccountIds, readable })
    const decided = () => ["refused", "registered"].includes(task("1")?.spec.phase ?? "")
    yield* until("it is decided", decided)
    return { phase: task("1")?.spec.phase, why: conditionOf("1", "Accepted"), calls: book.calls }
  }, Effect.scoped)

  it.live("joins where its account is listed and has a role to read it by", () =>
    Effect.gen(function*() {
      const { calls, phase } = yield* phaseOf(true, [FOREIGN])
      assert.strictEqual(phase, "registered")
      assert.deepInclude(calls, ["GetRole", role])
    }), 60_000)

  it.live("is refused where nobody can read it, and not taken for its namesake of the operator's own account", () =>
    Effect.gen(function*() {
      const { calls, phase, why } = yield* phaseOf(true, [])
      assert.strictEqual(phase, "refused")
      assert.include(why, "AccountRoleMissing")
      assert.notInclude(calls.map(([name]) => name), "GetRole")
    }), 60_000)

  it.live("is refused where its account isn't listed, though it could be read", () =>
    Effect.gen(function*() {
      const { calls, phase, why } = yield* phaseOf(false, [FOREIGN])
      assert.strictEqual(phase, "refused")
      assert.include(why, "AccountNotAuthorized")
      assert.notInclude(calls.map(([name]) => name), "GetRole")
    }), 60_000)
})

describe("a task whose own last events are lost", () => {
  const gone = { lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 8 } as const

  it.live("goes with the next event of its service", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "1", address: "10.0.0.1" })
      const { dataplane, isIn } = yield* open(book)
      yield* until("it is registered", () => isIn("1"))
      yield* started(book)
      book.write({ id: "1", address: "10.0.0.1", ...gone })
      book.tellService("kv", "SERVICE_STEADY_STATE")
      yield* until("it is gone", () => dataplane("1") === undefined)
    }).pipe(Effect.scoped), 60_000)

  it.live("goes with its container instance", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.define("kv:1", { networkMode: "bridge" })
      const hostPorts = { "5050": 49_153, "15050": 49_154 }
      book.write({ id: "1", hostPorts })
      const { dataplane, isIn } = yield* open(book)
      yield* until("it is registered", () => isIn("1"))
      yield* started(book)
      book.write({ id: "1", hostPorts, ...gone })
      book.tellInstance("INACTIVE")
      yield* until("it is gone", () => dataplane("1") === undefined)
    }).pipe(Effect.scoped), 60_000)
})

describe("a sidecar that asks to be let in before its task's event has come", () => {
  it.live("finds its task observed after the next full look, though no event comes at all", () =>
    Effect.gen(function*() {
      const book = new Book()
      const { task } = yield* open(book, { resyncSeconds: 1 })
      yield* until("the clusters were listed", () => book.calls.some(([name]) => name === "ListTasks"))
      book.write({ id: "1", address: "10.0.0.1" })
      yield* until("the door can know it", () => task("1")?.spec.phase === "registered")
    }).pipe(Effect.scoped), 60_000)
})
