import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { mapInSlices, Turns } from "../../../src/cp/api/Turns.ts"

/** Counts the turns of the event loop that somebody else had. */
const others = () => {
  let count = 0
  let next = setImmediate(function again() {
    count += 1
    next = setImmediate(again)
  })
  return { count: () => count, stop: () => clearImmediate(next) }
}

const busy = (millis: number): void => {
  const end = performance.now() + millis
  while (performance.now() < end);
}

describe("a long answer", () => {
  it("is made when no other is, and others have the thread in between", async () => {
    const turns = new Turns()
    const probe = others()
    const story: Array<string | number> = []
    const answer = (name: string) =>
      turns.take(Effect.gen(function*() {
        story.push(`${name} begins`, probe.count())
        yield* Effect.sync(() => busy(5))
        yield* Effect.yieldNow
        story.push(`${name} ends`, probe.count())
      }))
    await Effect.runPromise(Effect.all([answer("a"), answer("b"), answer("c")], { concurrency: 3 }))
    probe.stop()
    expect(story.filter((one) => typeof one === "string"))
      .toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"])
    const counts = story.filter((one) => typeof one === "number")
    expect(counts[0]).toBeGreaterThan(0)
    expect(counts[2]).toBeGreaterThan(counts[1] ?? 0)
    expect(counts[4]).toBeGreaterThan(counts[3] ?? 0)
  })

  it("that fails, or that nobody waits for any more, keeps no other from its turn", async () => {
    const turns = new Turns()
    await Effect.runPromise(Effect.flip(turns.take(Effect.fail("no"))))
    await Effect.runPromise(Effect.timeoutOption(turns.take(Effect.never), 5))
    expect(await Effect.runPromise(turns.take(Effect.succeed(1)))).toBe(1)
  })

  it("is refused where a hundred wait", async () => {
    const turns = new Turns()
    const begun: Array<() => void> = []
    const held = turns.take(Effect.callback<string>((resume) => void begun.push(() => resume(Effect.succeed("held")))))
    const all = [held, ...Array.from({ length: 99 }, () => turns.take(Effect.succeed("done")))]
      .map((one) => Effect.runPromise(one))
    expect(await Effect.runPromise(Effect.flip(turns.take(Effect.succeed("one more")))))
      .toMatchObject({ status: 503, detail: expect.stringContaining("long answers") })
    await expect.poll(() => begun.length, { timeout: 10_000 }).toBe(1)
    begun[0]?.()
    expect(new Set(await Promise.all(all))).toEqual(new Set(["held", "done"]))
    expect(await Effect.runPromise(turns.take(Effect.succeed("later")))).toBe("later")
  })

  it("is made in slices", async () => {
    const probe = others()
    const squares = await Effect.runPromise(mapInSlices([1, 2, 3, 4, 5, 6, 7, 8], (one) => {
      busy(4)
      return one * one
    }))
    expect(probe.count()).toBeGreaterThan(0)
    probe.stop()
    expect(squares).toEqual([1, 4, 9, 16, 25, 36, 49, 64])
  })
})
