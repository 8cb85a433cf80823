import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { keepServices } from "../../../src/cp/services/keepServices.ts"
import type { ServiceSettings } from "../../../src/cp/services/ServiceSettings.ts"
import { Store } from "../../../src/model/Store.ts"
import { openStore, useTestDatabases } from "../store/testDatabases.ts"
import { desired, range, serviceSettings as settings } from "./serviceWorld.ts"
import { untilEffect } from "../../support/untilEffect.ts"

const databases = useTestDatabases()

const instance = (name: string, service = "kv", port = 15_050) =>
  desired("Dataplane", "default", name, {
    networking: {
      address: "10.0.0.1",
      inbound: [{ port, name: "main", tags: { "kuma.io/service": service, "kuma.io/protocol": "http" } }]
    }
  })

const external = (name: string) =>
  desired("MeshExternalService", "default", name, {
    match: { type: "HostnameGenerator", port: 443, protocol: "tcp" }, endpoints: [{ address: "1.1.1.1", port: 443 }]
  })

const mesh = (mode: "Disabled" | "Everywhere" | "ReachableBackends" | "Exclusive") =>
  desired("Mesh", "", "default", { meshServices: { mode } })

const setUp = (given: Partial<ServiceSettings> = {}, keepers = 1) =>
  Effect.gen(function*() {
    const store = yield* openStore(yield* Effect.promise(databases.create))
    const cacheLayer = Layer.provide(ResourceCacheLive, Layer.succeed(Store, store))
    const cache = Context.get(yield* Layer.build(cacheLayer), ResourceCache)
    const keep = (more: Partial<ServiceSettings> = {}) =>
      Effect.scoped(keepServices("zone-1", { ...settings, ...given, ...more })).pipe(
        Effect.provideService(Store, store),
        Effect.provideService(ResourceCache, cache)
      )
    const logged: Array<string> = []
    const log = Logger.layer([Logger.make((entry) => void logged.push(Logger.formatJson.log(entry)))])
    const saying = (...words: ReadonlyArray<string>) =>
      Effect.sync(() => logged.filter((line) => words.every((word) => line.includes(word))))
    for (let at = 0; at < keepers; at++) yield* Effect.forkScoped(keep().pipe(Effect.provide(log)))
    const service = (name: string) => Effect.sync(() => cache.get({ type: "MeshService", mesh: "default", name }))
    const addresses = Effect.sync(() => cache.list("ServiceAddress"))
    const addressOf = (name: string) =>
      Effect.map(
        untilEffect(`an address of ${name}`, addresses, (rows) =>
          rows.some(({ spec }) => spec.service === name && spec.releasedAt === undefined)),
        (rows) => rows.find(({ spec }) => spec.service === name && spec.releasedAt === undefined)?.name
      )
    return { store, cache, service, addresses, addressOf, keep, saying }
  })

describe("the services that are kept", () => {
  it.live("are made of their Dataplanes, with ports, labels and an address, once", () =>
    Effect.gen(function*() {
      const { addressOf, addresses, service, store } = yield* setUp({}, 2)
      yield* store.put(mesh("Exclusive"))
      yield* store.put(instance("one"))
      const made = yield* untilEffect("kv", service("kv"), (one) => one !== undefined)
      assert.deepStrictEqual(made?.spec, {
        state: "Unavailable",
        selector: { dataplaneTags: { "kuma.io/service": "kv" } },
        ports: [{ name: "main", port: 15_050, targetPort: 15_050, appProtocol: "http" }]
      })
      assert.deepStrictEqual(made?.labels, {
        "kuma.io/mesh": "default",
        "kuma.io/display-name": "kv",
        "kuma.io/managed-by": "meshservice-generator",
        "kuma.io/env": "universal",
        "kuma.io/zone": "zone-1",
        "kuma.io/origin": "zone"
      })
      assert.match((yield* addressOf("kv")) ?? "", /^127\.4\./)
      // Whatever is not about its ports writes nothing.
      yield* store.put({ ...instance("one"), labels: { mine: "1" } })
      yield* store.put(instance("two"))
      yield* store.put(instance("three", "other"))
      yield* untilEffect("other", service("other"), (one) => one !== undefined)
      assert.strictEqual((yield* service("kv"))?.version, made?.version)
      yield* addressOf("other")
      const given = (yield* addresses).filter(({ spec }) => spec.releasedAt === undefined).map(({ spec }) => spec.service)
      assert.deepStrictEqual(given.sort(), ["kv", "other"])
    }).pipe(Effect.scoped))

  it.live("have the ports of the oldest Dataplane, and others' once nobody offers those any more", () =>
    Effect.gen(function*() {
      const { service, store } = yield* setUp()
      yield* store.put(mesh("Everywhere"))
      yield* store.put(instance("a"))
      yield* untilEffect("kv", service("kv"), (one) => one !== undefined)
      yield* store.put(instance("b", "kv", 16_000))
      yield* store.put(instance("c", "third"))
      yield* untilEffect("third", service("third"), (one) => one !== undefined)
      assert.strictEqual((yield* service("kv"))?.spec.ports?.[0]?.port, 15_050)
      yield* store.remove(instance("a"))
      yield* untilEffect("the other port", service("kv"), (one) => one?.spec.ports?.[0]?.port === 16_000)
    }).pipe(Effect.scoped))

  it.live("are told of where Dataplanes offer other ports, once, though nothing is written for those", () =>
    Effect.gen(function*() {
      const { saying, service, store } = yield* setUp()
      yield* store.put(mesh("Everywhere"))
      yield* store.put(instance("a"))
      const made = yield* untilEffect("kv", service("kv"), (one) => one !== undefined)
      yield* store.put(instance("b", "kv", 16_000))
      const others = saying("offer other ports", "\"dataplanes\":\"b\"")
      yield* untilEffect("the line", others, (lines) => lines.length === 1)
      yield* store.put(instance("c", "kv", 16_000))
      yield* untilEffect("the next line", saying("offer other ports", "b, c"), (lines) => lines.length === 1)
      assert.strictEqual((yield* service("kv"))?.version, made?.version)
      assert.strictEqual((yield* others).length, 1)
    }).pipe(Effect.scoped))

  it.live("outlive their last Dataplane for the grace, and are there again with the next one", () =>
    Effect.gen(function*() {
      const { service, store } = yield* setUp()
      yield* store.put(mesh("Exclusive"))
      yield* store.put(instance("a"))
      yield* untilEffect("kv", service("kv"), (one) => one !== undefined)
      yield* store.remove(instance("a"))
      const label = "kuma.io/deletion-grace-period-started-at"
      const waiting = yield* untilEffect("the grace", service("kv"), (one) => one?.labels[label] !== undefined)
      assert.isFalse(Number.isNaN(Date.parse(waiting?.labels[label] ?? "")))
      yield* store.put(instance("b"))
      yield* untilEffect("its end", service("kv"), (one) => one !== undefined && one.labels[label] === undefined)
    }).pipe(Effect.scoped))

  it.live("go when the grace is over, and their address stays held, theirs if they come back", () =>
    Effect.gen(function*() {
      const { addressOf, addresses, service, store } = yield* setUp({ graceMillis: 1 })
      yield* store.put(mesh("Exclusive"))
      yield* store.put(instance("a"))
      const address = yield* addressOf("kv")
      yield* store.remove(instance("a"))
      yield* untilEffect("the end", service("kv"), (one) => one === undefined)
      yield* untilEffect("the release", addresses, (rows) => rows.every(({ spec }) => spec.releasedAt !== undefined))
      assert.deepStrictEqual((yield* addresses).map(({ name }) => name), [address])
      yield* store.put(instance("a"))
      assert.strictEqual(yield* addressOf("kv"), address)
      assert.strictEqual((yield* addresses).length, 1)
    }).pipe(Effect.scoped))

  it.live("give an address back when it was held long enough", () =>
    Effect.gen(function*() {
      const { addressOf, addresses, store } = yield* setUp({ graceMillis: 1, holdMillis: 1 })
      yield* store.put(mesh("Exclusive"))
      yield* store.put(instance("a"))
      yield* addressOf("kv")
      yield* store.remove(instance("a"))
      yield* untilEffect("nobody's address", addresses, (rows) => rows.length === 0)
    }).pipe(Effect.scoped))

  it.live("are no longer generated where the mesh says Disabled, and a user's own stays as it is", () =>
    Effect.gen(function*() {
      const { service, store } = yield* setUp()
      yield* store.put(mesh("Exclusive"))
      const own = desired("MeshService", "default", "own", {
        state: "Unavailable", selector: { dataplaneTags: { "kuma.io/service": "own" } }, ports: []
      }, { mine: "1" })
      yield* store.put(own)
      yield* store.put(instance("a"))
      yield* store.put(instance("b", "own"))
      yield* untilEffect("kv", service("kv"), (one) => one !== undefined)
      yield* store.put(mesh("Disabled"))
      yield* untilEffect("the end of kv", service("kv"), (one) => one === undefined)
      const { labels, spec, version } = (yield* service("own")) ?? { labels: null, spec: null, version: 0 }
      assert.deepStrictEqual({ labels, spec, version }, { labels: own.labels, spec: own.spec, version: 1 })
    }).pipe(Effect.scoped))

  it.live("have addresses of their kind's range, whoever made them, and none where none is free", () =>
    Effect.gen(function*() {
      const { addressOf, addresses, store } = yield* setUp({
        ranges: { ...settings.ranges, MeshExternalService: range("127.3.0.0/30") }
      })
      yield* store.put(mesh("Disabled"))
      for (const name of ["a", "b", "c"]) yield* store.put(external(name))
      yield* store.put(desired("MeshMultiZoneService", "default", "z", {
        selector: { meshService: {} }, ports: [{ port: 80, appProtocol: "tcp" }]
      }))
      assert.match((yield* addressOf("z")) ?? "", /^127\.2\./)
      const given = yield* untilEffect("two addresses", addresses, (rows) =>
        rows.filter(({ spec }) => spec.kind === "MeshExternalService").length === 2)
      assert.strictEqual(new Set(given.map(({ name }) => name)).size, 3)
      assert.deepStrictEqual(
        given.filter(({ spec }) => spec.kind === "MeshExternalService").map(({ name }) => name),
        ["127.3.0.1", "127.3.0.2"]
      )
    }).pipe(Effect.scoped))

  it.live("are told of each time that their range has become full", () =>
    Effect.gen(function*() {
      const { addressOf, addresses, saying, store } = yield* setUp({
        holdMillis: 1, ranges: { ...settings.ranges, MeshExternalService: range("127.3.0.0/30") }
      })
      yield* store.put(mesh("Disabled"))
      const full = saying("No virtual address is free")
      for (const name of ["a", "b"]) {
        yield* store.put(external(name))
        yield* addressOf(name)
      }
      yield* store.put(external("c"))
      yield* untilEffect("the line", full, (lines) => lines.length === 1)
      yield* store.remove(external("a"))
      yield* addressOf("c")
      yield* store.put(external("d"))
      yield* untilEffect("the second line", full, (lines) => lines.length === 2)
      assert.strictEqual((yield* addresses).length, 2)
    }).pipe(Effect.scoped))

  it.live("move to another range when it is set, and keep the old address for those who know it", () =>
    Effect.gen(function*() {
      const { addresses, keep, store } = yield* setUp({}, 0)
      yield* store.put(mesh("Exclusive"))
      yield* store.put(instance("a"))
      const one = yield* Effect.forkScoped(keep({ ranges: { ...settings.ranges, MeshService: range("241.0.0.0/8") } }))
      yield* untilEffect("the first", addresses, (rows) => rows.length === 1)
      one.interruptUnsafe()
      yield* Effect.forkScoped(keep())
      const rows = yield* untilEffect("the second", addresses, (all) =>
        all.length === 2 && all.some(({ spec }) => spec.releasedAt !== undefined))
      assert.deepStrictEqual(
        rows.map(({ name, spec }) => [name.split(".")[0], spec.releasedAt === undefined]),
        [["127", true], ["241", false]]
      )
    }).pipe(Effect.scoped))
})
