import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { keysToRead, ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { ResourceCache, type ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import { type Change, Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { killing, openStore, outboundPort, useTestDatabases } from "../store/testDatabases.ts"

const databases = useTestDatabases()

/** A real store that counts what is read, and can be made to answer nothing. */
const watched = (store: Store["Service"]) => {
  const counts = { get: 0, listAll: 0, refused: 0 }
  let down = false
  const unlessDown = <A, E>(read: Effect.Effect<A, E>): Effect.Effect<A, E | StoreUnavailable> =>
    Effect.suspend((): Effect.Effect<A, E | StoreUnavailable> => {
      if (!down) return read
      counts.refused++
      return Effect.fail(new StoreUnavailable({ operation: "test", message: "made so by the test" }))
    })
  const service: Store["Service"] = {
    ...store,
    get: (key) => unlessDown(Effect.suspend(() => (counts.get++, store.get(key)))),
    listAll: unlessDown(Effect.suspend(() => (counts.listAll++, store.listAll)))
  }
  return { service, counts, setDown: (value: boolean) => void (down = value) }
}

const openCache = (store: Store["Service"]) =>
  Effect.map(
    Layer.build(Layer.provide(ResourceCacheLive, Layer.succeed(Store, store))),
    (context) => Context.get(context, ResourceCache)
  )

const until = (what: string, condition: () => boolean) =>
  Effect.gen(function*() {
    while (!condition()) yield* Effect.sleep(5)
  }).pipe(Effect.timeout("10 seconds"), Effect.mapError(() => new Error(`${what} did not come`)))

const collect = (cache: ResourceCache["Service"]) => {
  const batches: Array<ReadonlyArray<ResourceChange>> = []
  const stop = cache.onChange((changes) => batches.push(changes))
  return { batches, stop }
}

const key = (name: string) => ({ type: "OutboundPort", mesh: "default", name }) as const

const setUp = Effect.gen(function*() {
  const config = yield* Effect.promise(databases.create)
  const store = yield* openStore(config)
  return { config, store, ...watched(store) }
})

describe("the resource cache", () => {
  it.live("stands with everything that the store has, in order", () =>
    Effect.gen(function*() {
      const { store, service } = yield* setUp
      for (const name of ["b", "a"]) yield* store.put(outboundPort(name, 1))
      const cache = yield* openCache(service)
      assert.deepStrictEqual(cache.list("OutboundPort").map(({ name }) => name), ["a", "b"])
      assert.deepStrictEqual(cache.list("OutboundPort", "other"), [])
      assert.deepStrictEqual(cache.list("Dataplane"), [])
    }).pipe(Effect.scoped))

  it.live("tells what was before and what is after, and reads the changed key alone", () =>
    Effect.gen(function*() {
      const { store, service, counts } = yield* setUp
      const cache = yield* openCache(service)
      const { batches, stop } = collect(cache)
      yield* store.put(outboundPort("kv", 1))
      yield* until("the creation", () => batches.length === 1)
      assert.deepStrictEqual(cache.get(key("kv"))?.spec, { port: 1 })
      yield* store.put(outboundPort("kv", 2))
      yield* until("the change", () => batches.length === 2)
      yield* store.remove(key("kv"))
      yield* until("the removal", () => batches.length === 3)
      const ports = batches.flat().map(({ before, after }) => [before?.spec, after?.spec])
      assert.deepStrictEqual(ports, [
        [undefined, { port: 1 }],
        [{ port: 1 }, { port: 2 }],
        [{ port: 2 }, undefined]
      ])
      assert.strictEqual(cache.get(key("kv")), undefined)
      assert.deepStrictEqual(counts, { get: 3, listAll: 1, refused: 0 })
      stop()
      yield* store.put(outboundPort("kv", 3))
      yield* until("the resource", () => cache.get(key("kv")) !== undefined)
      assert.strictEqual(batches.length, 3)
    }).pipe(Effect.scoped))

  it.live("keeps what it has while the store can't be read, and catches up once it can", () =>
    Effect.gen(function*() {
      const { store, service, counts, setDown } = yield* setUp
      yield* store.put(outboundPort("kept", 1))
      const cache = yield* openCache(service)
      const { batches } = collect(cache)
      setDown(true)
      yield* store.put(outboundPort("kept", 2))
      yield* store.put(outboundPort("new", 1))
      yield* until("a second try", () => counts.refused >= 2)
      assert.deepStrictEqual(cache.get(key("kept"))?.spec, { port: 1 })
      assert.deepStrictEqual(batches, [])
      setDown(false)
      yield* until("the rest", () => batches.flat().length === 2)
      assert.deepStrictEqual(cache.list("OutboundPort").map(({ spec }) => spec.port), [2, 1])
    }).pipe(Effect.scoped))

  it.live("finds out what it missed while the database's connections were cut", () =>
    Effect.gen(function*() {
      const { config, store, service } = yield* setUp
      yield* store.put(outboundPort("gone", 1))
      const cache = yield* openCache(service)
      const { batches } = collect(cache)
      yield* Effect.promise(() => databases.query(config, killing("change feed")))
      yield* store.remove(key("gone"))
      yield* store.put(outboundPort("new", 1))
      yield* until("both", () => batches.flat().length === 2)
      assert.deepStrictEqual(cache.list("OutboundPort").map(({ name }) => name), ["new"])
    }).pipe(Effect.scoped))

  it.live("lets no listener that throws keep the others from hearing", () =>
    Effect.gen(function*() {
      const { store, service } = yield* setUp
      const cache = yield* openCache(service)
      cache.onChange(() => {
        throw new Error("a listener's own bug")
      })
      const { batches } = collect(cache)
      yield* store.put(outboundPort("a", 1))
      yield* until("the first", () => batches.length === 1)
      yield* store.put(outboundPort("b", 1))
      yield* until("the second", () => batches.length === 2)
    }).pipe(Effect.scoped))
})

describe("what a burst of changes asks to be read", () => {
  const change = (name: string): Change => ({ _tag: "Changed", key: key(name) })

  it("is each key once", () => {
    assert.deepStrictEqual(keysToRead([change("a"), change("b"), change("a")]), [key("a"), key("b")])
  })

  it("is everything where changes may have been missed, or where there are very many", () => {
    assert.strictEqual(keysToRead([change("a"), { _tag: "Resynced" }]), "everything")
    assert.strictEqual(keysToRead(Array.from({ length: 201 }, (_, index) => change(`${index}`))), "everything")
  })
})
