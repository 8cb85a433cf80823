import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { AwsCallFailed } from "../../../src/controllers/aws/AwsCallFailed.ts"
import { keepNames, type NameSettings } from "../../../src/controllers/names/keepNames.ts"
import type { NameStore, NameThere } from "../../../src/controllers/names/NameStore.ts"
import { hostedZonesOf } from "../../../src/controllers/names/wantedNames.ts"
import { Store } from "../../../src/model/Store.ts"
import { openStore, useTestDatabases } from "../../cp/store/testDatabases.ts"
import { desired } from "../../cp/services/serviceWorld.ts"
import { untilEffect } from "../../support/untilEffect.ts"

const databases = useTestDatabases()

const generator = (name: string, ...hostedZones: ReadonlyArray<string>) =>
  desired("HostnameGenerator", "", name, {
    selector: { meshService: {} },
    template: `{{ .Name }}.${name}.local`,
    extension: { type: "Route53", config: { hostedZones: hostedZones.map((hostedZoneId) => ({ hostedZoneId })) } }
  })

const kv = desired("MeshService", "default", "kv", { state: "Unavailable", selector: {}, ports: [] })
const address = (ip: string, service = "kv") =>
  desired("ServiceAddress", "", ip, { kind: "MeshService", mesh: "default", service })

/** A place that holds names, counts how often it is listed, and may be broken. */
class Place {
  readonly held = new Map<string, NameThere>()
  lists = 0
  isBroken = false

  store(title: string): NameStore {
    const orBroken = <A>(effect: Effect.Effect<A>): Effect.Effect<A, AwsCallFailed> =>
      Effect.suspend((): Effect.Effect<A, AwsCallFailed> =>
        this.isBroken
          ? Effect.fail(new AwsCallFailed({
            service: "Route53", operation: "List", kind: "denied", code: "AccessDenied", message: "it may not be read"
          }))
          : effect)
    return {
      title,
      domain: orBroken(Effect.succeed("local")),
      list: orBroken(Effect.sync(() => {
        this.lists++
        return new Map(this.held)
      })),
      change: (changes) =>
        orBroken(Effect.sync(() => {
          for (const { after, hostname } of changes) {
            if (after === null) this.held.delete(hostname)
            else this.held.set(hostname, { owner: "us", address: after })
          }
          return []
        }))
    }
  }
}

const setUp = (more: Partial<NameSettings> = {}) =>
  Effect.gen(function*() {
    const store = yield* openStore(yield* Effect.promise(databases.create))
    const places = { OWN: new Place(), Z1: new Place(), Z2: new Place() }
    const logged: Array<string> = []
    const log = Logger.layer([Logger.make((entry) => void logged.push(Logger.formatJson.log(entry)))])
    const open = (id: string): NameStore => {
      if (id !== "OWN" && id !== "Z1" && id !== "Z2") throw new Error(`${id} was opened`)
      return places[id].store(id)
    }
    const keep = Effect.forkScoped(
      Effect.scoped(keepNames({
        zone: "zone-1",
        refreshMillis: 20,
        placesOf: hostedZonesOf("zone-1", "OWN", new Set(["Z1", "Z2"])),
        open,
        known: ["OWN", "Z1", "Z2"],
        adopts: false,
        mayHave: () => true,
        ...more
      })).pipe(Effect.provideService(Store, store), Effect.provide(log))
    )
    const saying = (words: string) => Effect.sync(() => logged.filter((line) => line.includes(words)))
    return { keep, places, saying, store }
  })

const addressesOf = ({ held }: Place) =>
  Effect.sync(() =>
    Object.fromEntries([...held].map(([name, one]) => [name, one.owner === "others" ? null : one.address])))

describe("the hostnames that are kept", () => {
  it.live("are kept in every place that works, and the one that doesn't is told by its name, once", () =>
    Effect.gen(function*() {
      const { keep, places, saying, store } = yield* setUp()
      places.OWN.isBroken = true
      for (const one of [generator("a", "OWN"), generator("b", "Z1"), kv, address("127.4.0.1")]) yield* store.put(one)
      yield* keep
      yield* untilEffect("the name", addressesOf(places.Z1), (names) => names["kv.b.local"] === "127.4.0.1")
      yield* untilEffect("another look", Effect.sync(() => places.Z1.lists), (lists) => lists > 3)
      const lines = yield* saying("can't be kept now")
      assert.deepStrictEqual(lines.map((line) => JSON.parse(line).annotations), [
        { place: "OWN", reason: "it may not be read" }
      ])
      places.OWN.isBroken = false
      yield* untilEffect("the other name", addressesOf(places.OWN), (names) => names["kv.a.local"] === "127.4.0.1")
    }).pipe(Effect.scoped))

  it.live("leave a place with the last of them, which is then looked at no more", () =>
    Effect.gen(function*() {
      const { keep, places, store } = yield* setUp()
      places.Z2.held.set("left.local", { owner: "us", address: "127.4.0.9" })
      places.Z2.held.set("theirs.local", { owner: "others" })
      for (const one of [generator("b", "Z1"), kv, address("127.4.0.1")]) yield* store.put(one)
      yield* keep
      yield* untilEffect("the name", addressesOf(places.Z1), (names) => names["kv.b.local"] === "127.4.0.1")
      yield* untilEffect("the end of what was left", addressesOf(places.Z2), (names) => !("left.local" in names))
      yield* untilEffect("further looks", Effect.sync(() => places.Z1.lists), (lists) => lists > 5)
      assert.isBelow(places.Z2.lists, 3)
      assert.isBelow(places.OWN.lists, 3)
      assert.deepStrictEqual(yield* addressesOf(places.Z2), { "theirs.local": null })
      yield* store.put(generator("c", "Z2"))
      yield* untilEffect("the new name", addressesOf(places.Z2), (names) => names["kv.c.local"] === "127.4.0.1")
    }).pipe(Effect.scoped))

  it.live("are kept in no place that the control plane wasn't given, which is told", () =>
    Effect.gen(function*() {
      const { keep, places, saying, store } = yield* setUp()
      for (const one of [generator("a", "Z9", "Z1"), kv, address("127.4.0.1")]) yield* store.put(one)
      yield* keep
      yield* untilEffect("the name", addressesOf(places.Z1), (names) => names["kv.a.local"] === "127.4.0.1")
      const [line = "{}"] = yield* saying("ECS_MESH_ROUTE53_HOSTED_ZONES")
      assert.deepStrictEqual(JSON.parse(line).annotations, { generator: "a", hostedZone: "Z9" })
    }).pipe(Effect.scoped))

  it.live("that aren't its own are left to others, and told with what would take them over", () =>
    Effect.gen(function*() {
      const { keep, places, saying, store } = yield* setUp()
      places.Z1.held.set("kv.a.local", { owner: "nobody", address: "127.4.0.1" })
      places.Z1.held.set("kv.b.local", { owner: "nobody", address: "10.0.0.1" })
      places.Z1.held.set("kv.c.local", { owner: "others", cluster: "c-0" })
      for (const name of ["a", "b", "c"]) yield* store.put(generator(name, "Z1"))
      for (const one of [kv, address("127.4.0.1")]) yield* store.put(one)
      yield* keep
      const lines = yield* untilEffect("the lines", saying("somebody else's"), (all) => all.length === 3)
      const hints = lines.map((line): unknown => JSON.parse(line).annotations)
        .map((fields) => (typeof fields === "object" && fields !== null && "hint" in fields ? fields.hint : undefined))
      assert.deepStrictEqual(hints, [
        "ECS_MESH_HOSTNAMES_ADOPT=unmarked takes it over",
        undefined,
        "ECS_MESH_HOSTNAMES_ADOPT=c-0 takes it over, once the control plane of that cluster is no more"
      ])
    }).pipe(Effect.scoped))

  it.live("that bear nobody's mark give their service the address that they lead to", () =>
    Effect.gen(function*() {
      const { keep, places, store } = yield* setUp({ adopts: true })
      places.Z1.held.set("kv.a.local", { owner: "nobody", address: "127.4.0.77" })
      for (const one of [generator("a", "Z1"), kv, address("127.4.0.1")]) yield* store.put(one)
      yield* keep
      const rows = yield* untilEffect("the claim", Effect.orDie(store.list("ServiceAddress")), (all) => all.length === 2)
      const claimed = rows.find(({ name }) => name === "127.4.0.77")
      assert.deepStrictEqual(claimed?.spec, { kind: "MeshService", mesh: "default", service: "kv", adopted: true })
      // Until the service has it, its name stays as it was.
      yield* untilEffect("further looks", Effect.sync(() => places.Z1.lists), (lists) => lists > 3)
      assert.deepStrictEqual(places.Z1.held.get("kv.a.local"), { owner: "nobody", address: "127.4.0.77" })
      yield* store.remove(address("127.4.0.1"))
      yield* untilEffect("its mark", Effect.sync(() => places.Z1.held.get("kv.a.local")), (one) => one?.owner === "us")
    }).pipe(Effect.scoped))

  it.live("that bear nobody's mark are made to lead elsewhere where their service can't have that address", () =>
    Effect.gen(function*() {
      const { keep, places, store } = yield* setUp({ adopts: true })
      places.Z1.held.set("kv.a.local", { owner: "nobody", address: "127.4.0.77" })
      const taken = address("127.4.0.77", "other")
      for (const one of [generator("a", "Z1"), kv, address("127.4.0.1"), taken]) yield* store.put(one)
      yield* keep
      yield* untilEffect("its new address", addressesOf(places.Z1), (names) => names["kv.a.local"] === "127.4.0.1")
      assert.strictEqual((yield* store.list("ServiceAddress")).length, 2)
    }).pipe(Effect.scoped))
})
