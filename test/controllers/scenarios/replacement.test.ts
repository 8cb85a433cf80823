import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Book, open, until } from "./Book.ts"

describe("a task that replaces another", () => {
  it.live("is looked at as soon as ECS stops the other, as that says it is healthy, and gets the traffic", () =>
    Effect.gen(function*() {
      const book = new Book()
      book.define("kv:1", { checked: true })
      const old = { id: "old", address: "10.0.0.1", health: "HEALTHY" } as const
      const replacement = { id: "replacement", address: "10.0.0.2" } as const
      book.write(old)
      book.write(replacement)
      const { connect, isIn, state } = yield* open(book)
      for (const id of ["old", "replacement"]) {
        yield* until(`${id} is registered`, () => isIn(id))
        connect(id)
      }
      yield* until("the old task is ready", () => state("old") === "Ready")
      assert.strictEqual(state("replacement"), "NotReady")

      // No event tells of its health, but of what ECS does then.
      book.write({ ...replacement, health: "HEALTHY" })
      book.write({ ...old, desiredStatus: "STOPPED", version: 2 })
      const before = book.calls.length
      book.tell("old")
      yield* until("the old task gets no traffic", () => state("old") === "NotReady")
      const looks = book.calls.slice(before).map(([, about]) => about)
      assert.include(looks, "replacement")
      yield* until("the replacement is ready", () => state("replacement") === "Ready")
    }).pipe(Effect.scoped), 60_000)
})
