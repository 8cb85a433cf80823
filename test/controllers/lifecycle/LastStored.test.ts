import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { CallLane } from "../../../src/controllers/aws/CallLane.ts"
import { LastStored } from "../../../src/controllers/lifecycle/LastStored.ts"
import { isType, type Resource, type ResourceKey } from "../../../src/model/Resource.ts"
import { NotFound, Store } from "../../../src/model/Store.ts"

const key: ResourceKey<"Dataplane"> = { type: "Dataplane", mesh: "default", name: "task" }

const WHEN = "2026-01-01T00:00:00Z"

const at = (version: number): Resource<"Dataplane"> =>
  ({ ...key, labels: {}, spec: {}, version, creationTime: WHEN, modificationTime: WHEN })

/** A store of one Dataplane, whose answer waits for `gate` where one is set. */
const world = () => {
  const state = {
    resource: at(1),
    reads: 0,
    gate: null as Deferred.Deferred<void> | null
  }
  const store = Layer.mock(Store, {
    get: (asked) =>
      Effect.gen(function*() {
        state.reads += 1
        const { gate, resource } = state
        if (gate !== null) yield* Deferred.await(gate)
        return isType(asked.type, resource) ? resource : yield* new NotFound({ key: asked.name })
      })
  })
  return { state, layer: Layer.merge(store, LastStored.layer) }
}

const read = Effect.gen(function*() {
  const last = yield* LastStored
  return (yield* last.read(key))?.version ?? null
})

it.effect("an event's look asks the store once; one that only its time has come for asks again", () => {
  const { layer, state } = world()
  return Effect.gen(function*() {
    assert.strictEqual(yield* read, 1)
    assert.strictEqual(yield* read, 1)
    assert.strictEqual(state.reads, 1)
    state.resource = at(2)
    assert.strictEqual(yield* Effect.provideService(read, CallLane, "bulk"), 2)
    assert.strictEqual(yield* read, 2)
    assert.strictEqual(state.reads, 2)
  }).pipe(Effect.provide(layer))
})

it.effect("what somebody else wrote is read, also where it was told while an older answer was under way", () => {
  const { layer, state } = world()
  return Effect.gen(function*() {
    const last = yield* LastStored
    assert.strictEqual(yield* read, 1)
    state.resource = at(2)
    last.forget(key)
    assert.strictEqual(yield* read, 2)
    last.forget(key)
    const gate = yield* Deferred.make<void>()
    state.gate = gate
    const late = yield* Effect.forkChild(read, { startImmediately: true })
    state.resource = at(3)
    state.gate = null
    last.forget(key)
    yield* Deferred.succeed(gate, undefined)
    assert.strictEqual(yield* Fiber.join(late), 2)
    assert.strictEqual(yield* read, 3)
  }).pipe(Effect.provide(layer))
})

it.effect("an own write is known by its answer, unless somebody else's was told of before that came", () => {
  const { layer, state } = world()
  return Effect.gen(function*() {
    const last = yield* LastStored
    last.ask(key)(at(5))
    assert.strictEqual(yield* read, 5)
    const take = last.ask(key)
    state.resource = at(7)
    last.forget(key)
    take(at(6))
    assert.strictEqual(yield* read, 7)
    // One that failed may have been written all the same.
    last.ask(key)(null)
    state.resource = at(8)
    assert.strictEqual(yield* read, 8)
  }).pipe(Effect.provide(layer))
})
