import { Deferred, Effect, Exit, Fiber } from "effect"
import { expect, it } from "vitest"
import { sharedNext } from "../../src/controllers/sharedNext.ts"

it("A read is shared by all who asked before it began, and by none who asked later", () =>
  Effect.runPromise(Effect.gen(function*() {
    const gates = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
    let reads = 0
    const read = sharedNext(Effect.suspend(() => {
      const at = reads++
      return Effect.as(at < gates.length ? Deferred.await(gates[at]!) : Effect.void, at)
    }))
    const first = yield* Effect.forkChild(read)
    yield* Effect.yieldNow
    const later = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(read))
    yield* Effect.yieldNow
    expect(reads).toBe(1)
    yield* Deferred.succeed(gates[0]!, undefined)
    expect(yield* Fiber.join(first)).toBe(0)
    // Who gives up takes nothing from the others.
    yield* Fiber.interrupt(later[0]!)
    yield* Deferred.succeed(gates[1]!, undefined)
    expect(yield* Effect.forEach(later.slice(1), Fiber.join)).toEqual([expect.any(Number), expect.any(Number)])
    expect(reads).toBeLessThanOrEqual(3)
    const before = reads
    yield* read
    expect(reads).toBe(before + 1)
  })))

it("A read that fails is made again for the next", () =>
  Effect.runPromise(Effect.gen(function*() {
    let reads = 0
    const read = sharedNext(Effect.suspend(() => (reads++ === 0 ? Effect.fail("down") : Effect.succeed(reads))))
    const [one, other] = yield* Effect.all([Effect.exit(read), Effect.exit(read)], { concurrency: "unbounded" })
    expect(Exit.isFailure(one)).toBe(true)
    expect(other).toEqual(Exit.succeed(2))
  })))
