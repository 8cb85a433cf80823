import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { firstPort, freePort, OutboundPorts } from "../../../src/controllers/dataplane/OutboundPorts.ts"
import { Store } from "../../../src/model/Store.ts"
import { emptyMesh, openStore, outboundPort, useTestDatabases } from "../../cp/store/testDatabases.ts"

const databases = useTestDatabases()

const setUp = Effect.gen(function*() {
  const store = yield* openStore(yield* Effect.promise(databases.create))
  yield* store.put(emptyMesh())
  const make = Layer.build(OutboundPorts.layer("zone-1").pipe(Layer.provide(Layer.succeed(Store, store)))).pipe(
    Effect.flatMap((context) => Effect.provide(OutboundPorts, context))
  )
  return { store, make }
})

describe("the port of a service", () => {
  it("begins at its name's hash and is never one that is taken", () => {
    const ports = fc.uniqueArray(fc.integer({ min: 20_000, max: 29_999 }), { maxLength: 500 })
    fc.assert(fc.property(fc.string(), ports, (service, taken) => {
      const port = freePort(service, new Set(taken))
      assert.isTrue(port !== null && port >= 20_000 && port < 30_000 && !taken.includes(port))
      if (!taken.includes(firstPort(service))) assert.strictEqual(port, firstPort(service))
    }))
  })

  it("isn't there once all are taken", () => {
    assert.isNull(freePort("kv", new Set(Array.from({ length: 10_000 }, (_, index) => 20_000 + index))))
  })

  it.live("is given once, and the same after a restart", () =>
    Effect.gen(function*() {
      const { store, make } = yield* setUp
      const first = yield* (yield* make).ensure("default", ["kv", "redis"])
      assert.deepStrictEqual(first, { kv: firstPort("kv"), redis: firstPort("redis") })
      assert.deepStrictEqual(yield* (yield* make).ensure("default", ["redis", "kv"]), first)
      assert.strictEqual((yield* store.list("OutboundPort", "default")).length, 2)
    }).pipe(Effect.scoped), 30_000)

  it.live("moves on where another service has it, and stays there when that one leaves", () =>
    Effect.gen(function*() {
      const { store, make } = yield* setUp
      yield* store.put(outboundPort("squatter", firstPort("kv")))
      const ports = yield* make
      const { kv } = yield* ports.ensure("default", ["kv"])
      assert.strictEqual(kv, freePort("kv", new Set([firstPort("kv")])))
      yield* store.remove({ type: "OutboundPort", mesh: "default", name: "squatter" })
      assert.strictEqual((yield* ports.ensure("default", ["kv"]))["kv"], kv)
    }).pipe(Effect.scoped), 30_000)

  it.live("is another for each of many that are asked for at once", () =>
    Effect.gen(function*() {
      const { make } = yield* setUp
      const ports = yield* make
      const names = Array.from({ length: 60 }, (_, index) => `service-${index}`)
      const given = yield* Effect.forEach(names, (name) => ports.ensure("default", [name]), {
        concurrency: "unbounded"
      })
      assert.strictEqual(new Set(given.flatMap((one) => Object.values(one))).size, 60)
    }).pipe(Effect.scoped), 30_000)
})
