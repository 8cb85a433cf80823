import { Effect, Layer, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it, vi } from "vitest"
import { Insights, insightKey } from "../../../src/cp/insight/Insights.ts"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Store } from "../../../src/model/Store.ts"
import { statementsOf } from "../store/countStatements.ts"
import { beset, removeAll } from "../store/beset.ts"
import { emptyMesh, useTestDatabases } from "../store/testDatabases.ts"

const databases = useTestDatabases()
const proxy = { proxyType: "dataplane", mesh: "default", name: "kv-1" } as const
const dataplane = { type: "Dataplane", mesh: "default", name: "kv-1", labels: {}, spec: {} } as const

/** With the mesh that the proxies are in. */
const storeOf = (config: StoreConfig) =>
  Layer.effectDiscard(Effect.flatMap(Store, (store) => store.put(emptyMesh()))).pipe(
    Layer.provideMerge(PostgresStore.layer(config))
  )

describe("what is known of a proxy", () => {
  it("is written at once when it first accepts its listeners, as others wait for that", async () => {
    const config = await databases.create()
    const store = storeOf(config)
    const listening = Effect.gen(function*() {
      const insights = yield* Insights
      const { get } = yield* Store
      const node = { version: { envoy: { version: "1.40.0" } }, features: ["feature-x"] }
      const recorder = insights.open(proxy, node, Date.now())
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
    expect(insight.spec).toMatchObject({
      subscriptions: [{ status: { lds: { responsesAcknowledged: "1" } }, version: { envoy: { version: "1.40.0" } } }],
      metadata: { features: ["feature-x"] }
    })
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
      }).pipe(Effect.provide(storeOf(config)), Effect.scoped)
    )
  })

  it("is written at once so often a minute, however often it refuses, and others' besides", async () => {
    const config = await databases.create()
    const other = { ...proxy, name: "kv-2" }
    const refusing = Effect.gen(function*() {
      const insights = yield* Insights
      const { get } = yield* Store
      const rejected = (key: typeof proxy | typeof other, count: number) =>
        Effect.repeat(get(insightKey(key)).pipe(Effect.retry({ times: 1_500, schedule: Schedule.spaced("10 millis") })), {
          until: ({ spec }) => spec.subscriptions.at(-1)?.status?.total?.responsesRejected === String(count),
          schedule: Schedule.spaced("10 millis")
        }).pipe(Effect.timeout("15 seconds"))
      const refusal = { _tag: "Nacked", typeUrl: TypeUrl.Cluster, message: "no" } as const
      const one = insights.open(proxy, null, 1)
      for (let times = 1; times <= 20; times += 1) {
        one.record({ ...refusal, at: times })
        yield* rejected(proxy, times)
      }
      one.record({ ...refusal, at: 21 })
      insights.open(other, null, 1).record({ ...refusal, at: 21 })
      yield* rejected(other, 1)
      yield* rejected(proxy, 20)
      one.record({ ...refusal, at: 61_000 })
      yield* rejected(proxy, 22)
    })
    await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(dataplane)
        yield* (yield* Store).put({ ...dataplane, name: "kv-2" })
        yield* refusing.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(Layer.provide(ResourceCacheLive)))
        )
      }).pipe(Effect.provide(storeOf(config)), Effect.scoped)
    )
  })

  it("is written at once when its proxy comes from another replica, which may take it for gone", async () => {
    const config = await databases.create()
    const status = { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }
    const elsewhere = { id: "1", controlPlaneInstanceId: "cp-2", connectTime: "2026-01-01T00:00:00.000Z", status }
    const told = Effect.gen(function*() {
      const { get, put } = yield* Store
      yield* put(dataplane)
      yield* put({ ...dataplane, ...insightKey(proxy), spec: { subscriptions: [elsewhere] } })
      const comes = Effect.gen(function*() {
        ;(yield* Insights).open(proxy, null, Date.now())
        return yield* Effect.repeat(get(insightKey(proxy)), {
          until: ({ spec }) => spec.subscriptions.length === 2,
          schedule: Schedule.spaced("10 millis")
        }).pipe(Effect.timeout("15 seconds"))
      })
      return yield* comes.pipe(
        Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(Layer.provide(ResourceCacheLive)))
      )
    })
    const { spec } = await Effect.runPromise(told.pipe(Effect.provide(storeOf(config)), Effect.scoped))
    expect(spec.subscriptions.map((one) => [one.controlPlaneInstanceId, one.disconnectTime === undefined])).toEqual([
      ["cp-2", false], ["cp-1", true]
    ])
  })

  it("is said again now and then while its stream is open, though nothing happens on it", async () => {
    const config = await databases.create()
    const quiet = Effect.gen(function*() {
      const { get } = yield* Store
      const untilVersion = (wanted: number) =>
        Effect.promise(() => vi.waitFor(async () => {
          const { spec, version } = await Effect.runPromise(get(insightKey(proxy)))
          expect(version).toBe(wanted)
          return spec.subscriptions[0]?.status.lastUpdateTime
        }, { timeout: 10_000 }))
      ;(yield* Insights).open(proxy, null, 0)
      yield* TestClock.adjust("5 seconds")
      const first = yield* untilVersion(1)
      yield* TestClock.adjust("14 minutes")
      yield* TestClock.adjust("7 minutes")
      return [first, yield* untilVersion(2)]
    })
    const told = await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(dataplane)
        return yield* quiet.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 5_000 }).pipe(Layer.provide(ResourceCacheLive))),
          Effect.provide(TestClock.layer())
        )
      }).pipe(Effect.provide(storeOf(config)), Effect.scoped)
    )
    expect(told).toEqual([undefined, expect.stringMatching(/^1970-01-01T00:(15|20):/)])
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
      }).pipe(Effect.provide(storeOf(config)), Effect.scoped)
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
    ).pipe(Layer.provideMerge(storeOf(config)))
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

  it("is written for many at a time in few statements, each once, and not again while nothing happens", async () => {
    const config = await databases.create()
    const many = Array.from({ length: 500 }, (_, index) => ({ ...proxy, name: `kv-${index}` }))
    /** What insights ask of the store. The cache reads besides where a busy machine is late with an answer. */
    const asked: Array<string> = []
    const noted = Layer.effect(
      Store,
      Effect.map(Store, (store) => ({
        ...store,
        get: (key) => Effect.andThen(Effect.sync(() => void asked.push(`get ${key.name}`)), store.get(key)),
        put: (resource, options) =>
          Effect.andThen(Effect.sync(() => void asked.push(`put ${resource.name}`)), store.put(resource, options)),
        remove: (key, options) =>
          Effect.andThen(Effect.sync(() => void asked.push(`remove ${key.name}`)), store.remove(key, options))
      } satisfies Store["Service"]))
    )
    const counted = Effect.gen(function*() {
      const insights = yield* Insights
      const store = yield* Store
      const written = (wanted: number) =>
        Effect.repeat(store.list("DataplaneInsight"), {
          until: (all) => all.filter(({ version }) => version === wanted).length === many.length,
          schedule: Schedule.spaced("20 millis")
        }).pipe(Effect.timeout("30 seconds"))
      const come = Effect.suspend(() => {
        const recorders = many.map((one) => insights.open(one, null, 1))
        for (const [at, typeUrl] of [TypeUrl.Cluster, TypeUrl.ClusterLoadAssignment, TypeUrl.Listener].entries()) {
          for (const { record } of recorders) {
            record({ _tag: "Pushed", typeUrl, at })
            record({ _tag: "Acked", typeUrl, at })
          }
        }
        return Effect.as(written(1), recorders)
      })
      // What a batch brings goes on within one turn, however long that takes here.
      const clock = vi.spyOn(performance, "now").mockReturnValue(0)
      const statements = yield* Effect.promise(() => statementsOf(() => Effect.runPromise(come))).pipe(
        Effect.ensuring(Effect.sync(() => clock.mockRestore()))
      )
      expect(asked.toSorted()).toEqual(many.map(({ name }) => `put ${name}`).toSorted())
      expect(statements.filter((text) => text.includes("put_resources")).length)
        .toBeLessThanOrEqual(Math.ceil(many.length / 128) + 3)
      yield* insights.flush
      expect(asked).toHaveLength(many.length)
      return yield* store.list("DataplaneInsight")
    })
    const insights = await Effect.runPromise(
      Effect.gen(function*() {
        const { put } = yield* Store
        yield* Effect.forEach(many, ({ name }) => put({ ...dataplane, name }), { concurrency: "unbounded" })
        return yield* counted.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(
            Layer.provide(noted),
            Layer.provide(ResourceCacheLive)
          ))
        )
      }).pipe(Effect.provide(storeOf(config)), Effect.scoped)
    )
    for (const { spec } of insights) {
      expect(spec.subscriptions).toMatchObject([{ status: { total: { responsesSent: "3", responsesAcknowledged: "3" } } }])
    }
  })

  it("is one write for the stream that ended and the one that took its place", async () => {
    const config = await databases.create()
    const replaced = Effect.gen(function*() {
      const insights = yield* Insights
      const { get } = yield* Store
      const older = insights.open(proxy, null, 1)
      const newer = insights.open(proxy, null, 2)
      older.record({ _tag: "Disconnected", at: 3 })
      newer.record({ _tag: "Acked", typeUrl: TypeUrl.Listener, at: 4 })
      yield* insights.flush
      return yield* get(insightKey(proxy))
    })
    const insight = await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(dataplane)
        return yield* replaced.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(Layer.provide(ResourceCacheLive)))
        )
      }).pipe(Effect.provide(storeOf(config)), Effect.scoped)
    )
    expect(insight.version).toBe(1)
    expect(insight.spec.subscriptions).toMatchObject([
      { connectTime: new Date(1).toISOString(), disconnectTime: new Date(3).toISOString() },
      { connectTime: new Date(2).toISOString(), status: { lds: { responsesAcknowledged: "1" } } }
    ])
  })

  it("is written before the control plane ends, also what is just being written", async () => {
    const config = await databases.create()
    const many = Array.from({ length: 300 }, (_, index) => ({ ...proxy, name: `kv-${index}` }))
    let begun = 0
    /** Where the end comes is what counts: between the begin of a write and what comes of it. */
    const slow = Layer.effect(
      Store,
      Effect.map(Store, (store) => ({
        ...store,
        put: (resource, options) =>
          resource.type !== "DataplaneInsight"
            ? store.put(resource, options)
            : Effect.sync(() => void (begun += 1)).pipe(
              Effect.andThen(Effect.sleep("50 millis")),
              Effect.andThen(store.put(resource, options))
            )
      } satisfies Store["Service"]))
    ).pipe(Layer.provideMerge(storeOf(config)))
    const left = Effect.gen(function*() {
      const insights = yield* Insights
      for (const one of many) insights.open(one, null, 1).record({ _tag: "Disconnected", at: 2 })
      yield* Effect.sync(() => begun).pipe(
        Effect.repeat({ until: (count) => count > 0, schedule: Schedule.spaced("1 millis") }),
        Effect.timeout("15 seconds")
      )
    })
    const insights = await Effect.runPromise(
      Effect.gen(function*() {
        const { list, put } = yield* Store
        yield* Effect.forEach(many, ({ name }) => put({ ...dataplane, name }), { concurrency: "unbounded" })
        yield* left.pipe(
          Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(Layer.provide(ResourceCacheLive)))
        )
        return yield* list("DataplaneInsight")
      }).pipe(Effect.provide(slow), Effect.scoped)
    )
    expect(insights.filter(({ spec }) => spec.subscriptions[0]?.disconnectTime !== undefined)).toHaveLength(many.length)
  })
})

it("nothing is left of a proxy whose mesh is removed as what is known of it is about to be written", async () => {
  const config = await databases.create()
  const left = await Effect.runPromise(
    Effect.gen(function*() {
      const store = yield* Store
      yield* store.put(dataplane)
      const besieged = beset(store, "DataplaneInsight", removeAll)
      const written: Array<boolean> = []
      const watched = Store.of({
        ...besieged,
        put: (resource, options) =>
          Effect.tap(besieged.put(resource, options), () => Effect.sync(() => void written.push(true)))
      })
      yield* Effect.gen(function*() {
        const insights = yield* Insights
        insights.open(proxy, null, 1).record({ _tag: "Pushed", typeUrl: TypeUrl.Listener, at: 1 })
        yield* insights.flush
      }).pipe(
        Effect.provide(Insights.layer({ instanceId: "cp-1", flushMillis: 3_600_000 }).pipe(
          Layer.provide(ResourceCacheLive), Layer.provide(Layer.succeed(Store, watched))
        ))
      )
      return [written, yield* store.listAll]
    }).pipe(Effect.provide(storeOf(config)), Effect.scoped)
  )
  expect(left).toEqual([[], []])
})
