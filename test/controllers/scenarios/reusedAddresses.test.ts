import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Book, INSTANCE, open, type Scene, until } from "./Book.ts"

const ADDRESS = "10.0.0.139"

/** Watches from now on; `check` fails where both got traffic, at whatever moment. */
const never = ({ resources, state }: Scene, ...ids: ReadonlyArray<string>) => {
  const seen = { both: false }
  resources.listen(() => {
    if (ids.filter((id) => state(id) === "Ready").length > 1) seen.both = true
  })
  return { check: () => assert.isFalse(seen.both, `${ids.join(" and ")} both got traffic`) }
}

const running = Effect.fnUntraced(function*(book: Book) {
  const scene = yield* open(book)
  yield* until("the old task is registered", () => scene.isIn("old"))
  scene.connect("old")
  yield* until("the old task is ready", () => scene.state("old") === "Ready")
  return scene
})

describe("an address that a new task has within seconds", () => {
  it.live("is the new task's, whose events come before those of the old one's end", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "old", address: ADDRESS })
      const scene = yield* running(book)
      const both = never(scene, "old", "new")

      // The old one's end happened, and its events are on their way.
      book.write({ id: "old", address: ADDRESS, lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 5 })
      book.write({ id: "new", address: ADDRESS })
      book.tell("new")
      // The newcomer makes the operator look at who had its address before: no event was needed.
      yield* until("the old task is gone", () => scene.dataplane("old") === undefined)
      yield* until("the new task is registered", () => scene.isIn("new"))
      scene.connect("new")
      yield* until("the new task is ready", () => scene.state("new") === "Ready")
      book.tell("old")
      yield* until("the late event was taken", () => book.calls.filter(([, about]) => about === "old").length > 2)
      assert.strictEqual(scene.state("new"), "Ready")
      both.check()
    }).pipe(Effect.scoped), 60_000)

  it.live("is the new task's, whose events come after those of the old one's end", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "old", address: ADDRESS })
      const scene = yield* running(book)
      book.write({ id: "old", address: ADDRESS, lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 5 })
      book.tell("old")
      yield* until("the old task is gone", () => scene.dataplane("old") === undefined)
      book.write({ id: "new", address: ADDRESS })
      book.tell("new")
      yield* until("the new task is registered", () => scene.isIn("new"))
      scene.connect("new")
      yield* until("the new task is ready", () => scene.state("new") === "Ready")
    }).pipe(Effect.scoped), 60_000)

  it.live("is the new task's even while ECS shows the old one as running", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "old", address: ADDRESS })
      const scene = yield* running(book)
      const both = never(scene, "old", "new")
      book.write({ id: "new", address: ADDRESS, service: "redis" })
      book.tell("new")
      yield* until("the old task gets no traffic", () => scene.state("old") === "NotReady" && scene.isIn("new"))
      scene.connect("new")
      yield* until("the new task is ready", () => scene.state("new") === "Ready")
      // The condition is told after the Dataplane is written.
      yield* until("it says who has it now", () =>
        scene.conditionOf("old", "Registered").includes("it gets no traffic, as task new was registered at"))
      both.check()

      // If it was the new one that ended after all, the old one is there again.
      book.write({ id: "new", address: ADDRESS, lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 5 })
      book.tell("new")
      yield* until("the old task is ready again", () => scene.state("old") === "Ready")
      yield* until("nobody is in its way", () => !scene.conditionOf("old", "Registered").includes("traffic"))
    }).pipe(Effect.scoped), 60_000)

  it.live("waits while ECS doesn't answer for the old task, which still gets traffic", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "old", address: ADDRESS })
      const scene = yield* running(book)
      const both = never(scene, "old", "new")
      book.failing.add("old")
      book.write({ id: "new", address: ADDRESS })
      book.tell("new")
      yield* until("the new task is registered", () => scene.isIn("new"))
      scene.connect("new")
      yield* until("it says why it waits", () =>
        scene.conditionOf("new", "Registered").includes(`before task old, which had ${ADDRESS}:15050 until now`))
      book.failing.delete("old")
      book.write({ id: "old", address: ADDRESS, lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 5 })
      yield* until("the new task is ready", () => scene.state("new") === "Ready")
      both.check()
    }).pipe(Effect.scoped), 60_000)

  it.live("makes nobody the last resort who has left it", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.write({ id: "old", address: ADDRESS })
      const scene = yield* running(book)
      book.write({ id: "old", address: ADDRESS, desiredStatus: "STOPPED", version: 2 })
      book.tell("old")
      const isLastResort = () => scene.dataplane("old")?.labels["ecs-mesh.io/last-resort"] === "true"
      yield* until("the old task is the last resort", isLastResort)
      book.write({ id: "new", address: ADDRESS })
      book.tell("new")
      yield* until("it isn't any more", () => scene.dataplane("old") !== undefined && !isLastResort())
    }).pipe(Effect.scoped), 60_000)
})

describe("a host's port that Docker gives to the next task", () => {
  const first = { "5050": 49_153, "15050": 49_154 }

  it.live("is the new task's, and tasks at other ports of the host are left alone", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.define("kv:1", { networkMode: "bridge" })
      book.write({ id: "old", hostPorts: first })
      book.write({ id: "beside", hostPorts: { "5050": 49_155, "15050": 49_156 } })
      const scene = yield* running(book)
      yield* until("its neighbour is registered", () => scene.isIn("beside"))
      scene.connect("beside")
      yield* until("its neighbour is ready", () => scene.state("beside") === "Ready")
      assert.strictEqual(scene.dataplane("old")?.spec.networking?.inbound?.[0]?.port, 49_154)
      const both = never(scene, "old", "new")
      book.write({ id: "old", hostPorts: first, lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 5 })
      book.write({ id: "new", hostPorts: first })
      book.tell("new")
      yield* until("the old task is gone", () => scene.dataplane("old") === undefined)
      yield* until("the new task is registered", () => scene.isIn("new"))
      scene.connect("new")
      yield* until("the new task is ready", () => scene.state("new") === "Ready")
      assert.strictEqual(scene.state("beside"), "Ready")
      assert.strictEqual(book.tasks.get("new")?.containerInstanceArn, INSTANCE)
      both.check()
    }).pipe(Effect.scoped), 60_000)
})
