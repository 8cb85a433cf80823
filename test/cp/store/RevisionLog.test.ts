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
/** Sessions of the database. */
const OTHER = 1
const OURS = 2
const RESYNCED: Change = { _tag: "Resynced" }

const connectedAt = (revision: number): RevisionLog => {
  const log = new RevisionLog()
  log.connected(revision)
  return log
}

describe("a notification", () => {
  it("that follows the last is its change", () => {
    expect(connectedAt(7).notified(payload(8, "a"), OTHER)).toEqual([told("a", 8)])
  })
  it("of several changes is all of them, each of its revision", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(9, "a", "b"), OTHER)).toEqual([told("a", 8), told("b", 9)])
    expect(log.notified(payload(10, "c"), OTHER)).toEqual([told("c", 10)])
  })
  it("of a removal says that nothing is there", () => {
    expect(connectedAt(7).notified(JSON.stringify([8, { ...key("a"), gone: true }]), OTHER)).toEqual([gone("a", 8)])
  })
  it("that comes late was told already", () => {
    expect(connectedAt(7).notified(payload(7, "a"), OTHER)).toEqual([])
  })
  it("that leaves a gap says that something was missed", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(9, "a"), OTHER)).toEqual([RESYNCED])
    expect(log.notified(payload(10, "b"), OTHER)).toEqual([told("b", 10)])
  })
  it("of several changes that leaves a gap does, too", () => {
    expect(connectedAt(7).notified(payload(10, "a", "b"), OTHER)).toEqual([RESYNCED])
  })
  it("whose key was too long to send says to read everything", () => {
    const log = connectedAt(7)
    expect(log.notified("[8]", OTHER)).toEqual([RESYNCED])
    expect(log.notified(payload(9, "b"), OTHER)).toEqual([told("b", 9)])
  })
  it("of somebody else on the same channel says to read everything", () => {
    for (const other of ["hello", "[8,3]", "[8,{}]", "[]", ""]) expect(connectedAt(7).notified(other, OTHER)).toEqual([RESYNCED])
  })
  it("says nothing to whoever isn't connected", () => {
    const log = connectedAt(7)
    log.disconnected()
    expect(log.notified(payload(8, "a"), OTHER)).toEqual([])
    expect(log.written(8, [own("a", 8)])).toEqual([])
    expect(log.committed(8)).toEqual([])
  })
})

describe("an own answer", () => {
  it("is told before its notification, which then tells nothing", () => {
    const log = connectedAt(7)
    expect(log.written(9, [own("a", 9), own("b", 9)])).toEqual([own("a", 9), own("b", 9)])
    expect(log.notified(payload(9, "a", "b"), OTHER)).toEqual([])
    expect(log.notified(payload(10, "c"), OTHER)).toEqual([told("c", 10)])
  })
  it("that comes after its notification tells nothing", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(8, "a"), OTHER)).toEqual([told("a", 8)])
    expect(log.written(8, [own("a", 8)])).toEqual([])
  })
  it("that comes after the first of its notifications leaves the rest to the others", () => {
    const log = connectedAt(7)
    expect(log.notified(payload(8, "a"), OTHER)).toEqual([told("a", 8)])
    expect(log.written(9, [own("a", 9), own("b", 9)])).toEqual([])
    expect(log.notified(payload(9, "b"), OTHER)).toEqual([told("b", 9)])
  })
  it("waits for what was committed before it", () => {
    const log = connectedAt(7)
    expect(log.written(10, [own("c", 10)])).toEqual([])
    expect(log.written(9, [own("b", 9)])).toEqual([])
    expect(log.notified(payload(8, "a"), OTHER)).toEqual([told("a", 8), own("b", 9), own("c", 10)])
    expect(log.notified(payload(9, "b"), OTHER)).toEqual([])
  })
  it("isn't told after a notification that shows that something before it was missed", () => {
    const log = connectedAt(7)
    expect(log.written(9, [own("b", 9)])).toEqual([])
    expect(log.notified(payload(9, "b"), OTHER)).toEqual([RESYNCED])
    expect(log.written(10, [own("c", 10)])).toEqual([own("c", 10)])
  })
  it("isn't waited for in vain where it comes too late", () => {
    const log = connectedAt(7)
    expect(log.written(9, [own("b", 9)])).toEqual([])
    expect(log.committed(12)).toEqual([RESYNCED])
    expect(log.written(13, [own("d", 13)])).toEqual([own("d", 13)])
  })
})

describe("a notification that is ahead of the answer to its statement", () => {
  it("waits for it, with all that follow, and then tells nothing that the answer told", () => {
    const log = connectedAt(7)
    log.writing(OURS)
    expect(log.notified(payload(8, "a"), OTHER)).toEqual([told("a", 8)])
    expect(log.notified(payload(9, "b"), OURS)).toEqual([])
    expect(log.notified(payload(10, "c"), OTHER)).toEqual([])
    expect(log.isHolding).toBe(true)
    expect(log.written(9, [own("b", 9)])).toEqual([own("b", 9)])
    expect(log.ended(OURS)).toEqual([told("c", 10)])
    expect(log.isHolding).toBe(false)
  })
  it("is told by itself where no answer comes", () => {
    const log = connectedAt(7)
    log.writing(OURS)
    expect(log.notified(payload(8, "a"), OURS)).toEqual([])
    expect(log.ended(OURS)).toEqual([told("a", 8)])
  })
  it("is told by itself where the answer is too long in coming, and the answer tells nothing then", () => {
    const log = connectedAt(7)
    log.writing(OURS)
    expect(log.notified(payload(8, "a"), OURS)).toEqual([])
    expect(log.release()).toEqual([told("a", 8)])
    expect(log.written(8, [own("a", 8)])).toEqual([])
    expect(log.ended(OURS)).toEqual([])
  })
  it("waits for each of several", () => {
    const log = connectedAt(7)
    for (const session of [2, 3]) log.writing(session)
    expect(log.notified(payload(8, "a"), 2)).toEqual([])
    expect(log.notified(payload(9, "b"), 3)).toEqual([])
    expect(log.written(8, [own("a", 8)])).toEqual([own("a", 8)])
    expect(log.ended(2)).toEqual([])
    expect(log.written(9, [own("b", 9)])).toEqual([own("b", 9)])
    expect(log.ended(3)).toEqual([])
    expect(log.isHolding).toBe(false)
  })
  it("waits no more once the connection is lost by which it came", () => {
    const log = connectedAt(7)
    log.writing(OURS)
    expect(log.notified(payload(8, "a"), OURS)).toEqual([])
    log.connected(8)
    expect(log.ended(OURS)).toEqual([])
    expect(log.notified(payload(9, "b"), OTHER)).toEqual([told("b", 9)])
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
    expect(log.notified(payload(9, "a"), OTHER)).toEqual([])
  })
})
