// What was left behind is removed through a store that may be away, and for longer than a replica may be silent.
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { removeLeftovers } from "../../../src/cp/server/removeLeftovers.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { isType, type Resource, type ResourceKey, type ResourceType } from "../../../src/model/Resource.ts"
import { StoreUnavailable } from "../../../src/model/Store.ts"

const times = (at: number) => {
  const time = new Date(at).toISOString()
  return { creationTime: time, modificationTime: time }
}

const brought = (name: string): Resource<"Dataplane"> => ({
  type: "Dataplane", mesh: "default", name, labels: { "ecs-mesh.io/brought": "true" }, spec: {}, version: 1, ...times(0)
})

/** As the replica that has the proxy writes it. */
const openElsewhere = (name: string, version: number, at: number): Resource<"DataplaneInsight"> => ({
  type: "DataplaneInsight", mesh: "default", name, labels: {}, version, ...times(at),
  spec: {
    subscriptions: [{
      id: "1", controlPlaneInstanceId: "other", connectTime: times(0).creationTime,
      status: { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }
    }]
  }
})

const cacheOf = (resources: ReadonlyArray<Resource>): ResourceCache["Service"] => ({
  get: <T extends ResourceType>({ name, type }: ResourceKey<T>) =>
    resources.find((one): one is Resource<T> => isType(type, one) && one.name === name),
  list: <T extends ResourceType>(type: T) => resources.filter((one): one is Resource<T> => isType(type, one)),
  onChange: () => () => {}
})

const NAMES = ["kv-1", "kv-2", "kv-3"]

const world = Effect.gen(function*() {
  const resources: Array<Resource> = NAMES.flatMap((name) => [brought(name), openElsewhere(name, 1, 0)])
  const store = { isAway: true, asked: 0, removed: new Array<string>() }
  const ask = <A>(answer: () => A) =>
    Effect.suspend(() => {
      store.asked += 1
      return store.isAway ? new StoreUnavailable({ operation: "ask", message: "away" }) : Effect.sync(answer)
    })
  yield* removeLeftovers({
    instanceId: "here",
    isHere: () => false,
    storedInsight: () => ask(() => null),
    removeAs: ({ name }) =>
      ask(() => {
        store.removed.push(name)
        resources.splice(resources.findIndex((one) => one.type === "Dataplane" && one.name === name), 1)
      })
  }).pipe(Effect.provideService(ResourceCache, cacheOf(resources)))
  return { resources, store }
})

it.effect("a store that was away for longer than a replica may be silent costs nobody's proxies their places", () =>
  Effect.gen(function*() {
    const { resources, store } = yield* world
    yield* TestClock.adjust("100 minutes")
    assert.isAbove(store.asked, 0)
    // It is back, and the other replica is about to say what it couldn't.
    store.isAway = false
    yield* TestClock.adjust("5 minutes")
    assert.deepStrictEqual(store.removed, [])
    resources.splice(0, resources.length,
      ...NAMES.flatMap((name) => [brought(name), openElsewhere(name, 2, 105 * 60_000)]))
    yield* TestClock.adjust("30 minutes")
    assert.deepStrictEqual(store.removed, [])
    // Nothing more is heard of it.
    yield* TestClock.adjust("60 minutes")
    assert.deepStrictEqual(store.removed, NAMES)
  }).pipe(Effect.scoped))

it.effect("a store that is away is asked once a look, however many there are to be removed", () =>
  Effect.gen(function*() {
    const { store } = yield* world
    yield* TestClock.adjust("80 minutes")
    assert.strictEqual(store.asked, 80)
  }).pipe(Effect.scoped))
