import { Context, Effect, Exit, Layer, ManagedRuntime } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import type { Identity } from "../../../src/cp/auth/Authenticator.ts"
import { ProxyRegistration } from "../../../src/cp/server/ProxyRegistration.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import { isType, type Resource } from "../../../src/model/Resource.ts"
import { Store, StoreUnavailable } from "../../../src/model/Store.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { statementsOf } from "../store/countStatements.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { dataplane, eventually, mesh } from "./startControlPlane.ts"

const databases = useTestDatabases()
const cleanups = useCleanups()

const optionsFor = (deregistrationDelayMillis: number) => ({
  bringsOwn: () => true,
  zone: "zone-1",
  instanceId: "cp-1",
  deregistrationDelayMillis
})

type Cache = ResourceCache["Service"]

/** `between` stands between the registration and the real cache. */
const open = async (
  between: (cache: Cache) => Cache = (cache) => cache,
  deregistrationDelayMillis = 10_000,
  aroundStore: Layer.Layer<Store, never, Store> = Layer.effect(Store, Store)
) => {
  const journal: Array<JournalEntry> = []
  const runtime = ManagedRuntime.make(
    ProxyRegistration.layer(optionsFor(deregistrationDelayMillis)).pipe(
      Layer.provide(Layer.succeed(Journal, { append: (entry) => void journal.push(entry) })),
      Layer.provideMerge(Layer.effect(ResourceCache, Effect.map(ResourceCache, between))),
      Layer.provideMerge(ResourceCacheLive),
      Layer.provideMerge(aroundStore),
      Layer.provideMerge(PostgresStore.layer(await databases.create()))
    )
  )
  cleanups.push(() => runtime.dispose())
  const services = await runtime.context()
  return {
    journal,
    store: Context.get(services, Store),
    cache: Context.get(services, ResourceCache),
    registration: Context.get(services, ProxyRegistration)
  }
}

const identityFor = (service: string): Identity => ({
  method: "dataplane-token",
  tokenId: "1",
  keyId: "1",
  keyFingerprint: "0",
  expiresAt: null,
  tags: { "kuma.io/service": [service] },
  workload: null
})

const yaml = (service: string): string => `type: Dataplane
mesh: default
name: kv-1
networking:
  address: 127.0.0.2
  inbound:
  - port: 8080
    tags: {kuma.io/service: ${service}}
`

const key = { type: "Dataplane", mesh: "default", name: "kv-1" } as const
const proxy = { proxyType: "dataplane", mesh: "default", name: "kv-1" } as const

it("a proxy's own Dataplane takes no other's place that the cache hasn't heard of", async () => {
  const { registration, store } = await open((cache) => ({ ...cache, get: () => undefined }))
  await Effect.runPromise(store.put(mesh("default", false)))
  await Effect.runPromise(store.put(dataplane("kv-1", "kv", { address: "127.0.0.1", port: 8_080 })))
  const register = (service: string) =>
    Effect.runPromise(Effect.result(registration.connected(proxy, identityFor(service), yaml(service))))
  expect(await register("web")).toMatchObject({ failure: { reason: "TokenTagMismatch" } })
  expect((await Effect.runPromise(store.get(key))).version).toBe(1)
  expect(await register("kv")).toMatchObject({ _tag: "Success" })
  expect((await Effect.runPromise(store.get(key))).version).toBe(2)
})

describe("the journal", () => {
  it("tells what a proxy brought as it is stored, put back and removed, and nothing of what was there already", async () => {
    const { journal, registration, store } = await open(undefined, 50)
    const connect = () => Effect.runPromise(registration.connected(proxy, identityFor("kv"), yaml("kv")))
    await Effect.runPromise(store.put(mesh("default", false)))
    await connect()
    await connect()
    const resource = "Dataplane/default/kv-1"
    const put = { kind: "stored", key: resource, op: "put", resource, version: expect.any(Number) }
    expect(journal).toEqual([put])
    await Effect.runPromise(store.remove(key))
    await eventually(() => journal.length, (count) => count === 2)
    expect(journal).toEqual([put, put])
    await Effect.runPromise(registration.disconnected(proxy))
    await Effect.runPromise(registration.disconnected(proxy))
    await eventually(() => journal.length, (count) => count === 3)
    expect(journal[2]).toEqual({ ...put, op: "remove", version: journal[1]?.["version"] })
  })
})

describe("a newcomer's mesh", () => {
  /** Knows the mesh as it was first, until it knows the newcomer: as far as it is told, it is behind that long. */
  const behind = (cache: Cache): Cache => {
    let first: Resource | undefined
    return {
      ...cache,
      get: (wanted) => {
        const found = cache.get(wanted)
        if (wanted.type !== "Mesh" || cache.get(key) !== undefined) return found
        first ??= found
        return first !== undefined && isType(wanted.type, first) ? first : undefined
      }
    }
  }
  const exclusive = { ...mesh("default", false), spec: { meshServices: { mode: "Exclusive" } } } as const
  const tagless = yaml("kv").replace("tags: {kuma.io/service: kv}", "name: http")
  const inboundTags = async (store: Store["Service"]) =>
    (await Effect.runPromise(store.get(key))).spec.networking?.inbound?.[0]?.tags

  it("is taken as the cache has it: nothing is read", async () => {
    const { cache, registration, store } = await open()
    await Effect.runPromise(store.put(mesh("default", false)))
    await eventually(() => cache.get({ type: "Mesh", mesh: "", name: "default" }) !== undefined, (isKnown) => isKnown)
    const statements = await statementsOf(() =>
      Effect.runPromise(registration.connected(proxy, identityFor("kv"), yaml("kv"))))
    expect(statements).toEqual(["SELECT * FROM put_resources($1, $2)"])
  })

  it("counts as it is stored, also where the cache hasn't heard of that", async () => {
    const { cache, registration, store } = await open(behind)
    await Effect.runPromise(store.put(mesh("default", false)))
    await eventually(() => cache.get({ type: "Mesh", mesh: "", name: "default" }) !== undefined, (isKnown) => isKnown)
    await Effect.runPromise(store.put(exclusive))
    await Effect.runPromise(registration.connected(proxy, { method: "none" }, tagless))
    expect(await inboundTags(store)).toBeUndefined()
  })

  it("that has just gone takes nobody, and keeps nothing of him", async () => {
    const { cache, registration, store } = await open(behind)
    await Effect.runPromise(store.put(mesh("default", false)))
    await eventually(() => cache.get({ type: "Mesh", mesh: "", name: "default" }) !== undefined, (isKnown) => isKnown)
    await Effect.runPromise(store.remove({ type: "Mesh", mesh: "", name: "default" }))
    const connected = registration.connected(proxy, { method: "none" }, yaml("kv"))
    expect(await Effect.runPromise(Effect.result(connected))).toMatchObject({
      failure: { _tag: "RegistrationRefused", message: "mesh \"default\" does not exist; create it first" }
    })
    expect(await Effect.runPromise(store.list("Dataplane"))).toEqual([])
  })
})

it("a proxy that is back while its Dataplane is just being removed has one all the same", async () => {
  let removed: Promise<unknown> | null = null
  let finish = (): void => {}
  const held = new Promise<void>((resume) => {
    finish = resume
  })
  /** A statement that was sent is done, whether or not anybody still waits for it. */
  const slow = Layer.effect(
    Store,
    Effect.map(Store, (store) => ({
      ...store,
      remove: (key, options) => {
        const remove = held.then(() => Effect.runPromiseExit(store.remove(key, options)))
        removed = remove
        return Effect.flatten(Effect.promise(() => remove))
      }
    } satisfies Store["Service"]))
  )
  const { registration, store } = await open(undefined, 1, slow)
  const connect = () => Effect.runPromise(registration.connected(proxy, identityFor("kv"), yaml("kv")))
  await Effect.runPromise(store.put(mesh("default", false)))
  await connect()
  await Effect.runPromise(registration.disconnected(proxy))
  await eventually(() => removed !== null, (isUnderWay) => isUnderWay)
  const back = connect()
  // Whoever doesn't wait for the removal is back by now.
  await Promise.race([back, new Promise((resume) => setTimeout(resume, 300))])
  finish()
  await Promise.all([back, removed])
  // Made anew: above what was removed.
  expect(await Effect.runPromise(store.get(key))).toMatchObject({ version: 2 })
})

it("a proxy's own Dataplane takes the place of no other than one that its token is for", async () => {
  const { store, registration } = await open()
  await Effect.runPromise(store.put(mesh("default", false)))
  await Effect.runPromise(store.put(dataplane("kv-1", "kv", { address: "127.0.0.1", port: 8_080 })))
  const register = async (service: string): Promise<string> => {
    const result = await Effect.runPromise(
      Effect.result(registration.connected(proxy, identityFor(service), yaml(service)))
    )
    if (result._tag === "Success") return "accepted"
    return result.failure._tag === "Refused" ? `Refused: ${result.failure.reason}` : result.failure.message
  }
  expect(await register("web")).toBe("Refused: TokenTagMismatch")
  expect((await Effect.runPromise(store.get(key))).spec.networking?.address).toBe("127.0.0.1")
  expect(await register("kv")).toBe("accepted")
  expect((await Effect.runPromise(store.get(key))).spec.networking?.address).toBe("127.0.0.2")
})

describe("what a proxy registered", () => {
  const token = identityFor("kv")
  const other = { ...proxy, name: "kv-2" }
  const keyOf = ({ name }: { readonly name: string }) => ({ ...key, name })
  const run = Effect.runPromise

  /** Whatever was to go until now is gone once one that left after it is. */
  const untilGone = async ({ registration, store }: Awaited<ReturnType<typeof open>>) => {
    await run(registration.connected(other, token, yaml("kv").replace("kv-1", "kv-2")))
    await run(registration.disconnected(other))
    await eventually(() => run(Effect.exit(store.get(keyOf(other)))), Exit.isFailure)
  }
  const isThere = async ({ store }: Awaited<ReturnType<typeof open>>) =>
    Exit.isSuccess(await run(Effect.exit(store.get(key))))

  it("stays while it is back without bringing it again, and goes with the last of its streams", async () => {
    const parts = await open(undefined, 200)
    const { registration, store } = parts
    await run(store.put(mesh("default", false)))
    await run(registration.connected(proxy, token, yaml("kv")))
    await run(registration.disconnected(proxy))
    await run(registration.connected(proxy, token, null))
    await untilGone(parts)
    expect(await isThere(parts)).toBe(true)
    await run(registration.disconnected(proxy))
    await eventually(() => isThere(parts), (there) => !there)
  })

  it("stays while one of its streams is open, whichever of them brought it", async () => {
    const parts = await open(undefined, 200)
    const { registration, store } = parts
    await run(store.put(mesh("default", false)))
    await run(registration.connected(proxy, token, null))
    await run(registration.connected(proxy, token, yaml("kv")))
    await run(registration.disconnected(proxy))
    await untilGone(parts)
    expect(await isThere(parts)).toBe(true)
  })

  it("goes though somebody comes back for it who isn't let in", async () => {
    const parts = await open(undefined, 200)
    const { registration, store } = parts
    await run(store.put(mesh("default", false)))
    await run(registration.connected(proxy, token, yaml("kv")))
    await run(registration.disconnected(proxy))
    const stranger = registration.connected(proxy, identityFor("web"), yaml("web"))
    expect(Exit.isFailure(await run(Effect.exit(stranger)))).toBe(true)
    await eventually(() => isThere(parts), (there) => !there)
  })

  it("goes though a fault of our own kept one of its streams out", async () => {
    const parts = await open(undefined, 200)
    const { cache, store } = parts
    await run(store.put(mesh("default", false)))
    let faulty = false
    const atTimes: Store["Service"] = { ...store, put: (...put) => faulty ? Effect.die("a fault") : store.put(...put) }
    const runtime = ManagedRuntime.make(
      ProxyRegistration.layer(optionsFor(200)).pipe(
        Layer.provide([Layer.succeed(Store, atTimes), Layer.succeed(ResourceCache, cache), Journal.none])
      )
    )
    cleanups.push(() => runtime.dispose())
    const registration = Context.get(await runtime.context(), ProxyRegistration)
    await run(registration.connected(proxy, token, yaml("kv")))
    faulty = true
    const changed = yaml("kv").replace("8080", "8081")
    expect(Exit.hasDies(await run(Effect.exit(registration.connected(proxy, token, changed))))).toBe(true)
    faulty = false
    await run(registration.disconnected(proxy))
    await eventually(() => isThere(parts), (there) => !there)
  })

  it("goes though it could be written and no more be looked at after that", async () => {
    let isAway = false
    let puts = 0
    const faulty = Layer.effect(
      Store,
      Effect.map(Store, (store) => ({
        ...store,
        get: (wanted) =>
          isAway && wanted.type === "Mesh"
            ? Effect.fail(new StoreUnavailable({ operation: "get", message: "it is away" }))
            : store.get(wanted),
        put: (...put) => Effect.tap(store.put(...put), () => Effect.sync(() => void (puts += 1)))
      } satisfies Store["Service"]))
    )
    // Doesn't hear of the Dataplane before anybody looks for it.
    const parts = await open((cache) => ({
      ...cache, get: (wanted) => (wanted.type === "Dataplane" ? undefined : cache.get(wanted))
    }), 200, faulty)
    const { cache, registration, store } = parts
    await run(store.put(mesh("default", false)))
    await eventually(() => cache.get({ type: "Mesh", mesh: "", name: "default" }) !== undefined, (isKnown) => isKnown)
    isAway = true
    const connected = registration.connected(proxy, token, yaml("kv"))
    expect(await run(Effect.result(connected))).toMatchObject({ failure: { _tag: "RegistrationLater" } })
    expect(puts).toBe(2)
    isAway = false
    await eventually(() => isThere(parts), (there) => !there)
  })

  it("is all that goes with it: what somebody wrote by hand stays", async () => {
    const parts = await open(undefined, 200)
    const { registration, store } = parts
    await run(store.put(mesh("default", false)))
    await run(store.put(dataplane("kv-1", "kv", { address: "127.0.0.1", port: 8_080 })))
    await run(registration.connected(proxy, token, null))
    await run(registration.disconnected(proxy))
    await untilGone(parts)
    expect(await isThere(parts)).toBe(true)
  })
})

describe("of many proxies at a time", () => {
  const token = identityFor("kv")
  const many = Array.from({ length: 200 }, (_, index) => ({ ...proxy, name: `kv-${index}` }))
  const connectAll = ({ registration }: Awaited<ReturnType<typeof open>>) =>
    Effect.runPromise(
      Effect.forEach(many, (one) => registration.connected(one, token, yaml("kv").replace("kv-1", one.name)), {
        concurrency: "unbounded"
      })
    )
  const kinds = (statements: ReadonlyArray<string>) => ({
    reads: statements.filter((text) => /^SELECT revision/.test(text)).length,
    writes: statements.filter((text) => /put_resources/.test(text)).length,
    others: statements.filter((text) => !/^SELECT revision|put_resources/.test(text))
  })

  it("newcomers cost a few statements together, and those that come back no write at all", async () => {
    const parts = await open()
    await Effect.runPromise(parts.store.put(mesh("default", false)))
    const first = kinds(await statementsOf(() => connectAll(parts)))
    expect(first.others).toEqual([])
    // What is due goes on in turns, so that a busy machine makes a few more of them; each for itself would be 200.
    expect(first.reads).toBeLessThanOrEqual(20)
    expect(first.writes).toBeLessThanOrEqual(20)
    const stored = await Effect.runPromise(parts.store.list("Dataplane"))
    expect(stored.map(({ version }) => version)).toEqual(many.map(() => 1))
    for (const one of many) await Effect.runPromise(parts.registration.disconnected(one))
    const again = kinds(await statementsOf(() => connectAll(parts)))
    expect(again).toMatchObject({ writes: 0, others: [] })
    expect(again.reads).toBeLessThanOrEqual(20)
    expect(await Effect.runPromise(parts.store.list("Dataplane"))).toEqual(stored)
  })

  it("newcomers that come one after the other are still written together", async () => {
    const { registration, store } = await open()
    await Effect.runPromise(store.put(mesh("default", false)))
    const statements = await statementsOf(async () => {
      const connected: Array<Promise<void>> = []
      for (const one of many) {
        const brought = yaml("kv").replace("kv-1", one.name)
        connected.push(Effect.runPromise(registration.connected(one, token, brought)))
        // Nothing else than that the event loop goes on: each would have its own statement by now.
        await Promise.race([connected.at(-1), new Promise((resume) => setImmediate(resume))])
      }
      await Promise.all(connected)
    })
    expect(kinds(statements).writes).toBeLessThanOrEqual(40)
  })

  it("the last of all that come back keeps its place, and one that doesn't come back loses its own", async () => {
    const { cache, store } = await open()
    await Effect.runPromise(store.put(mesh("default", false)))
    const runtime = ManagedRuntime.make(
      ProxyRegistration.layer(optionsFor(10_000)).pipe(
        Layer.provide([Layer.succeed(Store, store), Layer.succeed(ResourceCache, cache), Journal.none]),
        Layer.provideMerge(TestClock.layer())
      )
    )
    cleanups.push(() => runtime.dispose())
    const registration = Context.get(await runtime.context(), ProxyRegistration)
    const places = async () => {
      const stored = await Effect.runPromise(store.list("Dataplane"))
      return new Map(stored.map(({ creationTime, name }) => [name, creationTime]))
    }
    const connect = (one: ProxyId) => registration.connected(one, token, yaml("kv").replace("kv-1", one.name))
    await runtime.runPromise(Effect.forEach(many, connect, { concurrency: "unbounded" }))
    const before = await places()
    expect(before.size).toBe(200)
    const [dead, ...back] = many
    if (dead === undefined) throw new Error("there are none")
    await runtime.runPromise(Effect.forEach(many, registration.disconnected, { discard: true }))
    // 199 of them, one each 200 ms: the last is back after 40 s.
    await runtime.runPromise(Effect.forEach(back, (one) => Effect.andThen(TestClock.adjust(200), connect(one))))
    expect(await places()).toEqual(before)
    await runtime.runPromise(TestClock.adjust(20_000))
    await eventually(() => places(), (left) => !left.has(dead.name))
    expect((await places()).size).toBe(199)
  })
})
