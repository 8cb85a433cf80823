import { describe, expect, it } from "vitest"
import { UpdateTurns } from "../../../src/cp/server/UpdateTurns.ts"

/** Each piece of work takes some milliseconds of a clock that stands still otherwise. */
const start = (millis: { readonly quick: number; readonly slow: number }) => {
  const log: Array<string> = []
  const waits: Array<number> = []
  let now = 0
  let busy = false
  let next: (() => void) | null = null
  const turns = new UpdateTurns<string>({
    update: (proxy) => {
      now += millis.quick
      log.push(`quick ${proxy}`)
    },
    translate: (proxy) => {
      now += millis.slow
      log.push(`slow ${proxy}`)
    },
    clock: {
      now: () => now,
      schedule: (run, wait) => {
        waits.push(wait)
        next = run
        return () => (next = null)
      },
      isBusy: () => busy
    }
  })
  return {
    turns,
    waits,
    /** What the next turn does. */
    turn: (): ReadonlyArray<string> => {
      const run = next
      next = null
      run?.()
      return log.splice(0)
    },
    done: (): ReadonlyArray<string> => log.splice(0),
    isWaiting: () => next !== null,
    pass: (wait: number) => (now += wait),
    /** Whether there is more to do than there is time for. */
    setBusy: (is: boolean) => (busy = is)
  }
}

describe("the turns of updates", () => {
  it("begin at once, and let something else in between every ten milliseconds", () => {
    const { done, isWaiting, turn, turns } = start({ quick: 1, slow: 4 })
    for (const name of ["a", "b", "c", "d", "e"]) turns.addSlow(name, 0)
    turns.begin()
    expect(done()).toEqual(["slow a", "slow b", "slow c"])
    expect(turn()).toEqual(["slow d", "slow e"])
    expect(isWaiting()).toBe(false)
  })

  it("take what is quick before what is slow, each in its order, and let neither keep the other out", () => {
    const { done, turn, turns } = start({ quick: 5, slow: 5 })
    for (const name of ["a", "b", "c"]) turns.addSlow(name, 0)
    turns.begin()
    expect(done()).toEqual(["slow a", "slow b"])
    for (const name of ["x", "c", "y", "z"]) turns.addQuick(name, 0)
    turns.addSlow("d", 0)
    turns.addQuick("x", 0)
    expect(turn()).toEqual(["quick x", "quick c", "slow c"])
    expect(turn()).toEqual(["quick y", "quick z", "slow d"])
    expect(turn()).toEqual([])
  })

  it("rest after a round for as long as it took, so that many changes become few rounds", () => {
    const { done, pass, turn, turns, waits } = start({ quick: 3, slow: 3 })
    turns.addQuick("a", 0)
    turns.begin()
    expect(done()).toEqual(["quick a"])
    turns.addQuick("b", 0)
    turns.begin()
    turns.addQuick("c", 0)
    turns.begin()
    expect(done()).toEqual([])
    expect(waits).toEqual([3])
    expect(turn()).toEqual(["quick b", "quick c"])
    pass(10)
    turns.addQuick("d", 0)
    turns.begin()
    expect(done()).toEqual(["quick d"])
  })

  it("wait for whatever runs now where they are asked to, and do nothing for who is gone", () => {
    const { done, isWaiting, turn, turns } = start({ quick: 1, slow: 1 })
    turns.addQuick("a", 0)
    turns.addSlow("b", 0)
    turns.beginSoon()
    expect(done()).toEqual([])
    turns.remove("b")
    expect(turn()).toEqual(["quick a"])
    turns.addQuick("c", 0)
    turns.beginSoon()
    turns.stop()
    expect(isWaiting()).toBe(false)
  })

  it("begin at once with what nobody is in want of, and then let it wait for nine times as long as that took", () => {
    const { done, pass, turn, turns, waits } = start({ quick: 4, slow: 4 })
    turns.addLazy("a", 0)
    turns.begin()
    expect(done()).toEqual(["quick a"])
    for (const name of ["b", "c", "b"]) {
      turns.addLazy(name, 0)
      turns.begin()
    }
    expect(done()).toEqual([])
    expect(waits).toEqual([36])
    pass(36)
    expect(turn()).toEqual(["quick b", "quick c"])
    turns.addLazy("d", 0)
    turns.begin()
    expect(waits).toEqual([36, 72])
  })

  it("keep nothing that is wanted waiting for what isn't, and take what waits for the same proxy along", () => {
    const { done, isWaiting, pass, turn, turns } = start({ quick: 4, slow: 4 })
    turns.addLazy("a", 0)
    turns.begin()
    done()
    for (const name of ["b", "c"]) turns.addLazy(name, 0)
    turns.begin()
    pass(4)
    turns.addQuick("b", 0)
    turns.begin()
    expect(done()).toEqual(["quick b"])
    expect(turn()).toEqual(["quick c"])
    expect(isWaiting()).toBe(false)
  })

  it("wait half a second at most with what nobody is in want of, and forget it with its proxy", () => {
    const { done, isWaiting, turn, turns, waits } = start({ quick: 100, slow: 4 })
    turns.addLazy("a", 0)
    turns.begin()
    expect(done()).toEqual(["quick a"])
    turns.addLazy("b", 0)
    turns.begin()
    expect(waits).toEqual([500])
    turns.remove("b")
    expect(turn()).toEqual([])
    expect(isWaiting()).toBe(false)
  })

  it("wait three seconds more with it while there is no end of work, and go on with it once that ends", () => {
    const { done, isWaiting, pass, setBusy, turn, turns, waits } = start({ quick: 4, slow: 4 })
    setBusy(true)
    turns.addLazy("a", 0)
    turns.begin()
    expect(done()).toEqual(["quick a"])
    for (const name of ["b", "c", "d", "e"]) turns.addLazy(name, 0)
    turns.begin()
    pass(36)
    expect(turn()).toEqual([])
    expect(waits).toEqual([36, 100])
    pass(100)
    setBusy(false)
    expect(turn()).toEqual(["quick b", "quick c", "quick d"])
    setBusy(true)
    expect(turn()).toEqual(["quick e"])
    turns.addLazy("f", 0)
    turns.begin()
    pass(144)
    expect(turn()).toEqual([])
    pass(2_999)
    expect(turn()).toEqual([])
    pass(1)
    expect(turn()).toEqual(["quick f"])
    expect(isWaiting()).toBe(false)
  })
})
