import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Alarms, makeAlarms } from "../../../src/controllers/queue/Alarms.ts"

/** Alarms that note who was woken, and how often somebody slept for it. */
const world = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  let sleeps = 0
  const counting: Clock.Clock = Object.assign(Object.create(clock), {
    sleep: (duration: Parameters<Clock.Clock["sleep"]>[0]) =>
      Effect.suspend(() => {
        sleeps += 1
        return clock.sleep(duration)
      })
  })
  const alarms: Alarms = yield* makeAlarms.pipe(Effect.provideService(Clock.Clock, counting))
  const woken: Array<string> = []
  return { woken, sleeps: () => sleeps, cancel: alarms.cancel, set: (key: string, at: number) =>
    alarms.set(key, at, () => void woken.push(key)) }
})

describe("alarms", () => {
  it.effect("of one moment share a timer, and ring in the order in which they were set", () =>
    Effect.gen(function*() {
      const { set, sleeps, woken } = yield* world
      for (let key = 0; key < 1_000; key++) set(String(key), 5_000)
      set("late", 6_000)
      yield* TestClock.adjust(5_000)
      assert.deepStrictEqual(woken, Array.from({ length: 1_000 }, (_, key) => String(key)))
      assert.strictEqual(sleeps(), 2)
      yield* TestClock.adjust(1_000)
      assert.strictEqual(woken.at(-1), "late")
    }).pipe(Effect.scoped))

  it.effect("ring once, at the moment that was set last, and not at all once they are cancelled", () =>
    Effect.gen(function*() {
      const { cancel, set, woken } = yield* world
      set("moved", 1_000)
      set("moved", 2_000)
      set("cancelled", 2_000)
      cancel("cancelled")
      yield* TestClock.adjust(1_500)
      assert.deepStrictEqual(woken, [])
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(woken, ["moved"])
      // What is over already rings as soon as it can.
      set("moved", 3_000)
      yield* Effect.repeat(TestClock.adjust(0), { times: 20 })
      assert.deepStrictEqual(woken, ["moved", "moved"])
    }).pipe(Effect.scoped))
})
