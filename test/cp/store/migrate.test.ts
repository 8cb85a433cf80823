import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Migration, migrate } from "../../../src/cp/store/migrate.ts"
import { openStore, useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()

const one: Migration = { number: 1, name: "one", sql: "CREATE TABLE one (a int)" }
const two: Migration = {
  number: 2,
  name: "two",
  sql: "ALTER TABLE one ADD COLUMN b int; INSERT INTO one VALUES (1, 2)"
}

describe("migrations", () => {
  it.live("run once, in order, however many replicas start together", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      yield* Effect.all(Array.from({ length: 5 }, () => migrate(config, [one, two])), { concurrency: "unbounded" })
      const rows = yield* Effect.promise(() => databases.query(config, "SELECT a, b FROM one"))
      assert.deepStrictEqual(rows, [{ a: 1, b: 2 }])
      const applied = yield* Effect.promise(() =>
        databases.query(config, "SELECT number, name FROM schema_migration ORDER BY number")
      )
      assert.deepStrictEqual(applied, [{ number: 1, name: "one" }, { number: 2, name: "two" }])
    }), 30_000)

  it.live("that fail leave nothing behind, and run once they are mended", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const broken = { ...two, sql: "INSERT INTO one VALUES (3); SELECT no_such_thing()" }
      const error = yield* Effect.flip(migrate(config, [one, broken]))
      assert.include(error.message, "no_such_thing")
      assert.deepStrictEqual(yield* Effect.promise(() => databases.query(config, "SELECT * FROM one")), [])
      yield* migrate(config, [one, two])
      assert.deepStrictEqual(yield* Effect.promise(() => databases.query(config, "SELECT a FROM one")), [{ a: 1 }])
    }), 30_000)

  it.live("of a newer version are left alone", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      yield* migrate(config, [one, two])
      const error = yield* Effect.flip(migrate(config, [one]))
      assert.include(error.message, "migration 2, this version knows 1")
    }), 30_000)

  it.live("keep what an earlier start has stored", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const key = { type: "OutboundPort", mesh: "default", name: "kv" } as const
      yield* Effect.scoped(Effect.flatMap(openStore(config), (store) =>
        store.put({ ...key, labels: {}, spec: { port: 7 } })))
      const again = yield* Effect.scoped(Effect.flatMap(openStore(config), (store) => store.get(key)))
      assert.strictEqual(again.spec.port, 7)
    }), 30_000)
})
