import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { ResourceCache, type ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { killing, openStore, outboundPort, useTestDatabases } from "../store/testDatabases.ts"

const databases = useTestDatabases()

/** A real store that counts what is read, and can be made to answer nothing. */
const watched = (store: Store["Service"]) => {
  const counts = { all: 0, keys: 0, refused: 0 }
  let down = false
  const unlessDown = <A, E>(read: Effect.Effect<A, E>): Effect.Effect<A, E | StoreUnavailable> =>
    Effect.suspend((): Effect.Effect<A, E | StoreUnavailable> => {
      if (!down) return read
      counts.refused++
      return Effect.fail(new StoreUnavailable({ operation: "test", message: "made so by the test" }))
    })
  const service: Store["Service"] = {
    ...store,
    snapshot: (keys) => unlessDown(Effect.suspend(() => (counts[keys === "all" ? "all" : "keys"]++, store.snapshot(keys))))
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

  it.live("tells what was before and what is after, and reads what another wrote, once", () =>
    Effect.gen(function*() {
      const { config, service, counts } = yield* setUp
      const store = yield* openStore(config)
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
      // A removal says what is there since: nothing.
      assert.deepStrictEqual(counts, { all: 1, keys: 2, refused: 0 })
      stop()
      yield* store.put(outboundPort("kv", 3))
      yield* until("the resource", () => cache.get(key("kv")) !== undefined)
      assert.strictEqual(batches.length, 3)
    }).pipe(Effect.scoped))

  it.live("knows what its own process wrote by the time that it is written, and reads none of it", () =>
    Effect.gen(function*() {
      const { store, service, counts } = yield* setUp
      const cache = yield* openCache(service)
      const { batches } = collect(cache)
      for (const port of [1, 2]) {
        const written = yield* store.put(outboundPort("kv", port))
        assert.deepStrictEqual(cache.get(key("kv")), written)
        assert.deepStrictEqual(cache.get(key("kv")), yield* store.get(key("kv")))
      }
      yield* store.remove(key("kv"))
      yield* until("the removal", () => cache.get(key("kv")) === undefined)
      // The database told of all three, too.
      assert.strictEqual(batches.flat().length, 3)
      assert.deepStrictEqual(counts, { all: 1, keys: 0, refused: 0 })
    }).pipe(Effect.scoped))

  it.live("tells what was written at once at once, and reads what others wrote at once at once", () =>
    Effect.gen(function*() {
      const { config, store, service, counts } = yield* setUp
      const cache = yield* openCache(service)
      const { batches } = collect(cache)
      const names = Array.from({ length: 200 }, (_, index) => `kv-${index}`)
      yield* Effect.forEach(names, (name) => store.put(outboundPort(name, 1)), { concurrency: "unbounded" })
      assert.deepStrictEqual(batches.map(({ length }) => length), [200])
      const sql = "UPDATE resource SET spec = '{\"port\":2}', version = version + 1"
      yield* Effect.promise(() => databases.query(config, sql))
      yield* until("all", () => cache.list("OutboundPort").every(({ spec }) => spec.port === 2))
      assert.strictEqual(counts.all, 1)
      // What the database tells of them comes in a few notifications, the first of which doesn't wait for the others.
      assert.isAtMost(counts.keys, 5)
    }).pipe(Effect.scoped))

  it.live("keeps what it has while the store can't be read, and catches up once it can", () =>
    Effect.gen(function*() {
      const { config, service, counts, setDown } = yield* setUp
      const store = yield* openStore(config)
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

  it.live.each([1, 2, 3])("is what the store is in the end, whoever writes what and whatever breaks (seed %i)", (seed) =>
    Effect.gen(function*() {
      const { config, store, service } = yield* setUp
      const other = yield* openStore(config)
      const cache = yield* openCache(service)
      const names = ["a", "b", "c", "d", "e"]
      /** What was replaced or removed never comes again: each write is another one. */
      const gone = new Set<string>()
      const backwards: Array<string> = []
      const written = ({ creationTime, name, spec, version }: Resource) =>
        JSON.stringify([name, creationTime, version, spec])
      cache.onChange((changes) => {
        for (const { after, before } of changes) {
          if (before !== undefined) gone.add(written(before))
          if (after !== undefined && gone.has(written(after))) backwards.push(written(after))
        }
      })
      let writes = 0
      let state = seed
      const random = (below: number): number => {
        state = (state * 48_271) % 2_147_483_647
        return state % below
      }
      const write = (writer: Store["Service"]) =>
        Effect.suspend(() => {
          const name = names[random(names.length)] ?? "a"
          return random(4) === 0 ? writer.remove(key(name)) : writer.put(outboundPort(name, (writes += 1)))
        }).pipe(Effect.exit)
      for (let step = 0; step < 300; step++) {
        // Several at a time, by both replicas, each in its own order.
        yield* Effect.all(
          Array.from({ length: 1 + random(6) }, () => write(random(2) === 0 ? store : other)),
          { concurrency: "unbounded" }
        )
        if (random(60) === 0) {
          yield* Effect.promise(() => databases.query(config, killing(random(2) === 0 ? "store" : "change feed")))
        }
        if (random(90) === 0) {
          const sql = "UPDATE resource SET spec = '{\"port\":0}', version = version + 1 WHERE name < 'c'"
          yield* Effect.promise(() => databases.query(config, sql))
        }
      }
      // A change feed that was cut comes back within a second, and then reads everything.
      const shown = (all: ReadonlyArray<unknown>) => JSON.stringify(all)
      const stored = shown(yield* store.list("OutboundPort"))
      yield* until("the end", () => shown(cache.list("OutboundPort")) === stored)
      assert.deepStrictEqual(backwards, [])
    }).pipe(Effect.scoped), 60_000)
})
