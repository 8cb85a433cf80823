import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import { CallLane } from "../../../src/controllers/aws/CallLane.ts"
import { noBreakOff } from "../../../src/controllers/queue/NoBreakOff.ts"
import { done, lookAgain, type Outcome, retry, terminal, wakeAt } from "../../../src/controllers/queue/Outcome.ts"
import { backoff, makeWorkQueue, type WorkQueueOptions } from "../../../src/controllers/queue/WorkQueue.ts"

/** Lets everything run that can run now. */
const settle = TestClock.adjust(0)

/** A queue whose handler notes each look and answers what the test says. */
const recording = Effect.fnUntraced(function*(answer: (key: string, time: number) => Outcome, parallel = 4) {
  const looks: Array<string> = []
  const queue = yield* makeWorkQueue(
    (key) => Effect.sync(() => {
      looks.push(key)
      return answer(key, looks.filter((look) => look === key).length)
    }),
    { parallel, backoffMillis: 100, backoffCapMillis: 1_000 }
  )
  return { looks, queue }
})

describe("the work queue", () => {
  it.effect("looks once at a key that was added many times", () =>
    Effect.gen(function*() {
      const { looks, queue } = yield* recording(() => done)
      queue.add("a")
      queue.add("a")
      queue.add("b")
      queue.add("a")
      yield* settle
      assert.deepStrictEqual(looks, ["a", "b"])
      assert.strictEqual(queue.size(), 0)
    }))

  it.effect("looks at what is asked for before what only its time has come for", () =>
    Effect.gen(function*() {
      const keys = ["a", "b", "c", "d"]
      const gates = new Map<string, Deferred.Deferred<void>>()
      const looks: Array<string> = []
      const queue = yield* makeWorkQueue((key) =>
        Effect.gen(function*() {
          looks.push(key)
          const gate = gates.get(key)
          if (gate !== undefined) yield* Deferred.await(gate)
          return looks.length <= keys.length ? wakeAt(1_000) : done
        }), { parallel: 1 })
      keys.forEach((key) => queue.add(key))
      yield* settle
      const gate = yield* Deferred.make<void>()
      gates.set("a", gate)
      yield* TestClock.adjust(1_000)
      queue.add("event")
      queue.add("d")
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.repeat(settle, { times: 20 })
      assert.deepStrictEqual(looks, [...keys, "a", "event", "d", "b", "c"])
      assert.strictEqual(queue.size(), 0)
    }))

  it.effect("never looks at a key twice at a time, and looks again where it was added meanwhile", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let under = 0
      let most = 0
      let looks = 0
      const queue = yield* makeWorkQueue(() =>
        Effect.gen(function*() {
          under += 1
          most = Math.max(most, under)
          looks += 1
          yield* Deferred.await(gate)
          under -= 1
          return done
        }))
      queue.add("a")
      yield* settle
      queue.add("a")
      queue.add("a")
      yield* settle
      assert.strictEqual(looks, 1)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual([looks, most], [2, 1])
    }))

  it.effect("looks at different keys side by side, up to its bound", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let under = 0
      const queue = yield* makeWorkQueue(() =>
        Effect.gen(function*() {
          under += 1
          yield* Deferred.await(gate)
          return done
        }), { parallel: 3 })
      for (const key of ["a", "b", "c", "d", "e"]) queue.add(key)
      yield* settle
      assert.strictEqual(under, 3)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.strictEqual(under, 5)
    }))

  it.effect("waits longer after each failure of a key, up to a cap, and forgets them after a success", () =>
    Effect.gen(function*() {
      const { looks, queue } = yield* recording((_, time) => time === 3 ? done : retry("no"))
      queue.add("a")
      yield* settle
      yield* TestClock.adjust(99)
      assert.strictEqual(looks.length, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(looks.length, 2)
      yield* TestClock.adjust(199)
      assert.strictEqual(looks.length, 2)
      yield* TestClock.adjust(1)
      assert.strictEqual(looks.length, 3)
      queue.add("a")
      yield* settle
      yield* TestClock.adjust(100)
      assert.strictEqual(looks.length, 5)
      const options = { parallel: 1, backoffMillis: 100, backoffCapMillis: 1_000 }
      assert.deepStrictEqual(
        [1, 2, 3, 4, 5, 50].map((failures) => backoff(failures, options)),
        [100, 200, 400, 800, 1_000, 1_000]
      )
    }))

  it.effect("an event cuts a backoff short", () =>
    Effect.gen(function*() {
      const { looks, queue } = yield* recording((_, time) => time === 1 ? retry("no") : done)
      queue.add("a")
      yield* settle
      queue.add("a")
      yield* settle
      assert.strictEqual(looks.length, 2)
      yield* TestClock.adjust(10_000)
      assert.strictEqual(looks.length, 2)
    }))

  it.effect("wakes a key at the time that was asked for, once", () =>
    Effect.gen(function*() {
      const { looks, queue } = yield* recording((_, time) => time === 1 ? wakeAt(5_000) : done)
      queue.add("a")
      yield* settle
      yield* TestClock.adjust(4_999)
      assert.strictEqual(looks.length, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(looks.length, 2)
      yield* TestClock.adjust(60_000)
      assert.strictEqual(looks.length, 2)
    }))

  it.effect("a look that came before takes the place of the one that was asked for", () =>
    Effect.gen(function*() {
      const { looks, queue } = yield* recording((_, time) => time === 1 ? wakeAt(5_000) : done)
      queue.add("a")
      yield* settle
      queue.add("a")
      yield* settle
      yield* TestClock.adjust(60_000)
      assert.strictEqual(looks.length, 2)
    }))

  it.effect("says that a key was handled only after a look that began later and didn't fail", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const handled: Array<string> = []
      let looks = 0
      const queue = yield* makeWorkQueue(() =>
        Effect.gen(function*() {
          looks += 1
          if (looks === 1) yield* Deferred.await(gate)
          return looks === 2 ? retry("no") : terminal("it is as it is")
        }), { backoffMillis: 100 })
      queue.add("a", () => handled.push("before"))
      yield* settle
      queue.add("a", () => handled.push("while"))
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual([looks, handled], [2, ["before"]])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([looks, handled], [3, ["before", "while"]])
    }))

  it.effect("goes on with the others where one handler breaks", () =>
    Effect.gen(function*() {
      const looks: Array<string> = []
      const queue = yield* makeWorkQueue((key) => {
        looks.push(key)
        return key === "bad" && looks.length === 1 ? Effect.die(new Error("broken")) : Effect.succeed(done)
      }, { parallel: 1, backoffMillis: 100 })
      queue.add("bad")
      queue.add("good")
      yield* settle
      assert.deepStrictEqual(looks, ["bad", "good"])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(looks, ["bad", "good", "bad"])
    }))

  it.effect("looks at nothing any more once its scope is closed", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { looks, queue } = yield* recording(() => wakeAt(1_000)).pipe(Scope.provide(scope))
      queue.add("a")
      yield* settle
      yield* Scope.close(scope, Exit.void)
      queue.add("b")
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(looks, ["a"])
    }))
})

/** A queue whose looks wait until they are let go; what began and ended, in order. */
const held = Effect.fnUntraced(function*(
  options: Partial<WorkQueueOptions>,
  before: Effect.Effect<void> = Effect.void
) {
  const told: Array<string> = []
  const gate = yield* Deferred.make<void>()
  const queue = yield* makeWorkQueue((key) =>
    Effect.gen(function*() {
      told.push(`${yield* CallLane} ${key}`)
      yield* before
      yield* Deferred.await(gate)
      told.push(`end ${key}`)
      return done
    }), options)
  return { told, gate, queue }
})

describe("what is asked for at once", () => {
  it.effect("breaks off a look that waits, an urgent one, too, and nothing that was asked for is forgotten", () =>
    Effect.gen(function*() {
      const { gate, queue, told } = yield* held({})
      let handled = 0
      queue.add("a", () => handled++)
      yield* settle
      queue.add("a", () => handled++)
      yield* Effect.repeat(settle, { times: 5 })
      assert.deepStrictEqual(told, ["urgent a"])
      queue.add("a", () => handled++, "atOnce")
      yield* Effect.repeat(settle, { times: 5 })
      assert.deepStrictEqual(told, ["urgent a", "urgent a"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.repeat(settle, { times: 10 })
      assert.deepStrictEqual(told, ["urgent a", "urgent a", "end a"])
      assert.strictEqual(handled, 3)
      assert.strictEqual(queue.size(), 0)
    }))

  it.effect("waits for a look that has begun to write", () =>
    Effect.gen(function*() {
      const { gate, queue, told } = yield* held({}, noBreakOff)
      queue.add("a")
      yield* settle
      queue.add("a", undefined, "atOnce")
      yield* Effect.repeat(settle, { times: 5 })
      assert.deepStrictEqual(told, ["urgent a"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.repeat(settle, { times: 10 })
      assert.deepStrictEqual(told, ["urgent a", "end a", "urgent a", "end a"])
    }))
})

describe("bulk work", () => {
  it.effect("leaves places to urgent keys, and lets them go first", () =>
    Effect.gen(function*() {
      const { gate, queue, told } = yield* held({ parallel: 3, keptForUrgent: 1 })
      for (const key of ["a", "b", "c"]) queue.add(key, undefined, "bulk")
      yield* settle
      queue.add("event")
      queue.add("other event")
      yield* settle
      assert.deepStrictEqual(told, ["bulk a", "bulk b", "urgent event"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.repeat(settle, { times: 20 })
      const began = told.filter((line) => !line.startsWith("end"))
      assert.deepStrictEqual(began.slice(3), ["urgent other event", "bulk c"])
    }))

  it.effect("is begun anew at once where it waits and its key is asked for", () =>
    Effect.gen(function*() {
      const { gate, queue, told } = yield* held({})
      let handled = 0
      queue.add("a", () => handled++, "bulk")
      yield* settle
      queue.add("a", () => handled++)
      yield* Effect.repeat(settle, { times: 5 })
      assert.deepStrictEqual(told, ["bulk a", "urgent a"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.repeat(settle, { times: 5 })
      assert.deepStrictEqual(told, ["bulk a", "urgent a", "end a"])
      assert.strictEqual(handled, 2)
      assert.strictEqual(queue.size(), 0)
    }))

  it.effect("is brought to its end where it has begun to write, and looked at again", () =>
    Effect.gen(function*() {
      const { gate, queue, told } = yield* held({}, noBreakOff)
      queue.add("a", undefined, "bulk")
      yield* settle
      queue.add("a")
      yield* Effect.repeat(settle, { times: 5 })
      assert.deepStrictEqual(told, ["bulk a"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.repeat(settle, { times: 10 })
      assert.deepStrictEqual(told, ["bulk a", "end a", "urgent a", "end a"])
    }))

  it.effect("is broken off by nobody else's being asked for, nor by being asked for in bulk", () =>
    Effect.gen(function*() {
      const { queue, told } = yield* held({})
      queue.add("a", undefined, "bulk")
      yield* settle
      queue.add("a", undefined, "bulk")
      queue.add("b", undefined, "atOnce")
      yield* Effect.repeat(settle, { times: 5 })
      assert.deepStrictEqual(told, ["bulk a", "urgent b"])
    }))

  it.effect("that only its time has come for is bulk, and what failed comes again as what it was", () =>
    Effect.gen(function*() {
      const lanes: Array<string> = []
      const queue = yield* makeWorkQueue(() =>
        Effect.gen(function*() {
          lanes.push(yield* CallLane)
          return lanes.length === 1 ? retry("no") : lanes.length === 2 ? lookAgain(1_000, 1_000) : done
        }), { backoffMillis: 100 })
      queue.add("a")
      yield* settle
      yield* TestClock.adjust(100)
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(lanes, ["urgent", "urgent", "bulk"])
    }))
})
