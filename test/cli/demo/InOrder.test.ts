import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { InOrder } from "../../../src/cli/demo/InOrder.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] })
})
afterEach(() => {
  vi.useRealTimers()
})

const time = (millis: number): string => new Date(millis).toISOString()

describe("the live view's lines", () => {
  it("are printed in the order of their times, though a later one was heard of first", () => {
    const printed: Array<string> = []
    const lines = new InOrder((text) => printed.push(text))
    lines.add(time(80), "request")
    vi.advanceTimersByTime(100)
    lines.add(time(29), "stored")
    expect(printed).toEqual([])
    vi.advanceTimersByTime(50)
    expect(printed).toEqual(["stored", "request"])
  })

  it("are each held for a moment of their own, and one after the other where their time is the same", () => {
    const printed: Array<string> = []
    const lines = new InOrder((text) => printed.push(text))
    lines.add(time(10), "a")
    vi.advanceTimersByTime(100)
    lines.add(time(20), "b")
    lines.add(time(20), "c")
    vi.advanceTimersByTime(60)
    expect(printed).toEqual(["a"])
    vi.advanceTimersByTime(100)
    expect(printed).toEqual(["a", "b", "c"])
  })

  it("are all printed at the end", () => {
    const printed: Array<string> = []
    const lines = new InOrder((text) => printed.push(text))
    lines.add(time(2), "b")
    lines.add(time(1), "a")
    lines.flush()
    expect(printed).toEqual(["a", "b"])
  })
})
