/**
 * What every implementation of the `Store` port keeps, sentence by sentence. `makeLayer` is called once a test and
 * must give a store with nothing in it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, type Pull, Stream } from "effect"
import type { DesiredResource, ResourceKey } from "../../src/model/Resource.ts"
import { formatKey } from "../../src/model/Resource.ts"
import { type Change, type RemoveOptions, Store } from "../../src/model/Store.ts"

type RemoveWithin = NonNullable<RemoveOptions["within"]>

const port = (name: string, value: number, mesh = "default"): DesiredResource<"OutboundPort"> => ({
  type: "OutboundPort",
  mesh,
  name,
  labels: {},
  spec: { port: value }
})

const dataplane = (name: string): DesiredResource<"Dataplane"> => ({
  type: "Dataplane",
  mesh: "default",
  name,
  labels: { "kuma.io/mesh": "default", "ecs-mesh.io/task": "0123" },
  spec: {
    networking: {
      address: "10.0.0.1",
      inbound: [{ port: 80, tags: { "kuma.io/service": "kv", note: "a 'quoted' \"naïve\" \\ 日本 \n tag" } }],
      outbound: []
    },
    metrics: { type: "prometheus", conf: { port: 5670, skipMTLS: false, weight: 0.1, none: null } }
  }
})

const show = (change: Change): string => change._tag === "Changed" ? formatKey(change.key) : "Resynced"

/** Subscribed when this returns; `until` gives what came up to and with the change wanted. */
const subscribe = Effect.fnUntraced(function*() {
  const store = yield* Store
  const pull: Pull.Pull<ReadonlyArray<Change>, never, void> = yield* Stream.toPull(store.changes)
  const seen: Array<string> = []
  const until = (wanted: string, times = 1) =>
    Effect.gen(function*() {
      while (seen.filter((line) => line === wanted).length < times) {
        seen.push(...(yield* pull).map(show))
      }
      return seen
    }).pipe(
      Effect.timeout("10 seconds"),
      Effect.mapError((cause) => new Error(`${wanted} never came, only: ${seen.join(", ")}`, { cause }))
    )
  return { until }
})

export const storeContract = (name: string, makeLayer: () => Layer.Layer<Store, unknown>): void => {
  const test = <E>(sentence: string, body: (store: Store["Service"]) => Effect.Effect<unknown, E, Store>) =>
    it.live(sentence, () => Effect.flatMap(Store, body).pipe(Effect.provide(makeLayer())), 30_000)

  const scoped = <E>(
    sentence: string,
    body: (store: Store["Service"], changes: Effect.Success<ReturnType<typeof subscribe>>) => Effect.Effect<unknown, E>
  ) =>
    it.live(
      sentence,
      () =>
        Effect.gen(function*() {
          return yield* body(yield* Store, yield* subscribe())
        }).pipe(Effect.scoped, Effect.provide(makeLayer())),
      30_000
    )

  const reason = <E extends { readonly _tag: string }>(effect: Effect.Effect<unknown, E>) =>
    Effect.map(Effect.flip(effect), (error) => error._tag)

  describe(`${name} keeps resources`, () => {
    test("gives back what was put, whatever is in it", (store) =>
      Effect.gen(function*() {
        const desired = dataplane("demo-app-1")
        const written = yield* store.put(desired)
        const read = yield* store.get(desired)
        assert.deepStrictEqual(read, written)
        assert.deepStrictEqual(read.spec, desired.spec)
        assert.deepStrictEqual(read.labels, desired.labels)
      }))

    test("keeps a spec's fields in their owner's order", (store) =>
      Effect.gen(function*() {
        const desired = dataplane("demo-app-1")
        yield* store.put(desired)
        assert.strictEqual(JSON.stringify((yield* store.get(desired)).spec), JSON.stringify(desired.spec))
      }))

    test("keeps names apart that look alike", (store) =>
      Effect.gen(function*() {
        const names = ["a", "A", "a/b", "a'b", "a\"b", "ä", "a".repeat(253)]
        for (const [index, name] of names.entries()) yield* store.put(port(name, index))
        for (const [index, name] of names.entries()) {
          assert.strictEqual((yield* store.get(port(name, 0))).spec.port, index)
        }
        assert.strictEqual((yield* store.list("OutboundPort")).length, names.length)
      }))

    test("counts versions from 1 and dates the first and the last write", (store) =>
      Effect.gen(function*() {
        const first = yield* store.put(port("kv", 1))
        const second = yield* store.put(port("kv", 2))
        assert.deepStrictEqual([first.version, second.version], [1, 2])
        assert.strictEqual(first.creationTime, first.modificationTime)
        assert.strictEqual(second.creationTime, first.creationTime)
        assert.isTrue(second.modificationTime >= first.modificationTime)
        assert.strictEqual(new Date(second.modificationTime).toISOString(), second.modificationTime)
      }))

    test("says NotFound with the key", (store) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(store.get(port("kv", 1)))
        assert.deepInclude(error, { _tag: "NotFound", key: "OutboundPort/default/kv" })
      }))

    test("lists a type by mesh, then name, and one mesh where asked", (store) =>
      Effect.gen(function*() {
        const keys = [["b", "x"], ["a", "z"], ["a", "B"], ["a", "a"], ["a-b", "c"]] as const
        for (const [mesh, name] of keys) yield* store.put(port(name, 1, mesh))
        yield* store.put(dataplane("a"))
        const shown = (resources: ReadonlyArray<ResourceKey>) => resources.map(({ mesh, name }) => `${mesh}/${name}`)
        assert.deepStrictEqual(shown(yield* store.list("OutboundPort")), ["a/B", "a/a", "a/z", "a-b/c", "b/x"])
        assert.deepStrictEqual(shown(yield* store.list("OutboundPort", "a")), ["a/B", "a/a", "a/z"])
        assert.deepStrictEqual(yield* store.list("OutboundPort", "none"), [])
        assert.deepStrictEqual(yield* store.list("Mesh"), [])
      }))

    test("answers a part of a list, and how long the whole is", (store) =>
      Effect.gen(function*() {
        for (const [mesh, name] of [["b", "x"], ["a", "z"], ["a", "B"], ["a-b", "c"], ["a", "a"]] as const) {
          yield* store.put(port(name, 1, mesh))
        }
        const part = (offset: number, size: number, mesh?: string) =>
          Effect.map(store.page("OutboundPort", { offset, size, ...(mesh === undefined ? {} : { mesh }) }), (page) =>
            [page.total, ...page.resources.map((one) => `${one.mesh}/${one.name}`)])
        assert.deepStrictEqual(yield* part(0, 2), [5, "a/B", "a/a"])
        assert.deepStrictEqual(yield* part(2, 2), [5, "a/z", "a-b/c"])
        assert.deepStrictEqual(yield* part(4, 1000), [5, "b/x"])
        assert.deepStrictEqual(yield* part(5, 10), [5])
        assert.deepStrictEqual(yield* part(1, 1, "a"), [3, "a/a"])
        assert.deepStrictEqual(yield* part(0, 10, "none"), [0])
        assert.deepStrictEqual((yield* store.page("Mesh", { offset: 0, size: 1 })), { total: 0, resources: [] })
        const whole = yield* store.list("OutboundPort")
        assert.deepStrictEqual((yield* store.page("OutboundPort", { offset: 0, size: 10 })).resources, whole)
      }))

    test("lists everything as it was at one instant", (store) =>
      Effect.gen(function*() {
        const writer = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 150 }, (_, index) => index + 1), (index) =>
            Effect.andThen(store.put(port("first", index)), store.put(port("second", index))))
        )
        let observations = 0
        while (writer.pollUnsafe() === undefined) {
          const everything = yield* store.listAll
          const version = (name: string) => everything.find((resource) => resource.name === name)?.version ?? 0
          assert.include([0, 1], version("first") - version("second"))
          observations++
          yield* Effect.yieldNow
        }
        yield* Fiber.join(writer)
        assert.isAbove(observations, 3)
        assert.strictEqual((yield* store.listAll).length, 2)
      }))
  })

  describe(`${name} writes`, () => {
    test("nothing where labels and spec are already so", (store) =>
      Effect.gen(function*() {
        const desired = dataplane("demo-app-1")
        const first = yield* store.put(desired)
        const reordered = {
          ...desired,
          labels: Object.fromEntries(Object.entries(desired.labels).reverse()),
          spec: Object.fromEntries(Object.entries(desired.spec).reverse())
        }
        assert.deepStrictEqual(yield* store.put(reordered), first)
        assert.deepStrictEqual(yield* store.put(reordered, { expect: 1 }), first)
      }))

    test("where only a label differs", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("kv", 1))
        assert.strictEqual((yield* store.put({ ...port("kv", 1), labels: { a: "b" } })).version, 2)
      }))

    test("over the expected version only", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("kv", 1))
        assert.strictEqual((yield* store.put(port("kv", 2), { expect: 1 })).version, 2)
        const error = yield* Effect.flip(store.put(port("kv", 3), { expect: 1 }))
        assert.deepInclude(error, { _tag: "Conflict", key: "OutboundPort/default/kv", expected: 1 })
        assert.strictEqual(yield* reason(store.put(port("kv", 2), { expect: 1 })), "Conflict")
        assert.strictEqual(yield* reason(store.put(port("other", 3), { expect: 1 })), "Conflict")
        assert.strictEqual((yield* store.get(port("kv", 0))).spec.port, 2)
      }))

    test("where nothing is, if nothing is expected", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("kv", 1), { expect: "absent" })
        assert.strictEqual(yield* reason(store.put(port("kv", 1), { expect: "absent" })), "Conflict")
        yield* store.remove(port("kv", 1))
        assert.strictEqual((yield* store.put(port("kv", 2), { expect: "absent" })).spec.port, 2)
      }))

    test("with what is to be there beside it, which stays as it is where it is there", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("there", 1))
        const first = yield* store.put(port("first", 1), { expect: "absent", beside: [port("there", 7), port("new", 7)] })
        assert.deepStrictEqual([first.version, first.spec.port], [1, 1])
        const ports = Effect.map(store.list("OutboundPort"), (all) => all.map(({ name, spec }) => [name, spec.port]))
        assert.deepStrictEqual(yield* ports, [["first", 1], ["new", 7], ["there", 1]])
        // Where it is so already, what is missing comes all the same.
        yield* store.remove(port("new", 7))
        assert.deepStrictEqual(yield* store.put(port("first", 1), { expect: 1, beside: [port("new", 8)] }), first)
        assert.deepStrictEqual(yield* ports, [["first", 1], ["new", 8], ["there", 1]])
      }))

    test("nothing beside what can't be written", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("first", 1))
        const beside = [port("new", 7)]
        assert.strictEqual(yield* reason(store.put(port("first", 2), { expect: "absent", beside })), "Conflict")
        assert.strictEqual(yield* reason(store.put(port("first", 2), { expect: 7, beside })), "Conflict")
        assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["first"])
      }))

    test("together for exactly one of those who do so at once", (store) =>
      Effect.gen(function*() {
        const results = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, index) => index),
          (index) => Effect.result(
            store.put(port("first", index), { expect: "absent", beside: [port("a", index), port("z", index)] })),
          { concurrency: "unbounded" }
        )
        const won = results.findIndex(({ _tag }) => _tag === "Success")
        assert.strictEqual(results.filter(({ _tag }) => _tag === "Success").length, 1)
        assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ spec }) => spec.port), [won, won, won])
      }))

    test("only where what it is given is there, whatever became of others", (store) =>
      Effect.gen(function*() {
        const given = port("mesh", 1)
        const results = yield* Effect.forEach(
          ["a", "b"],
          (name) => Effect.result(store.put(port(name, 1), name === "a" ? { given } : {})),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(results.map(({ _tag }) => _tag), ["Failure", "Success"])
        assert.strictEqual(yield* reason(store.put(port("a", 1), { given, beside: [port("c", 1)] })), "Conflict")
        yield* store.put(given)
        assert.strictEqual((yield* store.put(port("a", 1), { given })).version, 1)
        yield* store.put(port("c", 1), { given, beside: [port("d", 1)] })
        // Whatever it is by now.
        yield* store.put(port("mesh", 2))
        assert.strictEqual((yield* store.put(port("a", 2), { expect: 1, given })).version, 2)
        assert.strictEqual(yield* reason(store.put(port("a", 3), { expect: 1, given })), "Conflict")
        const names = (yield* store.list("OutboundPort")).map(({ name }) => name)
        assert.deepStrictEqual(names, ["a", "b", "c", "d", "mesh"])
      }))

    test("for exactly one of those who expect the same", (store) =>
      Effect.gen(function*() {
        const contend = (expect: number | "absent") =>
          Effect.forEach(
            Array.from({ length: 20 }, (_, index) => index),
            (index) => Effect.result(store.put(port("kv", 1_000 + index), { expect })),
            { concurrency: "unbounded" }
          ).pipe(Effect.map((results) => results.filter((result) => result._tag === "Success").length))
        assert.strictEqual(yield* contend("absent"), 1)
        const { version } = yield* store.put(port("kv", 1))
        assert.strictEqual(yield* contend(version), 1)
      }))

    test("for all who expect nothing, each once", (store) =>
      Effect.gen(function*() {
        const written = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, index) => index),
          (index) => store.put(port("kv", index)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(written.map(({ version }) => version).sort((a, b) => a - b), [
          ...Array.from({ length: 20 }, (_, index) => index + 1)
        ])
      }))
  })

  describe(`${name} removes`, () => {
    test("what is there, and says NotFound where nothing is", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("kv", 1))
        yield* store.put(port("kv", 1, "other"))
        yield* store.remove(port("kv", 1))
        assert.strictEqual(yield* reason(store.get(port("kv", 1))), "NotFound")
        assert.strictEqual(yield* reason(store.remove(port("kv", 1))), "NotFound")
        assert.strictEqual(yield* reason(store.remove(port("kv", 1), { expect: 1 })), "NotFound")
        assert.strictEqual((yield* store.list("OutboundPort")).length, 1)
      }))

    test("the expected version only", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("kv", 1))
        yield* store.put(port("kv", 2))
        assert.strictEqual(yield* reason(store.remove(port("kv", 1), { expect: 1 })), "Conflict")
        yield* store.remove(port("kv", 1), { expect: 2 })
        assert.strictEqual(yield* reason(store.get(port("kv", 1))), "NotFound")
      }))

    test("so that one put again is nobody's expected version of before", (store) =>
      Effect.gen(function*() {
        for (const spec of [1, 2, 3]) yield* store.put(port("kv", spec))
        yield* store.put(port("other", 1))
        yield* store.remove(port("kv", 1))
        yield* store.remove(port("other", 1))
        const { version } = yield* store.put(port("kv", 4))
        assert.isAbove(version, 3)
        for (const expect of [1, 2, 3]) {
          assert.strictEqual(yield* reason(store.put(port("kv", 5), { expect })), "Conflict")
          assert.strictEqual(yield* reason(store.remove(port("kv", 5), { expect })), "Conflict")
        }
        assert.strictEqual((yield* store.put(port("kv", 5), { expect: version })).version, version + 1)
      }))

    test("with what goes beside it, and nothing else", (store) =>
      Effect.gen(function*() {
        for (const name of ["first", "with", "other"]) yield* store.put(port(name, 1))
        yield* store.remove(port("first", 1), { expect: 1, beside: [port("with", 1), port("none", 1)] })
        assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["other"])
      }))

    test("only while another is what it was", (store) =>
      Effect.gen(function*() {
        for (const name of ["first", "other"]) yield* store.put(port(name, 1))
        const given = { key: port("other", 1), version: 1 }
        yield* store.put(port("other", 2))
        assert.strictEqual(yield* reason(store.remove(port("first", 1), { expect: 1, given })), "Conflict")
        assert.strictEqual((yield* store.list("OutboundPort")).length, 2)
        yield* store.remove(port("other", 1))
        assert.strictEqual(yield* reason(store.remove(port("first", 1), { given })), "Conflict")
        const { version } = yield* store.put(port("other", 1))
        yield* store.remove(port("first", 1), { given: { ...given, version } })
        assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["other"])
      }))

    test("with what is chosen of its mesh, or not at all", (store) =>
      Effect.gen(function*() {
        yield* store.put(port("first", 1))
        for (const name of ["with", "other"]) yield* store.put(port(name, 1, "m"))
        const within = (choose: RemoveWithin["choose"]) => ({ expect: 1, within: { mesh: "m", choose } })
        assert.strictEqual(yield* reason(store.remove(port("first", 1), within(() => null))), "Conflict")
        const late = { ...within((there) => there), expect: 2 }
        assert.strictEqual(yield* reason(store.remove(port("first", 1), late)), "Conflict")
        assert.strictEqual(yield* reason(store.remove(port("none", 1), within(() => null))), "NotFound")
        assert.strictEqual((yield* store.list("OutboundPort")).length, 3)
        const seen: Array<string> = []
        yield* store.remove(port("first", 1), within((there) => {
          seen.push(...there.map(({ name, version }) => `${name} ${version}`))
          return there.filter(({ name }) => name === "with")
        }))
        assert.deepStrictEqual(seen.sort(), ["other 1", "with 1"])
        assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), ["other"])
      }))

    test("all of a mesh, into which nothing is put at the same time that stays behind", (store) =>
      Effect.gen(function*() {
        const given = port("mesh", 1, "")
        for (let round = 0; round < 5; round += 1) {
          const { version } = yield* store.put(given)
          const within = { mesh: "m", choose: (there: ReadonlyArray<ResourceKey>) => there }
          const writes: Array<Effect.Effect<unknown>> = Array.from({ length: 20 }, (_, index) =>
            Effect.exit(store.put(port(`p${index}`, 1, "m"), index % 4 === 0 ? { given, beside: [port("z", 1, "m")] } : { given })))
          writes.splice(10, 0, Effect.exit(store.remove(given, { expect: version, within })))
          yield* Effect.all(writes, { concurrency: "unbounded" })
          assert.deepStrictEqual((yield* store.list("OutboundPort")).map(({ name }) => name), [])
        }
      }))

    test("nothing where it isn't there, or isn't the expected version", (store) =>
      Effect.gen(function*() {
        for (const name of ["first", "with"]) yield* store.put(port(name, 1))
        const beside = [port("with", 1)]
        assert.strictEqual(yield* reason(store.remove(port("first", 1), { expect: 2, beside })), "Conflict")
        assert.strictEqual(yield* reason(store.remove(port("none", 1), { beside })), "NotFound")
        assert.strictEqual((yield* store.list("OutboundPort")).length, 2)
      }))
  })

  describe(`${name} tells changes`, () => {
    scoped("of creations, updates and removals, in commit order", (store, changes) =>
      Effect.gen(function*() {
        yield* store.put(port("a", 1))
        yield* store.put(port("b", 1))
        yield* store.put(port("a", 2))
        yield* store.remove(port("b", 1))
        yield* store.put(port("end", 1))
        const seen = yield* changes.until("OutboundPort/default/end")
        assert.deepStrictEqual(
          seen.filter((line) => line !== "Resynced"),
          ["a", "b", "a", "b", "end"].map((name) => `OutboundPort/default/${name}`)
        )
      }))

    scoped("of what is put and removed together", (store, changes) =>
      Effect.gen(function*() {
        const beside = [port("b", 1), port("c", 1)]
        yield* store.put(port("a", 1), { expect: "absent", beside })
        yield* Effect.exit(store.put(port("a", 2), { expect: "absent", beside: [port("d", 1)] }))
        yield* store.remove(port("a", 1), { beside })
        yield* store.put(port("end", 1))
        const seen = (yield* changes.until("OutboundPort/default/end")).filter((line) => line !== "Resynced")
        const told = (from: number, to: number) => seen.slice(from, to).map((line) => line.slice(-1)).sort()
        assert.deepStrictEqual([told(0, 3), told(3, 6), seen.length], [["a", "b", "c"], ["a", "b", "c"], 7])
      }))

    scoped("but nothing where nothing was written", (store, changes) =>
      Effect.gen(function*() {
        yield* store.put(port("a", 1))
        yield* store.put(port("a", 1))
        yield* Effect.exit(store.put(port("a", 2), { expect: "absent" }))
        yield* Effect.exit(store.remove(port("b", 2)))
        yield* store.put(port("end", 1))
        const seen = yield* changes.until("OutboundPort/default/end")
        assert.strictEqual(seen.filter((line) => line !== "Resynced").length, 2)
      }))

    scoped("to every subscriber", (store, first) =>
      Effect.gen(function*() {
        const second = yield* subscribe()
        yield* store.put(port("a", 1))
        yield* first.until("OutboundPort/default/a")
        yield* second.until("OutboundPort/default/a")
      }).pipe(Effect.scoped, Effect.provideService(Store, store)))

    scoped("by names of any length and kind", (store, changes) =>
      Effect.gen(function*() {
        const name = "日本 'x' \"y\" \\ ".repeat(100)
        yield* store.put(port(name, 1))
        yield* changes.until(`OutboundPort/default/${name}`)
      }))

    scoped("to a stream that was forked before the write", (store) =>
      Effect.gen(function*() {
        const fiber = yield* store.changes.pipe(
          Stream.filter((change) => change._tag === "Changed"),
          Stream.take(1),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
        const put = yield* store.put(port("a", 1))
        const [change] = yield* Effect.timeout(Fiber.join(fiber), "10 seconds")
        // Beside its key it may say what is there now, and as of when.
        const { after = put, revision: _, ...told } = { after: undefined, revision: undefined, ...change }
        assert.deepStrictEqual(told, {
          _tag: "Changed",
          key: { type: "OutboundPort", mesh: "default", name: "a" }
        })
        assert.deepStrictEqual(after, put)
      }))

    test("so that whoever subscribes, then lists, misses nothing", (store) =>
      Effect.gen(function*() {
        const names = Array.from({ length: 200 }, (_, index) => `kv-${index}`)
        const writer = yield* Effect.forkChild(
          Effect.andThen(
            Effect.forEach(names, (name) => store.put(port(name, 1)), { concurrency: 4 }),
            store.put(port("end", 1))
          )
        )
        while ((yield* store.listAll).length < 20) yield* Effect.yieldNow
        const changes = yield* subscribe()
        const listed = (yield* store.listAll).map(formatKey)
        const told = listed.includes("OutboundPort/default/end")
          ? []
          : yield* changes.until("OutboundPort/default/end")
        yield* Fiber.join(writer)
        const known = new Set([...listed, ...told])
        assert.deepStrictEqual(names.filter((name) => !known.has(`OutboundPort/default/${name}`)), [])
      }).pipe(Effect.scoped))
  })
}
