import { Effect, Exit, Fiber, Scope } from "effect"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { makeTogether } from "../../../src/cp/server/Together.ts"

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }))
afterEach(() => void vi.useRealTimers())

const open = async () => {
  const scope = Scope.makeUnsafe()
  const { pass } = await Effect.runPromise(Scope.provide(makeTogether(50), scope))
  const passed: Array<string> = []
  const come = (who: string) => Effect.runFork(Effect.andThen(pass, Effect.sync(() => void passed.push(who))))
  return { scope, passed, come }
}

it("whoever comes alone passes at once, again and again", async () => {
  const { come, passed } = await open()
  come("a")
  expect(passed).toEqual(["a"])
  vi.advanceTimersByTime(50)
  come("b")
  expect(passed).toEqual(["a", "b"])
})

it("those who come soon after pass in one lot, and those after them in another", async () => {
  const { come, passed } = await open()
  for (const who of ["a", "b", "c"]) come(who)
  vi.advanceTimersByTime(49)
  expect(passed).toEqual(["a"])
  vi.advanceTimersByTime(1)
  expect(passed).toEqual(["a", "b", "c"])
  come("d")
  expect(passed).toEqual(["a", "b", "c"])
  vi.advanceTimersByTime(50)
  expect(passed).toEqual(["a", "b", "c", "d"])
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(50)
  expect(vi.getTimerCount()).toBe(0)
})

it("whoever gives up doesn't pass, and holds up nobody", async () => {
  const { come, passed } = await open()
  come("a")
  const gone = come("b")
  come("c")
  await Effect.runPromise(Fiber.interrupt(gone))
  vi.advanceTimersByTime(50)
  expect(passed).toEqual(["a", "c"])
})

it("at the end of the scope all pass, and no timer is left", async () => {
  const { come, passed, scope } = await open()
  for (const who of ["a", "b"]) come(who)
  await Effect.runPromise(Scope.close(scope, Exit.void))
  expect(passed).toEqual(["a", "b"])
  expect(vi.getTimerCount()).toBe(0)
})
