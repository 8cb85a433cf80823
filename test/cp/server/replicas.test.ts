// Several replicas on one database, and proxies that go from one to another, or that none of them sees again.
import { Context, Effect, Exit, Layer, ManagedRuntime } from "effect"
import { TestClock } from "effect/testing"
import { expect, it } from "vitest"
import type { Identity } from "../../../src/cp/auth/Authenticator.ts"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { ProxyRegistration } from "../../../src/cp/server/ProxyRegistration.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { Journal } from "../../../src/model/Journal.ts"
import type { DesiredResource } from "../../../src/model/Resource.ts"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { dataplane, eventually, mesh } from "./startControlPlane.ts"

const databases = useTestDatabases()
const cleanups = useCleanups()

const run = Effect.runPromise
const yaml = (name: string) => `type: Dataplane
mesh: default
name: ${name}
networking:
  address: 127.0.0.2
  inbound:
  - port: 8080
    tags: {kuma.io/service: kv}
`
const token: Identity = {
  method: "dataplane-token",
  tokenId: "1",
  keyId: "1",
  keyFingerprint: "0",
  expiresAt: null,
  tags: {},
  workload: null
}
const named = (name: string) => ({ proxyType: "dataplane", mesh: "default", name } as const)
const keyOf = (name: string) => ({ type: "Dataplane", mesh: "default", name } as const)
const key = keyOf("kv-1")

const optionsFor = (instanceId: string, deregistrationDelayMillis: number) =>
  ({ bringsOwn: () => true, zone: "default", instanceId, deregistrationDelayMillis })

/** A replica's registration alone: none of the streams that would say in insights where a proxy is. */
const registrationOn = async (
  config: StoreConfig,
  instanceId: string,
  aroundStore: Layer.Layer<Store, never, Store> = Layer.effect(Store, Store)
) => {
  const runtime = ManagedRuntime.make(
    ProxyRegistration.layer(optionsFor(instanceId, 200)).pipe(
      Layer.provide(Journal.none),
      Layer.provideMerge(ResourceCacheLive),
      Layer.provideMerge(aroundStore),
      Layer.provideMerge(PostgresStore.layer(config))
    )
  )
  const stop = () => runtime.dispose()
  cleanups.push(stop)
  const services = await runtime.context()
  const [store, registration] = [Context.get(services, Store), Context.get(services, ProxyRegistration)]
  return {
    store,
    stop,
    connect: (name: string) => run(registration.connected(named(name), token, yaml(name))),
    leave: (name: string) => run(registration.disconnected(named(name))),
    isThere: async (name: string) => Exit.isSuccess(await run(Effect.exit(store.get(keyOf(name)))))
  }
}

it("a proxy that another replica took for gone has its Dataplane again as long as it is connected", async () => {
  const config = await databases.create()
  let removals = 0
  const counting = Layer.effect(Store, Effect.map(Store, (store) => ({
    ...store,
    remove: (...remove) => Effect.tap(store.remove(...remove), () => Effect.sync(() => void (removals += 1)))
  } satisfies Store["Service"])))
  const [left, here] = [await registrationOn(config, "cp-1", counting), await registrationOn(config, "cp-2")]
  await run(left.store.put(mesh("default", false)))
  await left.connect("kv-1")
  const first = await run(left.store.get(key))
  await here.connect("kv-1")
  expect((await run(here.store.get(key))).version).toBe(first.version)
  await left.leave("kv-1")
  await eventually(() => removals, (count) => count === 1)
  await eventually(() => here.isThere("kv-1"), (there) => there)
  await run(here.store.remove(key))
  await eventually(() => here.isThere("kv-1"), (there) => there)
  await here.leave("kv-1")
  await eventually(() => here.isThere("kv-1"), (there) => !there)
})

it("what can't be put back at once is put back later", async () => {
  const config = await databases.create()
  let refused = 0
  let isAway = false
  const faulty = Layer.effect(Store, Effect.map(Store, (store) => ({
    ...store,
    put: (...put) => {
      if (!isAway) return store.put(...put)
      refused += 1
      return Effect.fail(new StoreUnavailable({ operation: "put", message: "it is away" }))
    }
  } satisfies Store["Service"])))
  const here = await registrationOn(config, "cp-1", faulty)
  await run(here.store.put(mesh("default", false)))
  await here.connect("kv-1")
  isAway = true
  await run(here.store.remove(key))
  await eventually(() => refused, (count) => count > 1)
  isAway = false
  await eventually(() => here.isThere("kv-1"), (there) => there)
})

const status = { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }
const insightOf = (name: string, controlPlaneInstanceId: string): DesiredResource<"DataplaneInsight"> => ({
  type: "DataplaneInsight",
  mesh: "default",
  name,
  labels: {},
  spec: { subscriptions: [{ id: "1", controlPlaneInstanceId, connectTime: "2026-01-01T00:00:00Z", status }] }
})

it("a proxy that another replica speaks for while it is just being removed keeps its Dataplane", async () => {
  const config = await databases.create()
  let conflicts = 0
  let speaks = (): void => {}
  const other = new Promise<void>((resume) => {
    speaks = resume
  })
  const late = Layer.effect(Store, Effect.map(Store, (store) => ({
    ...store,
    remove: (...remove) =>
      Effect.promise(() => (speaks(), spoken)).pipe(
        Effect.andThen(store.remove(...remove)),
        Effect.tapError(() => Effect.sync(() => void (conflicts += 1)))
      )
  } satisfies Store["Service"])))
  const left = await registrationOn(config, "cp-1", late)
  const spoken: Promise<unknown> = other.then(() => run(left.store.put(insightOf("kv-1", "cp-2"))))
  await run(left.store.put(mesh("default", false)))
  await left.connect("kv-1")
  await run(left.store.put(insightOf("kv-1", "cp-1")))
  await left.leave("kv-1")
  await eventually(() => conflicts, (count) => count === 1)
  expect(await left.isThere("kv-1")).toBe(true)
})

it("who is late among many that went to another replica keeps its place", async () => {
  const names = Array.from({ length: 25 }, (_, index) => `kv-${index}`)
  const [late = "", ...others] = names
  const base = ManagedRuntime.make(
    ResourceCacheLive.pipe(Layer.provideMerge(PostgresStore.layer(await databases.create())))
  )
  cleanups.push(() => base.dispose())
  const services = await base.context()
  const [store, cache] = [Context.get(services, Store), Context.get(services, ResourceCache)]
  await run(store.put(mesh("default", false)))
  /** A removal begins with that. */
  const lookedFor: Array<string> = []
  const watched: Store["Service"] = {
    ...store,
    get: (wanted) => {
      if (wanted.type === "DataplaneInsight") lookedFor.push(wanted.name)
      return store.get(wanted)
    }
  }
  const runtime = ManagedRuntime.make(
    ProxyRegistration.layer(optionsFor("cp-1", 10_000)).pipe(
      Layer.provide([Layer.succeed(Store, watched), Layer.succeed(ResourceCache, cache), Journal.none]),
      Layer.provideMerge(TestClock.layer())
    )
  )
  cleanups.push(() => runtime.dispose())
  const registration = Context.get(await runtime.context(), ProxyRegistration)
  const there = async () => (await run(store.list("Dataplane"))).map(({ name }) => name)
  const all = { concurrency: "unbounded", discard: true } as const
  await runtime.runPromise(
    Effect.forEach(names, (name) => registration.connected(named(name), token, yaml(name)), all)
  )
  await runtime.runPromise(Effect.forEach(names, (name) => registration.disconnected(named(name)), all))
  await runtime.runPromise(TestClock.adjust(5_000))
  await run(Effect.forEach(others, (name) => store.put(insightOf(name, "cp-2")), all))
  await eventually(
    () => others.filter((name) => cache.get({ ...keyOf(name), type: "DataplaneInsight" }) !== undefined).length,
    (count) => count === others.length
  )
  await runtime.runPromise(TestClock.adjust(6_000))
  expect(lookedFor).toEqual([])
  await runtime.runPromise(TestClock.adjust(10_000))
  await eventually(there, (left) => !left.includes(late))
  expect((await there()).length).toBe(others.length)
})

it("what was brought by who left right before the end goes after the grace, and nothing by hand", async () => {
  const config = await databases.create()
  const before = await registrationOn(config, "cp-1")
  await run(before.store.put(mesh("default", false)))
  for (const name of ["kv-1", "kv-back", "kv-elsewhere", "kv-late"]) await before.connect(name)
  await run(before.store.put(insightOf("kv-elsewhere", "cp-2")))
  await run(before.store.put({ ...dataplane("by-hand", "kv", { port: 8_080 }), labels: {} }))
  await before.leave("kv-1")
  await before.stop()

  const base = ManagedRuntime.make(ResourceCacheLive.pipe(Layer.provideMerge(PostgresStore.layer(config))))
  cleanups.push(() => base.dispose())
  const services = await base.context()
  const [store, cache] = [Context.get(services, Store), Context.get(services, ResourceCache)]
  const runtime = ManagedRuntime.make(
    ProxyRegistration.layer(optionsFor("cp-3", 10_000)).pipe(
      Layer.provide([Layer.succeed(Store, store), Layer.succeed(ResourceCache, cache), Journal.none]),
      // The database's time, or what was said just now would be said long after.
      Layer.provide(Layer.effectDiscard(TestClock.setTime(Date.now()))),
      Layer.provideMerge(TestClock.layer())
    )
  )
  cleanups.push(() => runtime.dispose())
  const registration = Context.get(await runtime.context(), ProxyRegistration)
  const there = async () => (await run(store.list("Dataplane"))).map(({ name }) => name)
  await runtime.runPromise(registration.connected(named("kv-back"), token, yaml("kv-back")))
  await runtime.runPromise(TestClock.adjust("10 minutes"))
  expect(await there()).toEqual(["by-hand", "kv-1", "kv-back", "kv-elsewhere", "kv-late"])
  await runtime.runPromise(registration.connected(named("kv-late"), token, yaml("kv-late")))
  await runtime.runPromise(TestClock.adjust("1 minute"))
  await eventually(there, (left) => !left.includes("kv-1"))
  await runtime.runPromise(TestClock.adjust("20 minutes"))
  expect(await there()).toEqual(["by-hand", "kv-back", "kv-elsewhere", "kv-late"])
  await runtime.runPromise(TestClock.adjust("2 hours"))
  // Each look asks the database, whose answers come in a time of their own.
  const aMinuteLater = async () => {
    await runtime.runPromise(TestClock.adjust("1 minute"))
    return await there()
  }
  await eventually(aMinuteLater, (left) => !left.includes("kv-elsewhere"))
  expect(await there()).toEqual(["by-hand", "kv-back", "kv-late"])
})
