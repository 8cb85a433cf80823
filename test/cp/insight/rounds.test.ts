// How often counts are written that go on changing: each write is also read by every replica.
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import { Insights, insightKey } from "../../../src/cp/insight/Insights.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { MemoryResources } from "../../controllers/perturbed/MemoryResources.ts"
import { memoryStore } from "../../controllers/perturbed/memoryStore.ts"

const proxy = (name: string) => ({ proxyType: "dataplane", mesh: "default", name }) as const
const assignment = { _tag: "Pushed", typeUrl: TypeUrl.ClusterLoadAssignment } as const

/** Before a store that is there or not, and a cache that knows at once what is stored. */
const start = (names: ReadonlyArray<string>) => {
  const resources = new MemoryResources(() => 0)
  resources.put({ type: "Mesh", mesh: "", name: "default", labels: {}, spec: {} })
  for (const name of names) resources.put({ type: "Dataplane", mesh: "default", name, labels: {}, spec: {} })
  const state = { isThere: true }
  const store = memoryStore(resources)
  const sometimes = Store.of({
    ...store,
    put: (resource, options) =>
      Effect.suspend(() =>
        state.isThere ? store.put(resource, options) : Effect.fail(new StoreUnavailable({ operation: "put", message: "" })))
  })
  const cache = ResourceCache.of({
    get: (key) => resources.list(key.type, key.mesh).find((one) => one.name === key.name),
    list: (type, mesh) => resources.list(type, mesh),
    onChange: () => () => {}
  })
  const layer = Insights.layer({ instanceId: "cp-1", flushMillis: 5_000 }).pipe(
    Layer.provide([Layer.succeed(Store, sometimes), Layer.succeed(ResourceCache, cache)])
  )
  const insight = (name: string) => cache.get(insightKey(proxy(name)))
  return { state, layer, writes: (name: string) => insight(name)?.version ?? 0, spec: (name: string) => insight(name)?.spec }
}

const run = <E>(test: Effect.Effect<void, E, Insights>, layer: Layer.Layer<Insights>) =>
  Effect.runPromise(test.pipe(Effect.provide(layer), Effect.provide(TestClock.layer()), Effect.scoped))

it("writes counts soon, and those that go on changing twice a minute and once more at the end", async () => {
  const { layer, spec, writes } = start(["busy", "quiet"])
  await run(
    Effect.gen(function*() {
      const insights = yield* Insights
      const [busy, quiet] = [insights.open(proxy("busy"), null, 0), insights.open(proxy("quiet"), null, 0)]
      const seen: Array<number> = []
      for (let second = 1; second <= 94; second++) {
        busy.record({ ...assignment, at: second })
        yield* TestClock.adjust("1 second")
        if (second % 10 === 6) seen.push(writes("busy"))
      }
      expect(seen).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3])
      expect(writes("quiet")).toBe(1)
      // Who rested long enough is written with the next round.
      quiet.record({ ...assignment, at: 95 })
      yield* TestClock.adjust("5 seconds")
      expect([writes("quiet"), writes("busy")]).toEqual([2, 4])
      yield* TestClock.adjust("5 minutes")
      expect([writes("quiet"), writes("busy")]).toEqual([2, 4])
      expect(spec("busy")).toMatchObject({ subscriptions: [{ status: { eds: { responsesSent: "94" } } }] })
    }),
    layer
  )
})

it("tries what couldn't be written again with the next round", async () => {
  const { layer, state, writes } = start(["kv-1"])
  await run(
    Effect.gen(function*() {
      ;(yield* Insights).open(proxy("kv-1"), null, 0)
      state.isThere = false
      yield* TestClock.adjust("6 seconds")
      expect(writes("kv-1")).toBe(0)
      state.isThere = true
      yield* TestClock.adjust("5 seconds")
      expect(writes("kv-1")).toBe(1)
    }),
    layer
  )
})

it("writes all that is due where somebody asks for it, and what is urgent at once, however soon after a round", async () => {
  const { layer, writes } = start(["kv-1"])
  await run(
    Effect.gen(function*() {
      const insights = yield* Insights
      const recorder = insights.open(proxy("kv-1"), null, 0)
      yield* TestClock.adjust("6 seconds")
      recorder.record({ ...assignment, at: 7 })
      yield* TestClock.adjust("6 seconds")
      expect(writes("kv-1")).toBe(1)
      yield* insights.flush
      expect(writes("kv-1")).toBe(2)
      recorder.record({ _tag: "Nacked", typeUrl: TypeUrl.Cluster, message: "no", at: 8 })
      yield* TestClock.adjust("50 millis")
      expect(writes("kv-1")).toBe(3)
    }),
    layer
  )
})

it("writes at once that a proxy took its listeners, however often it refused something before", async () => {
  const { layer, spec } = start(["kv-1"])
  await run(
    Effect.gen(function*() {
      const recorder = (yield* Insights).open(proxy("kv-1"), null, 0)
      yield* TestClock.adjust("6 seconds")
      for (let at = 0; at < 30; at++) recorder.record({ _tag: "Nacked", typeUrl: TypeUrl.Cluster, message: "no", at })
      yield* TestClock.adjust("50 millis")
      recorder.record({ _tag: "Acked", typeUrl: TypeUrl.Listener, at: 31 })
      yield* TestClock.adjust("50 millis")
      expect(spec("kv-1")).toMatchObject({ subscriptions: [{ status: { lds: { responsesAcknowledged: "1" } } }] })
    }),
    layer
  )
})
