// One proxy's part of the journal: what it makes be noted pushes out nothing of others.
import { describe, expect, it } from "vitest"
import { JOURNAL_SHARE, JournalShares } from "../../../src/cp/diagnostics/JournalShares.ts"
import type { JournalEntry } from "../../../src/model/Journal.ts"

const start = () => {
  const written: Array<JournalEntry> = []
  const due: Array<{ readonly run: (now: number) => void; readonly at: number }> = []
  let now = 1_000
  const shares = new JournalShares(
    (entry) => void written.push(entry),
    (run, millis) => void due.push({ run, at: now + millis })
  )
  /** Time goes by, with all that is due meanwhile. */
  const pass = (millis: number): void => {
    const end = now + millis
    for (;;) {
      const next = due.toSorted((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      due.splice(due.indexOf(next), 1)
      now = next.at
      next.run(now)
    }
    now = end
  }
  const append = (kind: JournalEntry["kind"], key: string, fields: object = {}) =>
    shares.append({ kind, key, typeUrl: "Cluster", ...fields }, now)
  const bytes = () => JSON.stringify(written).length
  return { append, bytes, pass, settle: () => shares.settle(now), written }
}

describe("what one proxy makes be noted", () => {
  it("stands in the journal as it happens, as long as it is as much as proxies make", () => {
    const { append, written } = start()
    for (let version = 0; version < 1_000; version += 1) {
      append("pushed", "a", { version: String(version), names: ["kv"] })
      append("acked", "a", { version: String(version) })
    }
    expect(written).toHaveLength(2_000)
    expect(written.some((entry) => "times" in entry)).toBe(false)
  })

  it("is no more than its share however much it is, and others' is all there", () => {
    const { append, bytes, pass, written } = start()
    const message = "m".repeat(4_096)
    for (let second = 0; second < 600; second += 1) {
      for (let times = 0; times < 100; times += 1) {
        append("pushed", "a", { version: String(second), names: ["kv"] })
        append("nacked", "a", { version: String(second), message })
      }
      expect(append("pushed", "b", { version: String(second), names: ["kv"] })).toBe(true)
      pass(1_000)
    }
    expect(written.filter(({ key }) => key === "b")).toHaveLength(600)
    expect(bytes()).toBeLessThan(1.5 * (JOURNAL_SHARE.atOnce + 600 * JOURNAL_SHARE.perSecond))
  })

  it("is told later: of each kind and type the newest, when it was and how many, in the order of the last", () => {
    const { append, pass, written } = start()
    const happened = new Date(1_000).toISOString()
    expect(append("pushed", "a", { names: ["n".repeat(JOURNAL_SHARE.atOnce)] })).toBe(true)
    for (const version of ["1", "2", "3"]) {
      expect(append("pushed", "a", { version, names: ["kv"] })).toBe(false)
      append("acked", "a", { version })
    }
    append("pushed", "a", { version: "1", typeUrl: "Listener" })
    expect(written).toHaveLength(1)
    pass(10_000)
    expect(written.slice(1)).toEqual([
      { kind: "pushed", key: "a", typeUrl: "Cluster", version: "3", names: ["kv"], happened, times: 3 },
      { kind: "acked", key: "a", typeUrl: "Cluster", version: "3", happened, times: 3 },
      { kind: "pushed", key: "a", typeUrl: "Listener", version: "1", happened }
    ])
    pass(10_000)
    expect(append("pushed", "a")).toBe(true)
    expect(written).toHaveLength(5)
  })

  it("is told at the end where it wasn't yet, once", () => {
    const { append, pass, settle, written } = start()
    append("pushed", "a", { names: ["n".repeat(2 * JOURNAL_SHARE.atOnce)] })
    append("disconnected", "a")
    settle()
    expect(written.map(({ kind }) => kind)).toEqual(["pushed", "disconnected"])
    pass(10_000_000)
    expect(written).toHaveLength(2)
  })
})
