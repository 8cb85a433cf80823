import { Effect, Layer, Schedule } from "effect"
import { describe, expect, it } from "vitest"
import { Insights, insightKey } from "../../../src/cp/insight/Insights.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"

const databases = useTestDatabases()
const proxy = { proxyType: "dataplane", mesh: "default", name: "kv-1" } as const
const dataplane = { type: "Dataplane", mesh: "default", name: "kv-1", labels: {}, spec: {} } as const

describe("what is known of a proxy", () => {
  it("is written at once when it first accepts its listeners, as others wait for that", async () => {
    const config = await databases.create()
    const store = PostgresStore.layer(config)
    const listening = Effect.gen(function*() {
      const insights = yield* Insights
      const { get } = yield* Store
      const recorder = insights.open(proxy, null, Date.now())
      recorder.record({ _tag: "Pushed", typeUrl: TypeUrl.Listener, at: Date.now() })
      recorder.record({ _tag: "Acked", typeUrl: TypeUrl.Listener, at: Date.now() })
      return yield* get(insightKey(proxy)).pipe(Effect.retry({ times: 200, schedule: Schedule.spaced("10 millis") }))
    })
    const insight = await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(dataplane)
        return yield* listening.pipe(
          // An hour between two writes: this one can't be one of them.
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(Layer.provide(ResourceCacheLive)))
        )
      }).pipe(Effect.provide(store), Effect.scoped)
    )
    expect(insight.spec).toMatchObject({ subscriptions: [{ status: { lds: { responsesAcknowledged: "1" } } }] })
  })

  const urgent = {
    "accepts its listeners": { _tag: "Acked", typeUrl: TypeUrl.Listener, at: 1 },
    "refuses what it was sent": { _tag: "Nacked", typeUrl: TypeUrl.Cluster, message: "no", at: 1 },
    "is gone": { _tag: "Disconnected", at: 1 }
  } as const
  it.each(Object.entries(urgent))("is written at once when it %s, alone: others' counts wait", async (_, event) => {
    const config = await databases.create()
    const other = { ...proxy, name: "kv-2" }
    const counted = Effect.gen(function*() {
      const insights = yield* Insights
      const { get } = yield* Store
      insights.open(other, null, 1).record({ _tag: "Pushed", typeUrl: TypeUrl.Listener, at: 1 })
      insights.open(proxy, null, 1).record(event)
      yield* get(insightKey(proxy)).pipe(Effect.retry({ times: 1_500, schedule: Schedule.spaced("10 millis") }))
      // Whatever was written with it is there once this one's next news is.
      insights.open(proxy, null, 2).record({ _tag: "Disconnected", at: 2 })
      yield* Effect.repeat(get(insightKey(proxy)), {
        until: ({ spec }) => spec.subscriptions?.length === 2,
        schedule: Schedule.spaced("10 millis")
      }).pipe(Effect.timeout("15 seconds"))
      yield* Effect.flip(get(insightKey(other)))
      yield* insights.flush
      yield* get(insightKey(other))
    })
    await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(dataplane)
        yield* (yield* Store).put({ ...dataplane, name: "kv-2" })
        yield* counted.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(Layer.provide(ResourceCacheLive)))
        )
      }).pipe(Effect.provide(PostgresStore.layer(config)), Effect.scoped)
    )
  })

  it("is there again when its resource comes back while its stream is open", async () => {
    const config = await databases.create()
    const acknowledged = Effect.gen(function*() {
      const { get, put, remove } = yield* Store
      const insights = yield* Insights
      const found = get(insightKey(proxy)).pipe(Effect.retry({ times: 300, schedule: Schedule.spaced("10 millis") }))
      const recorder = insights.open(proxy, null, Date.now())
      recorder.record({ _tag: "Acked", typeUrl: TypeUrl.Listener, at: Date.now() })
      yield* found
      yield* remove(dataplane)
      // Its insight doesn't outlive it.
      yield* Effect.flip(get(insightKey(proxy))).pipe(Effect.retry({ times: 300, schedule: Schedule.spaced("10 millis") }))
      yield* put(dataplane)
      return yield* found
    })
    const insight = await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(dataplane)
        return yield* acknowledged.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 20 }).pipe(Layer.provide(ResourceCacheLive)))
        )
      }).pipe(Effect.provide(PostgresStore.layer(config)), Effect.scoped)
    )
    expect(insight.spec).toMatchObject({ subscriptions: [{ status: { lds: { responsesAcknowledged: "1" } } }] })
  })

  it("isn't taken for an orphan's where its proxy is back, and known anew, while that is looked at", async () => {
    const config = await databases.create()
    const another = { ...insightKey(proxy), labels: {}, spec: { subscriptions: [] } }
    let turns = 0
    /** Between the look for the proxy and what follows from it, it comes back, and another replica writes of it. */
    const interrupted = Layer.effect(
      Store,
      Effect.map(Store, (store) => ({
        ...store,
        remove: (key, options) =>
          key.type !== "DataplaneInsight"
            ? store.remove(key, options)
            : Effect.gen(function*() {
              if (turns === 0) {
                yield* store.put(dataplane)
                yield* store.put({ ...another, labels: { written: "anew" } })
              }
              // Counted once it is over: only then can what became of it be looked at.
              yield* Effect.ensuring(store.remove(key, options), Effect.sync(() => void (turns += 1)))
            })
      } satisfies Store["Service"]))
    ).pipe(Layer.provideMerge(PostgresStore.layer(config)))
    const kept = Effect.gen(function*() {
      const { get, put, remove } = yield* Store
      yield* put(another)
      yield* remove(dataplane)
      yield* Effect.sync(() => turns).pipe(
        Effect.repeat({ until: (count) => count > 0, schedule: Schedule.spaced("10 millis") }),
        Effect.timeout("10 seconds")
      )
      yield* (yield* Insights).flush
      return yield* get(insightKey(proxy))
    })
    const insight = await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(dataplane)
        return yield* kept.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 20 }).pipe(Layer.provide(ResourceCacheLive)))
        )
      }).pipe(Effect.provide(interrupted), Effect.scoped)
    )
    expect(insight.labels).toEqual({ written: "anew" })
  })
})
