/** What the store does when its connections, or the way to the database, break. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Client } from "pg"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { killing, openStore, outboundPort, useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()

const query = (config: StoreConfig, sql: string) => Effect.promise(() => databases.query(config, sql))

/** Somebody else's transaction that holds a resource's row until the scope ends. */
const lockRow = (config: StoreConfig, name: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const { dbName, host, password, port, user } = config
      const client = new Client({ host, port, user, password, database: dbName })
      await client.connect()
      await client.query("BEGIN")
      await client.query("SELECT 1 FROM resource WHERE name = $1 FOR UPDATE", [name])
      return client
    }),
    (client) => Effect.promise(() => client.end())
  )

const WAITING = `
  SELECT 1 FROM pg_stat_activity
  WHERE wait_event_type = 'Lock' AND application_name = 'ecs-mesh store' AND datname = current_database()`

const eventually = <A>(look: Effect.Effect<A>, found: (seen: A) => boolean) =>
  Effect.gen(function*() {
    while (!found(yield* look)) yield* Effect.sleep("10 millis")
  }).pipe(Effect.timeout("5 seconds"))

describe("the store", () => {
  it.live("goes on after its pooled connections were killed, again and again", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config)
      const names = ["a", "b", "c", "d", "e"]
      for (let round = 0; round < 5; round++) {
        yield* Effect.forEach(names, (name) => store.put(outboundPort(name, round)), { concurrency: "unbounded" })
        yield* query(config, killing("store"))
        assert.strictEqual((yield* store.list("OutboundPort")).length, names.length)
      }
    }), 30_000)

  it.live("says StoreUnavailable for a write that was cut off, and writes the next", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config)
      yield* store.put(outboundPort("kv", 1))
      const error = yield* Effect.scoped(Effect.gen(function*() {
        yield* lockRow(config, "kv")
        const cut = yield* Effect.forkChild(Effect.flip(store.put(outboundPort("kv", 2))))
        yield* eventually(query(config, WAITING), (rows) => rows.length === 1)
        yield* query(config, killing("store"))
        return yield* Effect.timeout(Fiber.join(cut), "5 seconds")
      }))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual((yield* store.get(outboundPort("kv", 0))).spec.port, 1)
      assert.strictEqual((yield* store.put(outboundPort("kv", 3))).version, 2)
    }), 30_000)

  it.live("lets an interrupted write's connection go, and doesn't hand it to the next", () =>
    Effect.gen(function*() {
      const config = { ...(yield* Effect.promise(databases.create)), maxOpenConnections: 1 }
      const store = yield* openStore(config)
      yield* store.put(outboundPort("kv", 1))
      yield* Effect.scoped(Effect.gen(function*() {
        yield* lockRow(config, "kv")
        const waiting = yield* Effect.forkChild(store.put(outboundPort("kv", 2)))
        yield* eventually(query(config, WAITING), (rows) => rows.length === 1)
        yield* Fiber.interrupt(waiting)
        assert.strictEqual((yield* Effect.timeout(store.list("OutboundPort"), "5 seconds")).length, 1)
      }))
    }), 30_000)

  it.live("never has more connections than it may", () =>
    Effect.gen(function*() {
      const config = { ...(yield* Effect.promise(databases.create)), maxOpenConnections: 2 }
      const store = yield* openStore(config)
      const asked = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 200 }, (_, index) => index), (index) =>
          Effect.andThen(store.put(outboundPort(`kv-${index}`, index)), store.list("OutboundPort")), {
          concurrency: "unbounded"
        })
      )
      let most = 0
      while (asked.pollUnsafe() === undefined) {
        const open = yield* query(
          config,
          "SELECT 1 FROM pg_stat_activity WHERE application_name = 'ecs-mesh store' AND datname = current_database()"
        )
        most = Math.max(most, open.length)
      }
      assert.strictEqual((yield* Fiber.join(asked)).length, 200)
      assert.strictEqual(most, 2)
    }), 30_000)
})

describe("what can't be reached", () => {
  const refused = (config: StoreConfig) => Effect.scoped(Effect.flip(openStore(config)))

  it.live("is told with the address and what to do, and without the password", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const password = "s3cret-of-the-database"
      const wrong = yield* refused({ ...config, password })
      assert.strictEqual(wrong._tag, "StoreUnavailable")
      assert.include(wrong.message, "KUMA_STORE_POSTGRES_PASSWORD")
      const absent = yield* refused({ ...config, port: 1, password })
      assert.include(absent.message, "127.0.0.1:1")
      assert.include(absent.message, "KUMA_STORE_POSTGRES_PORT")
      const unknown = yield* refused({ ...config, dbName: `no-${password}`, password: config.password })
      assert.include(unknown.message, "KUMA_STORE_POSTGRES_DB_NAME")
      // The server's own words are redacted even where they happen to hold the password.
      const echoed = yield* refused({ ...config, dbName: `no-${config.password}` })
      for (const { message } of [wrong, absent]) assert.notInclude(message, password)
      assert.notInclude(echoed.message, config.password)
    }), 30_000)

  it.live("is told by the variable's name where a TLS file is missing", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const error = yield* refused({
        ...config,
        tls: { mode: "verifyFull", caPath: "/nowhere/ca.pem", certPath: null, keyPath: null }
      })
      assert.include(error.message, "KUMA_STORE_POSTGRES_TLS_CA_PATH names /nowhere/ca.pem")
    }), 30_000)

  it.live("is a server without TLS where TLS is asked for", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const error = yield* refused({
        ...config,
        tls: { mode: "verifyNone", caPath: null, certPath: null, keyPath: null }
      })
      assert.include(error.message, "SSL")
    }), 30_000)
})
