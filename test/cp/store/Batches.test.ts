import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { makeBatches } from "../../../src/cp/store/Batches.ts"

/** Batches whose runs end when the test says so. */
const open = async (options: Partial<Parameters<typeof makeBatches<string, string, string>>[0]> = {}) => {
  const scope = Effect.runSync(Scope.make())
  const runs: Array<{ readonly items: ReadonlyArray<string>; readonly end: (exit: Exit.Exit<void, string>) => void }> = []
  const submit = await Effect.runPromise(
    makeBatches<string, string, string>({
      lanes: 1,
      most: 100,
      mostBytes: 1_000,
      bytesOf: (item) => item.length,
      nameOf: null,
      isOneToBlame: (error) => error === "bad",
      run: (items) =>
        Effect.gen(function*() {
          const ended = yield* Deferred.make<void, string>()
          runs.push({ items, end: (exit) => Deferred.doneUnsafe(ended, exit) })
          yield* Deferred.await(ended)
          return items.map((item) => item.toUpperCase())
        }),
      ...options
    }).pipe(Scope.provide(scope))
  )
  const ask = (item: string) => Effect.runPromise(Effect.result(submit(item)))
  return { runs, submit, ask, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

const turn = () => new Promise<void>((resume) => setImmediate(resume))
const items = (runs: ReadonlyArray<{ readonly items: ReadonlyArray<string> }>) => runs.map((run) => run.items)

describe("what is asked for", () => {
  it("in one turn goes together, before the next", async () => {
    const { ask, runs } = await open()
    const answers = Promise.all(["a", "b"].map(ask))
    await Promise.resolve()
    expect(items(runs)).toEqual([["a", "b"]])
    runs[0]?.end(Exit.void)
    expect(await answers).toMatchObject([{ success: "A" }, { success: "B" }])
  })

  it("while the lanes are taken goes together once one is free", async () => {
    const { ask, runs } = await open()
    const answers: Array<Promise<unknown>> = []
    for (const item of ["a", "b", "c"]) {
      answers.push(ask(item))
      await turn()
    }
    expect(items(runs)).toEqual([["a"]])
    runs[0]?.end(Exit.void)
    await turn()
    expect(items(runs)).toEqual([["a"], ["b", "c"]])
    runs[1]?.end(Exit.void)
    await Promise.all(answers)
  })

  it("goes in as many lanes as there are, and in batches that are not too large", async () => {
    const { ask, runs } = await open({ lanes: 2, most: 2, mostBytes: 10 })
    const answers = Promise.all(["a", "b", "c", "d".repeat(10), "e"].map(ask))
    await turn()
    expect(items(runs)).toEqual([["a", "b"], ["c"]])
    runs[0]?.end(Exit.void)
    runs[1]?.end(Exit.void)
    await turn()
    expect(items(runs).slice(2)).toEqual([["d".repeat(10)], ["e"]])
    for (const { end } of runs) end(Exit.void)
    expect((await answers).map(({ _tag }) => _tag)).toEqual(Array.from({ length: 5 }, () => "Success"))
  })

  it("by one name goes one after the other, in order", async () => {
    const { ask, runs } = await open({ nameOf: (item) => item.slice(0, 1) })
    const answers = Promise.all(["a1", "a2", "b1", "a3"].map(ask))
    for (let round = 0; round < 3; round++) {
      await turn()
      runs[round]?.end(Exit.void)
    }
    await answers
    expect(items(runs)).toEqual([["a1", "b1"], ["a2"], ["a3"]])
  })
})

it("lets others have their turn between what waited and goes on for long", async () => {
  const { runs, submit } = await open()
  const order: Array<string> = []
  const busy = (item: string) =>
    Effect.map(submit(item), () => {
      order.push(item)
      const end = performance.now() + 11
      while (performance.now() < end);
      if (item === "a") setImmediate(() => order.push("another"))
    })
  const all = Promise.all(["a", "b", "c"].map((item) => Effect.runPromise(busy(item))))
  await turn()
  runs[0]?.end(Exit.void)
  await all
  expect(order.indexOf("another")).toBeGreaterThan(0)
  expect(order.indexOf("another")).toBeLessThan(order.indexOf("c"))
  expect(order.filter((item) => item !== "another")).toEqual(["a", "b", "c"])
})

describe("a batch that fails", () => {
  it("fails all that are in it", async () => {
    const { ask, runs } = await open()
    const answers = Promise.all(["a", "b"].map(ask))
    await turn()
    runs[0]?.end(Exit.fail("cut off"))
    expect(await answers).toMatchObject([{ failure: "cut off" }, { failure: "cut off" }])
  })

  it("is tried one by one where one of them may be to blame", async () => {
    const { ask, runs } = await open()
    const answers = Promise.all(["a", "b"].map(ask))
    await turn()
    runs[0]?.end(Exit.fail("bad"))
    await turn()
    runs[1]?.end(Exit.fail("bad"))
    await turn()
    runs[2]?.end(Exit.void)
    expect(await answers).toMatchObject([{ failure: "bad" }, { success: "B" }])
    expect(items(runs)).toEqual([["a", "b"], ["a"], ["b"]])
  })

  it("by a fault of ours fails all that are in it, and the next goes on", async () => {
    let faulty = true
    const { ask } = await open({ run: (all) => faulty ? Effect.die(new Error("a fault")) : Effect.succeed(all) })
    await expect(Promise.all(["a", "b"].map(ask))).rejects.toThrow("a fault")
    faulty = false
    expect(await ask("c")).toMatchObject({ success: "c" })
  })
})

it("who gives up before it was sent isn't sent", async () => {
  const { ask, runs, submit } = await open()
  const first = ask("a")
  await turn()
  const fiber = Effect.runFork(submit("b"))
  const third = ask("c")
  await Effect.runPromise(Fiber.interrupt(fiber))
  runs[0]?.end(Exit.void)
  await turn()
  expect(items(runs)).toEqual([["a"], ["c"]])
  runs[1]?.end(Exit.void)
  await Promise.all([first, third])
})

it("who waits doesn't wait for ever where it ends", async () => {
  const { close, submit } = await open()
  const fiber = Effect.runFork(submit("a"))
  await turn()
  await close()
  expect(Exit.isFailure(await Effect.runPromise(Fiber.await(fiber)))).toBe(true)
})

it("who isn't sent yet doesn't wait for ever where it ends, nor does who comes later", async () => {
  const { close, runs, submit } = await open()
  const fibers = [Effect.runFork(submit("a")), Effect.runFork(submit("b"))]
  await turn()
  expect(items(runs)).toEqual([["a", "b"]])
  fibers.push(Effect.runFork(submit("c")))
  await close()
  fibers.push(Effect.runFork(submit("d")))
  const exits = fibers.map((fiber) => Effect.runPromise(Effect.timeout(Fiber.await(fiber), "10 seconds")))
  expect((await Promise.all(exits)).map(Exit.isFailure)).toEqual([true, true, true, true])
  expect(items(runs)).toEqual([["a", "b"]])
})
