/** What an authority is asked, and when, for however many proxies: as counts, by a clock that the test winds. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import type { Tags } from "../../../src/model/Tags.ts"
import { AT_ONCE } from "../../../src/cp/ca/Breaker.ts"
import { CertificateAuthority } from "../../../src/cp/ca/CertificateAuthority.ts"
import { ASK_MILLIS, makeCertificateKeeper } from "../../../src/cp/ca/CertificateKeeper.ts"
import { faultyAuthority, LIFE_MILLIS, SLOW_MILLIS } from "./faultyAuthority.ts"

const MINUTE = 60_000

/** As many turns of the event loop as anything here takes. */
const turns = Effect.promise(async () => {
  for (let turn = 0; turn < 100; turn += 1) await new Promise<void>((resume) => setImmediate(resume))
})
/** Lets the time pass, step by step. */
const pass = Effect.fnUntraced(function*(millis: number, step: number) {
  for (let passed = 0; passed < millis; passed += step) {
    yield* TestClock.adjust(Math.min(step, millis - passed))
    yield* turns
  }
})

const start = Effect.gen(function*() {
  const { service, state } = faultyAuthority()
  const keeper = yield* Effect.provideService(makeCertificateKeeper, CertificateAuthority, service)
  /** By proxy: what it was given, in order. */
  const given = new Map<string, Array<string>>()
  const trusted = new Map<string, string>()
  const order: Array<string> = []
  const keep = (proxy: string, tags: () => Tags = () => ({})) =>
    keeper.keep({
      mesh: "default",
      proxy,
      tags: () => [tags()],
      onCertificate: ({ certificatePem }, trustBundle) => {
        order.push(proxy)
        given.set(proxy, [...(given.get(proxy) ?? []), certificatePem])
        trusted.set(proxy, trustBundle)
      }
    })
  const keepMany = (count: number, prefix = "kv") =>
    Array.from({ length: count }, (_, at) => keep(`${prefix}-${at}`))
  return { state, keeper, given, trusted, order, keep, keepMany }
})

describe("certificates of many proxies", () => {
  it.effect("are issued once each, a few at a time, by an authority that is asked for once", () =>
    Effect.gen(function*() {
      const { given, keepMany, state } = yield* start
      state.answers = () => "slow"
      keepMany(500)
      yield* pass(500 / AT_ONCE * SLOW_MILLIS + SLOW_MILLIS, SLOW_MILLIS)
      assert.strictEqual(given.size, 500)
      assert.deepStrictEqual([state.opened, state.asked.length, state.mostAtOnce], [1, 500, AT_ONCE])
    }).pipe(Effect.scoped))

  it.effect("are issued anew when each is due, and no earlier; nobody is asked between", () =>
    Effect.gen(function*() {
      const { given, keepMany, state } = yield* start
      for (let at = 0; at < 50; at += 1) state.lives.set(`kv-${at}`, LIFE_MILLIS + at * MINUTE)
      keepMany(50)
      yield* turns
      state.lives.clear()
      state.asked.length = 0
      yield* pass(LIFE_MILLIS * 4 / 5 - 1, LIFE_MILLIS)
      assert.deepStrictEqual(state.asked, [])
      yield* pass(1, 1)
      assert.deepStrictEqual(state.asked, ["kv-0"])
      yield* pass(10 * MINUTE * 4 / 5, MINUTE * 4 / 5)
      assert.deepStrictEqual(state.asked, Array.from({ length: 11 }, (_, at) => `kv-${at}`))
      yield* pass(40 * MINUTE, 40 * MINUTE)
      assert.strictEqual(new Set(state.asked).size, 50)
      assert.isTrue([...given.values()].every(({ length }) => length === 2))
    }).pipe(Effect.scoped))

  it.effect("of proxies that are gone aren't renewed, and the authority is told that they left", () =>
    Effect.gen(function*() {
      const { keepMany, state } = yield* start
      const kept = keepMany(20)
      yield* turns
      for (const { end } of kept.slice(0, 15)) end()
      state.asked.length = 0
      yield* pass(LIFE_MILLIS * 4 / 5, LIFE_MILLIS)
      assert.strictEqual(state.asked.length, 5)
      assert.strictEqual(state.left.length, 15)
    }).pipe(Effect.scoped))

  it.effect("that are still the right ones are looked at in turns, and cause nothing", () =>
    Effect.gen(function*() {
      const { keeper, keepMany, order, state } = yield* start
      keepMany(500)
      yield* turns
      const [told, looked, opened] = [order.length, state.looked, state.opened]
      keeper.reconfigured("default")
      yield* Effect.promise(() => new Promise<void>((resume) => setImmediate(resume)))
      // Something else had its turn while most still waited for theirs.
      assert.isBelow(state.looked - looked, 100)
      yield* turns
      assert.deepStrictEqual([state.looked - looked, order.length - told, state.asked.length], [500, 0, 500])
      assert.strictEqual(state.opened, opened + 1)
    }).pipe(Effect.scoped))

  it.effect("are issued in turns also where the authority takes none for itself", () =>
    Effect.gen(function*() {
      const { keepMany, state } = yield* start
      state.answers = () => "promised"
      keepMany(500)
      yield* Effect.promise(() => new Promise<void>((resume) => setImmediate(resume)))
      assert.isBelow(state.asked.length, 100)
      yield* turns
      assert.strictEqual(state.asked.length, 500)
    }).pipe(Effect.scoped))

  it.effect("are all others at once when the mesh's CA is, but a newcomer needn't wait for them", () =>
    Effect.gen(function*() {
      const { given, keep, keeper, keepMany, order, state } = yield* start
      keepMany(500)
      yield* turns
      state.answers = () => "slow"
      state.generation = 2
      keeper.reconfigured("default")
      yield* pass(5 * SLOW_MILLIS, SLOW_MILLIS)
      keep("newcomer")
      order.length = 0
      yield* pass(2 * SLOW_MILLIS, SLOW_MILLIS)
      assert.isBelow(order.indexOf("newcomer"), 2 * AT_ONCE)
      assert.include(order, "newcomer")
      yield* pass(500 / AT_ONCE * SLOW_MILLIS, SLOW_MILLIS)
      assert.isTrue([...given].every(([proxy, certificates]) => certificates.length === (proxy === "newcomer" ? 1 : 2)))
      // In the order in which they came.
      const old = order.filter((proxy) => proxy !== "newcomer").map((proxy) => Number(proxy.slice(3)))
      assert.deepStrictEqual(old, old.toSorted((a, b) => a - b))
      assert.deepStrictEqual([state.asked.length, state.mostAtOnce], [1_001, AT_ONCE])
    }).pipe(Effect.scoped))

  it.effect("are asked for once more where the proxy changed while it was asked for, and given up by nobody", () =>
    Effect.gen(function*() {
      const { keep, state } = yield* start
      state.answers = () => "slow"
      let version = "v1"
      const { look } = keep("kv", () => ({ version }))
      yield* turns
      version = "v2"
      look()
      look()
      yield* pass(3 * SLOW_MILLIS, SLOW_MILLIS)
      assert.deepStrictEqual(state.asked, ["kv", "kv"])
      version = "v3"
      look()
      look()
      yield* pass(3 * SLOW_MILLIS, SLOW_MILLIS)
      assert.deepStrictEqual(state.asked, ["kv", "kv", "kv"])
    }).pipe(Effect.scoped))

  it.effect("are all of the newest CA where it changes while they are asked for", () =>
    Effect.gen(function*() {
      const { keeper, keepMany, state, trusted } = yield* start
      state.answers = () => "slow"
      keepMany(100)
      yield* pass(3 * SLOW_MILLIS, SLOW_MILLIS)
      state.generation = 2
      keeper.reconfigured("default")
      yield* pass(100 / AT_ONCE * SLOW_MILLIS + 2 * SLOW_MILLIS, SLOW_MILLIS)
      assert.strictEqual(trusted.size, 100)
      assert.deepStrictEqual(new Set(trusted.values()), new Set(["ca 2"]))
      // Those that were given or asked for by then once more, the others once.
      assert.strictEqual(state.asked.length, 100 + 4 * AT_ONCE)
    }).pipe(Effect.scoped))
})

describe("an authority that can't be had", () => {
  for (const fault of ["fails", "hangs"] as const) {
    it.effect(`and ${fault} is asked as seldom for 1,000 proxies as for 10, and all are served when it is back`, () =>
      Effect.gen(function*() {
        const calls: Array<number> = []
        for (const count of [10, 1_000]) {
          const { given, keepMany, state } = yield* start
          state.answers = () => fault
          keepMany(count)
          yield* pass(10 * MINUTE, 1_000)
          assert.strictEqual(given.size, 0)
          assert.isAtMost(state.mostAtOnce, AT_ONCE)
          calls.push(state.asked.length, state.opened)
          state.answers = () => "given"
          yield* pass(ASK_MILLIS + 13_000, 1_000)
          assert.strictEqual(given.size, count)
        }
        // 8 at once, then one after 0.2 s, 0.4 s ... and each 8 s at the most often.
        for (const asked of calls) assert.isBelow(asked, AT_ONCE + 6 + 10 * MINUTE / 8_000)
      }).pipe(Effect.scoped), 60_000)

    it.effect(`because its configuration ${fault} is opened as seldom for 1,000 proxies as for 10`, () =>
      Effect.gen(function*() {
        for (const count of [10, 1_000]) {
          const { given, keepMany, state } = yield* start
          state.opens = fault
          keepMany(count)
          yield* pass(10 * MINUTE, 1_000)
          assert.isBelow(state.opened, 6 + 10 * MINUTE / 8_000)
          assert.deepStrictEqual(state.asked, [])
          state.opens = "given"
          yield* pass(ASK_MILLIS + 13_000, 1_000)
          assert.strictEqual(given.size, count)
        }
      }).pipe(Effect.scoped), 60_000)
  }

  it.effect("is asked as seldom where the proxies that it fails for have left by then", () =>
    Effect.gen(function*() {
      const { keep, state } = yield* start
      state.answers = () => "fails late"
      for (let at = 0; at < 1_000; at += 1) {
        const { end } = keep(`kv-${at}`)
        yield* pass(SLOW_MILLIS / 2, SLOW_MILLIS / 2)
        end()
        yield* pass(SLOW_MILLIS / 2, SLOW_MILLIS / 2)
      }
      assert.isBelow(state.asked.length, AT_ONCE + 6 + 1_000 * SLOW_MILLIS / 8_000)
    }).pipe(Effect.scoped))

  it.effect("takes nothing from those that have one, who get theirs when it is back", () =>
    Effect.gen(function*() {
      const { given, keepMany, order, state } = yield* start
      keepMany(100)
      yield* turns
      state.answers = () => "fails"
      order.length = 0
      yield* pass(LIFE_MILLIS * 4 / 5, LIFE_MILLIS)
      yield* pass(MINUTE, 1_000)
      assert.deepStrictEqual(order, [])
      state.answers = () => "given"
      yield* pass(13_000, 1_000)
      assert.isTrue([...given.values()].every(({ length }) => length === 2))
    }).pipe(Effect.scoped))

  it.effect("serves as many at once as before when it is back", () =>
    Effect.gen(function*() {
      const { given, keepMany, state } = yield* start
      state.answers = () => "fails"
      keepMany(500)
      yield* pass(5 * MINUTE, 1_000)
      state.answers = () => "slow"
      yield* pass(12_000 + 500 / AT_ONCE * SLOW_MILLIS + 2 * SLOW_MILLIS, SLOW_MILLIS)
      assert.strictEqual(given.size, 500)
    }).pipe(Effect.scoped))

  it.effect("is asked at once when the mesh is configured anew, once for all", () =>
    Effect.gen(function*() {
      const { given, keeper, keepMany, state } = yield* start
      state.opens = "fails"
      keepMany(100)
      yield* pass(5 * MINUTE, 1_000)
      const before = state.opened
      keeper.reconfigured("default")
      yield* turns
      assert.strictEqual(state.opened, before + 1)
      state.opens = "given"
      keeper.reconfigured("default")
      yield* turns
      assert.deepStrictEqual([state.opened, given.size], [before + 2, 100])
    }).pipe(Effect.scoped))

  it.effect("doesn't keep a proxy that comes back from the certificate that it has", () =>
    Effect.gen(function*() {
      const { given, keep, keepMany, state } = yield* start
      const kept = keepMany(3)
      yield* turns
      state.opens = "fails"
      for (const { end } of kept) end()
      keep("newcomer")
      yield* turns
      keepMany(3)
      yield* turns
      assert.deepStrictEqual([...given.values()].map(([first, again]) => first === again), [true, true, true])
      assert.isFalse(given.has("newcomer"))
    }).pipe(Effect.scoped))

  it.effect("for one proxy only keeps no other waiting, and that one asks ever more seldom", () =>
    Effect.gen(function*() {
      const { given, keep, keepMany, state } = yield* start
      state.answers = (proxy) => proxy === "refused" ? "fails" : "given"
      keep("refused")
      for (let hundred = 0; hundred < 10; hundred += 1) {
        keepMany(100, `kv-${hundred}`)
        yield* turns
        assert.strictEqual(given.size, (hundred + 1) * 100)
        yield* pass(MINUTE, 1_000)
      }
      assert.isBelow(state.asked.filter((proxy) => proxy === "refused").length, 6 + 10 * MINUTE / 8_000)
    }).pipe(Effect.scoped))
})

describe("a proxy that no certificate can be made for", () => {
  it.effect("is asked for again when its tags change, and not before", () =>
    Effect.gen(function*() {
      const { given, keep, state } = yield* start
      state.answers = () => "no identity"
      const { look } = keep("kv")
      yield* pass(10 * MINUTE, MINUTE)
      assert.deepStrictEqual(state.asked, ["kv"])
      state.answers = () => "given"
      look()
      yield* turns
      assert.deepStrictEqual([state.asked.length, given.size], [2, 1])
    }).pipe(Effect.scoped))
})
