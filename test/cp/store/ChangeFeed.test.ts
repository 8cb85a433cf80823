import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import type { ChangeFeedOptions } from "../../../src/cp/store/ChangeFeed.ts"
import type { Change, Store } from "../../../src/model/Store.ts"
import { silencableProxy } from "./silencableProxy.ts"
import { killing, openStore, outboundPort, useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()

const quick: ChangeFeedOptions = { rereadMillis: 200, graceMillis: 100, answerMillis: 500 }
/** Too slow to help within a test. */
const slow: ChangeFeedOptions = { rereadMillis: 60_000, graceMillis: 1_000, answerMillis: 5_000 }

const query = (config: StoreConfig, sql: string) => Effect.promise(() => databases.query(config, sql))

/** Subscribed when this returns. */
const subscribe = (store: Store["Service"]) =>
  Effect.map(Stream.toPull(store.changes), (pull) => {
    const waiting: Array<Change> = []
    return Effect.gen(function*() {
      while (waiting.length === 0) waiting.push(...(yield* pull))
      const next = waiting.shift()
      return next?._tag === "Changed" ? changed(next.key.name) : next
    }).pipe(Effect.timeout("10 seconds"))
  })

const changed = (name: string): Change => ({
  _tag: "Changed",
  key: { type: "OutboundPort", mesh: "default", name }
})

describe("the change feed", () => {
  it.live("tells what other replicas and people at psql write", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const next = yield* subscribe(yield* openStore(config, slow))
      const other = yield* openStore(config, slow)
      yield* other.put(outboundPort("a", 1))
      yield* other.put(outboundPort("b", 1))
      yield* query(config, "DELETE FROM resource WHERE name = 'a'")
      assert.deepStrictEqual([yield* next, yield* next, yield* next], [changed("a"), changed("b"), changed("a")])
    }), 30_000)

  it.live("reconnects when its connection is killed and then says Resynced", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config, slow)
      const next = yield* subscribe(store)
      for (let round = 0; round < 3; round++) {
        yield* query(config, killing("change feed"))
        assert.deepStrictEqual(yield* next, { _tag: "Resynced" })
        yield* store.put(outboundPort("a", round))
        assert.deepStrictEqual(yield* next, changed("a"))
      }
    }), 30_000)

  it.live("finds by rereading that a notification was swallowed", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const next = yield* subscribe(yield* openStore(config, quick))
      yield* query(config, "UPDATE resource_revision SET revision = revision + 1")
      assert.deepStrictEqual(yield* next, { _tag: "Resynced" })
    }), 30_000)

  it.live("finds by the next notification that one was swallowed", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config, slow)
      const next = yield* subscribe(store)
      yield* query(config, "UPDATE resource_revision SET revision = revision + 1")
      yield* store.put(outboundPort("a", 1))
      assert.deepStrictEqual(yield* next, { _tag: "Resynced" })
      yield* store.put(outboundPort("a", 2))
      assert.deepStrictEqual(yield* next, changed("a"))
    }), 30_000)

  it.live("counts no write that was rolled back", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config, slow)
      const next = yield* subscribe(store)
      yield* store.put(outboundPort("a", 1))
      yield* query(config, "BEGIN; DELETE FROM resource; ROLLBACK")
      yield* store.put(outboundPort("b", 1))
      assert.deepStrictEqual([yield* next, yield* next], [changed("a"), changed("b")])
    }), 30_000)

  it.live("notices a connection that falls silent, and repairs it", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const network = yield* silencableProxy(config)
      const next = yield* subscribe(yield* openStore({ ...config, port: network.port }, quick))
      network.silence()
      const other = yield* openStore(config, slow)
      yield* other.put(outboundPort("a", 1))
      assert.deepStrictEqual(yield* next, { _tag: "Resynced" })
      yield* other.put(outboundPort("a", 2))
      assert.deepStrictEqual(yield* next, changed("a"))
    }), 30_000)

  it.live("tells a key whose name is too long for a notification as Resynced", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const next = yield* subscribe(yield* openStore(config, slow))
      const other = yield* openStore(config, slow)
      // As a key of the index, which holds 2.7 kB, it has to be compressible.
      yield* other.put(outboundPort("x".repeat(9_000), 1))
      assert.deepStrictEqual(yield* next, { _tag: "Resynced" })
    }), 30_000)
})
