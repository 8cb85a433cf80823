import { describe, expect, it } from "vitest"
import { LookPace } from "../../../src/controllers/queue/LookPace.ts"

const START = 1_000_000

/** When each of so many tasks is looked at within the next `millis`, by moment. */
const moments = (pace: LookPace, tasks: number, patience: number, millis: number): ReadonlyMap<number, number> => {
  const found = new Map<number, number>()
  const keys = Array.from({ length: tasks }, (_, at) => `task/${at}`)
  for (const key of keys) pace.next(key, patience, START)
  for (const key of keys) {
    for (let at = pace.next(key, patience, START); at <= START + millis; at = pace.next(key, patience, at)) {
      found.set(at, (found.get(at) ?? 0) + 1)
    }
  }
  return found
}

describe("looks without an event", () => {
  it("of few tasks are at the same moments, as often as they like", () => {
    expect([...moments(new LookPace(() => 10), 50, 5_000, 15_000)]).toEqual([
      [START + 5_000, 50], [START + 10_000, 50], [START + 15_000, 50]
    ])
  })

  it("of many tasks fill calls, are spread over the wait, and take half of the calls that may be made", () => {
    const found = moments(new LookPace(() => 10), 5_000, 5_000, 60_000)
    const calls = [...found.values()].reduce((sum, tasks) => sum + Math.ceil(tasks / 100), 0)
    expect(Math.max(...found.values())).toBe(100)
    expect(calls).toBe(60 * 5)
    const everySecond = Array.from({ length: 60 }, (_, second) =>
      [...found.keys()].filter((at) => Math.floor((at - START - 1) / 1_000) === second).length)
    expect(Math.max(...everySecond)).toBeLessThanOrEqual(8)
  })

  it("become rarer as AWS throttles, and as often as before once it doesn't", () => {
    let rate = 10
    const pace = new LookPace(() => rate)
    for (let task = 0; task < 1_000; task++) pace.next(String(task), 5_000, START)
    expect(pace.stretch).toBe(1)
    rate = 1
    expect(pace.stretch).toBe(4)
    rate = 10
    expect(pace.stretch).toBe(1)
  })

  it("make room where tasks go", () => {
    const pace = new LookPace(() => 10)
    for (let task = 0; task < 5_000; task++) pace.next(String(task), 5_000, START)
    expect(pace.stretch).toBe(2)
    for (let task = 0; task < 4_000; task++) pace.drop(String(task))
    expect(pace.stretch).toBe(1)
  })
})
