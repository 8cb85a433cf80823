import { describe, expect, it } from "vitest"
import { RevisionLog } from "../../../src/cp/store/RevisionLog.ts"
import type { Change } from "../../../src/model/Store.ts"

const key = (name: string) => ({ type: "OutboundPort", mesh: "default", name }) as const
const told = (name: string, revision: number) => ({ _tag: "Changed", key: key(name), revision }) as const
const gone = (name: string, revision: number) => ({ ...told(name, revision), after: null })
/** What an answer says of what it wrote. */
const own = (name: string, revision: number) => ({
  ...told(name, revision),
  after: { ...key(name), labels: {}, spec: { port: revision }, version: 1, creationTime: "", modificationTime: "" }
})
const payload = (last: number, ...names: ReadonlyArray<string>) => JSON.stringify([last, ...names.map(key)])
const RESYNCED: Change = { _tag: "Resynced" }

const connectedAt = (revision: number): RevisionLog => {
  const log = new RevisionLog()
  log.connected(revision)
  return log
}

describe("a notification", () => {
  it("that follows the last is its change", () => {
    expect(connectedAt(7).notified(payload(8, "a"))).toEqual([told("a", 8)])
  })
  it("of several changes is all of them, each of its revision", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(9, "a", "b"))).toEqual([told("a", 8), told("b", 9)])
    expect(log.notified(payload(10, "c"))).toEqual([told("c", 10)])
  })
  it("of a removal says that nothing is there", () => {
    expect(connectedAt(7).notified(JSON.stringify([8, { ...key("a"), gone: true }]))).toEqual([gone("a", 8)])
  })
  it("that comes late was told already", () => {
    expect(connectedAt(7).notified(payload(7, "a"))).toEqual([])
  })
  it("that leaves a gap says that something was missed", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(9, "a"))).toEqual([RESYNCED])
    expect(log.notified(payload(10, "b"))).toEqual([told("b", 10)])
  })
  it("of several changes that leaves a gap does, too", () => {
    expect(connectedAt(7).notified(payload(10, "a", "b"))).toEqual([RESYNCED])
  })
  it("whose key was too long to send says to read everything", () => {
    const log = connectedAt(7)
    expect(log.notified("[8]")).toEqual([RESYNCED])
    expect(log.notified(payload(9, "b"))).toEqual([told("b", 9)])
  })
  it("of somebody else on the same channel says to read everything", () => {
    for (const other of ["hello", "[8,3]", "[8,{}]", "[]", ""]) expect(connectedAt(7).notified(other)).toEqual([RESYNCED])
  })
  it("says nothing to whoever isn't connected", () => {
    const log = connectedAt(7)
    log.disconnected()
    expect(log.notified(payload(8, "a"))).toEqual([])
    expect(log.written(8, [own("a", 8)])).toEqual([])
    expect(log.committed(8)).toEqual([])
  })
})

describe("an own answer", () => {
  it("is told before its notification, which then tells nothing", () => {
    const log = connectedAt(7)
    expect(log.written(9, [own("a", 9), own("b", 9)])).toEqual([own("a", 9), own("b", 9)])
    expect(log.notified(payload(9, "a", "b"))).toEqual([])
    expect(log.notified(payload(10, "c"))).toEqual([told("c", 10)])
  })
  it("that comes after its notification tells nothing", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(8, "a"))).toEqual([told("a", 8)])
    expect(log.written(8, [own("a", 8)])).toEqual([])
  })
  it("that comes after the first of its notifications leaves the rest to the others", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(8, "a"))).toEqual([told("a", 8)])
    expect(log.written(9, [own("a", 9), own("b", 9)])).toEqual([])
    expect(log.notified(payload(9, "b"))).toEqual([told("b", 9)])
  })
  it("waits for what was committed before it", () => {
    const log = connectedAt(7)
    expect(log.written(10, [own("c", 10)])).toEqual([])
    expect(log.written(9, [own("b", 9)])).toEqual([])
    expect(log.notified(payload(8, "a"))).toEqual([told("a", 8), own("b", 9), own("c", 10)])
    expect(log.notified(payload(9, "b"))).toEqual([])
  })
  it("isn't told after a notification that shows that something before it was missed", () => {
    const log = connectedAt(7)
    expect(log.written(9, [own("b", 9)])).toEqual([])
    expect(log.notified(payload(9, "b"))).toEqual([RESYNCED])
    expect(log.written(10, [own("c", 10)])).toEqual([own("c", 10)])
  })
  it("isn't waited for in vain where it comes too late", () => {
    const log = connectedAt(7)
    expect(log.written(9, [own("b", 9)])).toEqual([])
    expect(log.committed(12)).toEqual([RESYNCED])
    expect(log.written(13, [own("d", 13)])).toEqual([own("d", 13)])
  })
})

describe("a revision that was committed a while ago", () => {
  it("is no news where it was told", () => {
    expect(connectedAt(7).committed(7)).toEqual([])
  })
  it("says that something was missed, once", () => {
    const log = connectedAt(7)
    expect(log.committed(9)).toEqual([RESYNCED])
    expect(log.committed(9)).toEqual([])
    expect(log.notified(payload(9, "a"))).toEqual([])
  })
})
