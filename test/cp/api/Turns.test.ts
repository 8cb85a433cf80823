import { Effect, Exit, Fiber } from "effect"
import { describe, expect, it, vi } from "vitest"
import { FairPlaces } from "../../../src/cp/api/FairPlaces.ts"
import { mapInSlices, othersTurn, Turns } from "../../../src/cp/api/Turns.ts"

/** A clock that moves when it is told to. */
const handClock = () => {
  let now = 1_000
  const pauses: Array<number> = []
  return {
    pauses,
    pass: (millis: number) => Effect.sync(() => void (now += millis)),
    clock: {
      now: () => now,
      pause: (millis: number) =>
        Effect.sync(() => {
          pauses.push(millis)
          now += millis
        })
    }
  }
}

/** What ends when it is told to. */
const gate = () => {
  const begun: Array<string> = []
  const open = new Map<string, () => void>()
  return {
    begun,
    end: (name: string) => open.get(name)?.(),
    work: (name: string) =>
      Effect.callback<string>((resume) => {
        begun.push(name)
        open.set(name, () => resume(Effect.succeed(name)))
      })
  }
}

/** Everything that can go on has gone on. */
const settled = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const busy = (millis: number): void => {
  const end = performance.now() + millis
  while (performance.now() < end);
}

describe("a long answer", () => {
  it("is made when no other is", async () => {
    const turns = new Turns(handClock().clock)
    const { begun, end, work } = gate()
    const all = ["a", "b", "c"].map((name) => Effect.runPromise(turns.take("me", work(name))))
    for (const name of ["a", "b", "c"]) {
      await settled()
      expect(begun.at(-1)).toBe(name)
      end(name)
    }
    expect(await Promise.all(all)).toEqual(["a", "b", "c"])
  })

  it("leaves the thread to the others for as long as it took it, and for no time of theirs", async () => {
    const { clock, pass, pauses } = handClock()
    const turns = new Turns(clock)
    const work = Effect.gen(function*() {
      yield* pass(30)
      // The others' 500 ms, in a turn of the event loop that is theirs.
      setImmediate(() => Effect.runSync(pass(500)))
      yield* othersTurn
      yield* pass(10)
    })
    await Effect.runPromise(turns.take("me", work))
    await Effect.runPromise(turns.take("me", Effect.void))
    expect(pauses).toEqual([40])
  })

  it("that waits for the store takes nobody's turn, and is no work", async () => {
    const { clock, pass, pauses } = handClock()
    const turns = new Turns(clock)
    const { begun, end, work } = gate()
    const reading = ["a", "b", "c", "d"].map((name) =>
      Effect.runPromise(turns.readThenTake("me", Effect.tap(work(name), pass(500)), (read) => Effect.succeed(read))))
    await settled()
    expect(begun).toEqual(["a", "b", "c"])
    expect(await Effect.runPromise(turns.take("me", Effect.succeed("computed")))).toBe("computed")
    for (const name of ["a", "b", "c", "d"]) {
      end(name)
      await settled()
    }
    expect(await Promise.all(reading)).toEqual(["a", "b", "c", "d"])
    expect(pauses).toEqual([])
  })

  it("that fails, or that nobody waits for any more, keeps no other from its turn", async () => {
    const turns = new Turns(handClock().clock)
    await Effect.runPromise(Effect.flip(turns.take("me", Effect.fail("no"))))
    const { work } = gate()
    const begun = Effect.runFork(turns.take("me", work("begun")))
    const waiting = Effect.runFork(turns.take("me", work("waiting")))
    await settled()
    await Effect.runPromise(Fiber.interruptAll([waiting, begun]))
    expect(await Effect.runPromise(turns.take("me", Effect.succeed(1)))).toBe(1)
  })

  it("is made in slices", async () => {
    let count = 0
    let next = setImmediate(function again() {
      count += 1
      next = setImmediate(again)
    })
    const squares = await Effect.runPromise(mapInSlices([1, 2, 3, 4, 5, 6, 7, 8], (one) => {
      busy(4)
      return one * one
    }))
    clearImmediate(next)
    expect(count).toBeGreaterThan(0)
    expect(squares).toEqual([1, 4, 9, 16, 25, 36, 49, 64])
  })

  it("leaves others a turn after a slice, not after each of what comes then", async () => {
    const away = vi.spyOn(globalThis, "setImmediate")
    try {
      await Effect.runPromise(mapInSlices(Array.from({ length: 1_000 }, (_, index) => index), (one) => {
        if (one === 0) busy(12)
      }))
      expect(away.mock.calls.length).toBeLessThan(500)
    } finally {
      away.mockRestore()
    }
  })
})

describe("places", () => {
  const placesOf = (mostOfOne: number, most: number) =>
    new FairPlaces({ what: "long answers", atOnce: 1, mostOfOne, most })

  it("are the callers' in turns", async () => {
    const places = placesOf(100, 400)
    const { begun, end, work } = gate()
    const names = ["a1", "a2", "a3", "b1", "c1", "b2"]
    const all = names.map((name) => Effect.runPromise(places.use(name.slice(0, 1), work(name))))
    for (const _ of names) {
      await settled()
      end(begun.at(-1) ?? "")
    }
    await Promise.all(all)
    expect(begun).toEqual(["a1", "a2", "b1", "c1", "a3", "b2"])
  })

  it("are refused to who has a hundred waiting, and to nobody else", async () => {
    const places = placesOf(100, 400)
    const { end, work } = gate()
    const held = Effect.runPromise(places.use("a", work("held")))
    const all = Array.from({ length: 100 }, () => Effect.runPromise(places.use("a", Effect.succeed("done"))))
    await settled()
    expect(await Effect.runPromise(Effect.flip(places.use("a", Effect.succeed("one more")))))
      .toMatchObject({ status: 503, detail: expect.stringContaining("long answers") })
    const other = Effect.runPromise(places.use("b", Effect.succeed("other")))
    end("held")
    expect(await other).toBe("other")
    expect(new Set([await held, ...await Promise.all(all)])).toEqual(new Set(["held", "done"]))
    expect(await Effect.runPromise(places.use("a", Effect.succeed("later")))).toBe("later")
  })

  it("are given up by who has most of them where all are taken", async () => {
    const places = placesOf(3, 4)
    const { end, work } = gate()
    const run = (name: string) => Effect.runPromiseExit(places.use(name.slice(0, 1), work(name)))
    void run("held")
    const [, , last] = [run("a1"), run("a2"), run("a3"), run("b1")]
    await settled()
    const c1 = run("c1")
    expect(Exit.isFailure(await (last ?? c1))).toBe(true)
    expect(Exit.isFailure(await run("b2"))).toBe(true)
    expect(places.waiting).toBe(4)
    for (const name of ["held", "a1", "b1", "c1"]) {
      end(name)
      await settled()
    }
    expect(Exit.isSuccess(await c1)).toBe(true)
  })

  it("are left by who goes away, also within what is not to be interrupted", async () => {
    const places = placesOf(100, 400)
    const { begun, end, work } = gate()
    const held = Effect.runPromise(places.use("a", work("held")))
    const gone = Effect.runFork(Effect.uninterruptible(places.use("a", work("gone"))))
    const next = Effect.runPromise(places.use("a", work("next")))
    await settled()
    expect(places.waiting).toBe(2)
    await Effect.runPromise(Fiber.interrupt(gone))
    expect(places.waiting).toBe(1)
    end("held")
    await held
    await settled()
    end("next")
    expect([await next, ...begun]).toEqual(["next", "held", "next"])
  })
})
