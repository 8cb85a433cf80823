import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { LastStored } from "../../../src/controllers/lifecycle/LastStored.ts"
import { OwnWrites } from "../../../src/controllers/lifecycle/OwnWrites.ts"
import { reconcileProxy } from "../../../src/controllers/lifecycle/reconcileProxy.ts"
import { Journal } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import { after, kind, recorded, withTask } from "../scenarios/looks.ts"

it.effect("what the operator removes is its own also where the store tells of it before it answers", () =>
  Effect.gen(function*() {
    const before = recorded()
    const observation = after(before, withTask(before.look, { lastStatus: "STOPPED", desiredStatus: "STOPPED" }))
    const own = yield* OwnWrites
    const { previous, stored } = observation
    if (stored === null || previous === null) throw new Error("nothing is stored")
    for (const { version, ...key } of [stored, previous]) own.knows(key, version)
    const told: Array<string> = []
    const store = Layer.mock(Store, {
      remove: (key) => Effect.sync(() => void told.push(`${key.type} ${own.isOwn(key, null)}`))
    })
    yield* reconcileProxy(kind, "task/demo/1", observation).pipe(Effect.provide(Layer.merge(store, Journal.none)))
    assert.deepStrictEqual(told, ["Dataplane true", "EcsTask true"])
  }).pipe(Effect.provide(Layer.merge(OwnWrites.layer, LastStored.layer))))
