import { it } from "@effect/vitest"
import { Effect } from "effect"
import { Book, open, until } from "./Book.ts"

it.live("what somebody asked to be looked at is looked at, though ECS didn't answer then and a full look came before", () =>
  Effect.gen(function*() {
    const book = new Book()
    book.write({ id: "a", address: "10.0.0.1" })
    const scene = yield* open(book, { resyncSeconds: 1 })
    const looks = () => book.calls.filter(([name, id]) => name === "DescribeTasks" && id === "a").length
    const lists = () => book.calls.filter(([name]) => name === "ListTasks").length
    yield* until("it is registered", () => scene.isIn("a"))
    const registered = looks()
    yield* until("full looks show what is known", () => looks() > registered + 2)

    book.failing.add("a")
    const failed = looks()
    scene.connect("a")
    // By then it waits for longer than a full look takes to come.
    yield* until("it was asked for in vain", () => looks() > failed + 7)
    const listed = lists()
    book.failing.delete("a")
    yield* until("full looks came", () => lists() > listed + 2)
    yield* until("it is ready", () => scene.state("a") === "Ready")
  }).pipe(Effect.scoped), 90_000)
