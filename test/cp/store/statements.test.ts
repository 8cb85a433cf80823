/** How many statements the store sends for what is asked of it at a time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Client } from "pg"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { statementsOf } from "./countStatements.ts"
import { openStore, outboundPort, useTestDatabases } from "./testDatabases.ts"

const databases = useTestDatabases()
const names = Array.from({ length: 600 }, (_, index) => `kv-${index}`)
const together = { concurrency: "unbounded" } as const

const counted = <E>(effect: Effect.Effect<unknown, E>) => Effect.promise(() => statementsOf(() => Effect.runPromise(effect)))

const connect = async ({ dbName, host, password, port, user }: StoreConfig): Promise<Client> => {
  const client = new Client({ host, port, user, password, database: dbName })
  await client.connect()
  return client
}

describe("the statements of", () => {
  it.live("a write are one", () =>
    Effect.gen(function*() {
      const store = yield* openStore(yield* Effect.promise(databases.create))
      assert.strictEqual((yield* counted(store.put(outboundPort("kv", 1)))).length, 1)
      assert.strictEqual((yield* counted(store.put(outboundPort("kv", 2), { expect: 1 }))).length, 1)
      assert.strictEqual((yield* counted(store.put(outboundPort("kv", 2)))).length, 1)
      assert.strictEqual((yield* counted(Effect.exit(store.put(outboundPort("kv", 3), { expect: 1 })))).length, 1)
    }), 30_000)

  it.live("many writes at a time are few, and each is decided by itself", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config)
      const putAll = (port: (index: number) => number) =>
        Effect.forEach([...names.entries()], ([index, name]) =>
          Effect.result(store.put(outboundPort(name, port(index)), { expect: index % 3 === 0 ? "absent" : 1 })), together)
      yield* store.put(outboundPort("kv-0", 7))
      for (let index = 1; index < 600; index += 3) yield* store.put(outboundPort(`kv-${index}`, 7))
      // Of three in a row: one to be made, one to be written over, one that isn't there to be written over.
      assert.isAtMost((yield* counted(putAll((index) => index + 1))).length, 3)
      const stored = new Map((yield* store.list("OutboundPort")).map((one) => [one.name, one]))
      for (const [index, name] of names.entries()) {
        const one = stored.get(name)
        if (index === 0) assert.deepStrictEqual([one?.spec.port, one?.version], [7, 1])
        else if (index % 3 === 0) assert.deepStrictEqual([one?.spec.port, one?.version], [index + 1, 1])
        else if (index % 3 === 1) assert.deepStrictEqual([one?.spec.port, one?.version], [index + 1, 2])
        else assert.isUndefined(one)
      }
    }), 30_000)

  it.live("many reads at a time are few, of which each finds its own", () =>
    Effect.gen(function*() {
      const store = yield* openStore(yield* Effect.promise(databases.create))
      yield* Effect.forEach([...names.entries()], ([index, name]) => store.put(outboundPort(name, index)), together)
      const wanted = [...names, ...names, "none"]
      const read = Effect.forEach(wanted, (name) =>
        store.get(outboundPort(name, 0)).pipe(
          Effect.map(({ spec }) => spec.port),
          Effect.catchTag("NotFound", () => Effect.succeed(-1))
        ), together)
      assert.isAtMost((yield* counted(read)).length, 5)
      assert.deepStrictEqual(yield* read, wanted.map((name) => names.indexOf(name)))
    }), 30_000)
})

describe("of what is written together", () => {
  it.live("what can't be stored fails alone", () =>
    Effect.gen(function*() {
      const store = yield* openStore(yield* Effect.promise(databases.create))
      const results = yield* Effect.forEach(["a", "b\u0000", "c"], (name) =>
        Effect.result(store.put(outboundPort(name, 1))), together)
      assert.deepStrictEqual(results.map(({ _tag }) => _tag), ["Success", "Failure", "Success"])
      assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["a", "c"])
    }), 30_000)

  it.live("what somebody else has locked holds up nothing but itself", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config)
      for (const name of ["a", "b", "c"]) yield* store.put(outboundPort(name, 1))
      const client = yield* Effect.promise(() => connect(config))
      const putAll = yield* Effect.gen(function*() {
        yield* Effect.promise(() => client.query("BEGIN"))
        yield* Effect.promise(() => client.query("SELECT 1 FROM resource WHERE name = 'b' FOR UPDATE"))
        const fibers = yield* Effect.forEach(["a", "b", "c"], (name) =>
          Effect.forkChild(store.put(outboundPort(name, 2)), { startImmediately: true }))
        const written = () => Effect.map(store.list("OutboundPort"), (all) => all.map(({ spec }) => spec.port).join())
        yield* Effect.timeout(
          Effect.repeat(Effect.delay(written(), "10 millis"), { until: (ports) => ports === "2,1,2" }),
          "10 seconds"
        )
        return fibers
      }).pipe(Effect.ensuring(Effect.promise(() => client.end())))
      // Once it is free it is written, too.
      for (const fiber of putAll) yield* Effect.timeout(Fiber.join(fiber), "10 seconds")
      assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ spec }) => spec.port), [2, 2, 2])
    }), 30_000)

  it.live("what is put into something that is locked holds up nothing but itself", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config)
      const given = outboundPort("mesh", 1)
      yield* store.put(given)
      const client = yield* Effect.promise(() => connect(config))
      const waiting = yield* Effect.gen(function*() {
        yield* Effect.promise(() => client.query("BEGIN"))
        yield* Effect.promise(() => client.query("SELECT 1 FROM resource WHERE name = 'mesh' FOR UPDATE"))
        const [free, ...held] = yield* Effect.forEach([
          store.put(outboundPort("p0", 1)),
          store.put(outboundPort("p1", 1), { given }),
          store.put(outboundPort("mesh", 2), { beside: [outboundPort("p2", 1)] })
        ], (put) => Effect.forkChild(put, { startImmediately: true }))
        if (free !== undefined) yield* Effect.timeout(Fiber.join(free), "10 seconds")
        const meanwhile = yield* counted(Effect.repeat(store.list("OutboundPort"), { times: 20 }))
        assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["mesh", "p0"])
        // The others wait in the database, rather than asking again and again.
        assert.isAtMost(meanwhile.filter((text) => text === "BEGIN").length, 2)
        return held
      }).pipe(Effect.ensuring(Effect.promise(() => client.end())))
      for (const fiber of waiting) yield* Effect.timeout(Fiber.join(fiber), "10 seconds")
      assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["mesh", "p0", "p1", "p2"])
    }), 30_000)

  it.live("what is put into something that is being written isn't held up, as that stays", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const store = yield* openStore(config)
      const given = outboundPort("mesh", 1)
      yield* store.put(given)
      const client = yield* Effect.promise(() => connect(config))
      yield* Effect.gen(function*() {
        yield* Effect.promise(() => client.query("BEGIN"))
        // What a write locks, without the line of all writes that it stands in.
        yield* Effect.promise(() => client.query("SELECT 1 FROM resource WHERE name = 'mesh' FOR NO KEY UPDATE"))
        for (const options of [{ given }, { given, beside: [outboundPort("p2", 1)] }]) {
          yield* Effect.timeout(store.put(outboundPort("beside" in options ? "p1" : "p0", 1), options), "10 seconds")
        }
      }).pipe(Effect.ensuring(Effect.promise(() => client.end())))
      assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["mesh", "p0", "p1", "p2"])
    }), 30_000)

  it.live("replicas that write the same things in other orders come through, each write once", () =>
    Effect.gen(function*() {
      const config = yield* Effect.promise(databases.create)
      const stores = [yield* openStore(config), yield* openStore(config)]
      const some = names.slice(0, 50)
      for (let round = 0; round < 10; round++) {
        yield* Effect.forEach(stores, (store, which) =>
          Effect.forEach(which === 0 ? some : [...some].reverse(), (name) =>
            store.put(outboundPort(name, 10 * round + which)), together), together)
      }
      const versions = (yield* Effect.flatMap(openStore(config), (store) => store.list("OutboundPort")))
        .map(({ version }) => version)
      assert.deepStrictEqual(versions, some.map(() => 20))
    }), 30_000)
})
