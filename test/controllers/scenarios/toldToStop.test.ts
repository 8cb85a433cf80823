import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { stopSaid, lookWithStop } from "../../../src/controllers/lifecycle/stopSaid.ts"
import { Book, open, type Scene, until } from "./Book.ts"
import { after, recorded } from "./looks.ts"

const running = { id: "a", address: "10.0.0.1" }
const stopping = { desiredStatus: "STOPPED", version: 2 }

const ready = Effect.fnUntraced(function*(book: Book) {
  book.write(running)
  const scene = yield* open(book)
  yield* until("it is registered", () => scene.isIn("a"))
  scene.connect("a")
  yield* until("it is ready", () => scene.state("a") === "Ready")
  return scene
})

/** Every state that its inbound has from now on. */
const states = ({ resources, state }: Scene): Array<string | undefined> => {
  const seen: Array<string | undefined> = []
  resources.listen(() => void seen.push(state("a")))
  return seen
}

describe("a task of which an event says that it shall stop", () => {
  it.live("gets no traffic from then on, though ECS doesn't answer", () =>
    Effect.gen(function*() {
      const book = new Book()
      const scene = yield* ready(book)
      book.failing.add("a")
      book.tell("a", stopping)
      yield* until("it gets no traffic", () => scene.state("a") === "NotReady")
      yield* until("its task is told to drain", () => scene.task("a")?.spec.phase === "draining")
    }).pipe(Effect.scoped), 30_000)

  it.live("gets none though a look that another event asked for still waits for ECS", () =>
    Effect.gen(function*() {
      const book = new Book()
      const scene = yield* ready(book)
      book.silent.add("a")
      const { length } = book.calls
      book.tell("a", { version: 2 })
      yield* until("ECS is asked", () => book.calls.length > length)
      book.tell("a", { ...stopping, version: 3 })
      yield* until("it gets no traffic", () => scene.state("a") === "NotReady")
    }).pipe(Effect.scoped), 30_000)

  it.live("gets none either while ECS shows it as it was before", () =>
    Effect.gen(function*() {
      const book = new Book()
      const scene = yield* ready(book)
      const seen = states(scene)
      book.tell("a", stopping)
      const { length } = book.calls
      yield* until("it is looked at several times", () => book.calls.length > length + 4)
      book.write({ ...running, ...stopping })
      yield* until("ECS's own word is stored", () => scene.task("a")?.spec.taskVersion === 2)
      const stopped = seen.indexOf("NotReady")
      assert.isAtLeast(stopped, 0)
      // Before it another resource of the start may still have been stored.
      assert.isFalse(seen.slice(stopped).includes("Ready"))
    }).pipe(Effect.scoped), 30_000)

  it.live("gets it again where ECS goes on saying that it shall run, and its end is believed", () =>
    Effect.gen(function*() {
      const book = new Book()
      const scene = yield* ready(book)
      // Of whatever made such an event: ECS never counts so far.
      book.tell("a", { ...stopping, version: 1_000 })
      yield* until("it gets no traffic", () => scene.state("a") === "NotReady")
      yield* until("it is ready again", () => scene.state("a") === "Ready")
      yield* until("its role is judged again", () => scene.task("a")?.spec.phase === "registered")
      book.write({ ...running, desiredStatus: "STOPPED", lastStatus: "STOPPED", version: 7 })
      book.tell("a")
      yield* until("it is gone", () => scene.dataplane("a") === undefined && scene.task("a") === undefined)
    }).pipe(Effect.scoped), 60_000)
})

describe("what an event says of a stop", () => {
  const first = recorded()
  const { look, previous } = after(first, first.look)
  const version = previous?.spec.taskVersion ?? 0
  const said = { lastStatus: "RUNNING", desiredStatus: "STOPPED", version: version + 1 }

  it("is news where the task was to run, and of what ECS has counted since", () => {
    assert.strictEqual(lookWithStop(look, said, previous)?.task?.desiredStatus, "STOPPED")
    assert.isNull(lookWithStop(look, { ...said, version }, previous))
    assert.isNull(lookWithStop(look, said, null))
    if (previous === null) throw new Error("nothing was decided before")
    const stopped = { ...previous, spec: { ...previous.spec, desiredStatus: "STOPPED" } }
    assert.isNull(lookWithStop(look, said, stopped))
  })

  it("counts for no version that ECS shows, and goes behind none that it showed", () => {
    assert.strictEqual(lookWithStop(look, said, previous)?.task?.version, version)
    if (previous === null) throw new Error("nothing was decided before")
    const newer = { ...previous, spec: { ...previous.spec, taskVersion: version + 5 } }
    assert.strictEqual(lookWithStop(look, { ...said, version: version + 6 }, newer)?.task?.version, version + 5)
  })

  it("is nothing where it ended already, or runs", () => {
    const detail = { ...said, clusterArn: "", taskArn: "" }
    const event = { id: "", source: "aws.ecs", "detail-type": "ECS Task State Change" } as never as object
    for (const change of [{ lastStatus: "STOPPED" }, { lastStatus: "DEPROVISIONING" }, { desiredStatus: "RUNNING" }]) {
      assert.isNull(stopSaid({ ...event, detail: { ...detail, ...change } } as never))
    }
    assert.strictEqual(stopSaid({ ...event, detail } as never)?.version, said.version)
  })
})
