// What is told of streams, when, and how often.
import { Context, Effect, Metric } from "effect"
import { describe, expect, it } from "vitest"
import { JOURNAL_SHARE } from "../../../src/cp/diagnostics/JournalShares.ts"
import { acknowledgements, pushes, rejections } from "../../../src/cp/diagnostics/metrics.ts"
import type { StreamEvent } from "../../../src/cp/server/AdsStream.ts"
import { Bookkeeper } from "../../../src/cp/server/Bookkeeper.ts"
import { subscription } from "../../../src/cp/server/Subscription.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import type { JournalEntry } from "../../../src/model/Journal.ts"
import { resource } from "./resources.ts"

const typeUrl = TypeUrl.ClusterLoadAssignment
const shared = resource(typeUrl, "kv", "1")

const pushed = (nonce: string): StreamEvent => ({
  _tag: "Pushed",
  outgoing: { typeUrl, nonce, version: nonce, resources: [shared], removed: [] },
  latencyMillis: 3
})
const sent = (nonce: string) => ({ nonce, version: nonce, resources: [shared] })
const acked = (nonce: string, ...earlier: ReadonlyArray<string>): StreamEvent => ({
  _tag: "Answered",
  typeUrl,
  answered: { _tag: "Acked", subscription: subscription(typeUrl), sent: sent(nonce), earlier: earlier.map(sent) }
})
const nacked = (nonce: string): StreamEvent => ({
  _tag: "Answered",
  typeUrl,
  answered: {
    _tag: "Nacked",
    subscription: subscription(typeUrl),
    sent: sent(nonce),
    message: "bad"
  }
})

const start = () => {
  const journal: Array<JournalEntry> = []
  const recorded: Array<string> = []
  const logged: Array<Effect.Effect<void>> = []
  const context = Context.add(Context.empty(), Metric.MetricRegistry, new Map())
  const books = new Bookkeeper({
    journal: { append: (entry) => void journal.push(entry) },
    context,
    log: (effect) => void logged.push(effect)
  })
  const recorder = { record: ({ _tag }: { readonly _tag: string }) => void recorded.push(_tag) }
  const stream = (key: string) => ({ key, recorder })
  return { books, context, journal, logged, recorded, stream }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe("what happens on streams", () => {
  it("is told after the turn in which it happened, in order, each push and each answer once", async () => {
    const { books, journal, recorded, stream } = start()
    const streams = Array.from({ length: 100 }, (_, index) => stream(`Dataplane/default/kv-${index}`))
    for (const one of streams) books.note(one, pushed("1"))
    for (const one of streams) books.note(one, acked("1"))
    expect([journal.length, recorded.length]).toEqual([0, 0])
    await nextTurn()
    expect(journal.map(({ key, kind }) => `${kind} ${key}`)).toEqual([
      ...streams.map(({ key }) => `pushed ${key}`),
      ...streams.map(({ key }) => `acked ${key}`)
    ])
    expect(recorded).toHaveLength(200)
    await nextTurn()
    expect(journal).toHaveLength(200)
  })

  it("names the first hundred of what a proxy asked for in vain, and how many there were", async () => {
    const { books, journal, stream } = start()
    const push = (removed: ReadonlyArray<string>): StreamEvent => {
      const event = pushed("1")
      return event._tag === "Pushed" ? { ...event, outgoing: { ...event.outgoing, removed } } : event
    }
    const names = Array.from({ length: 20_000 }, (_, index) => `x-${index}`)
    books.note(stream("a"), push(names))
    books.note(stream("a"), push(names.slice(0, 100)))
    books.note(stream("a"), push(names.map((name) => name.padEnd(1_024))))
    await nextTurn()
    expect(journal[0]).toMatchObject({ names: ["kv"], removed: names.slice(0, 100), removedCount: 20_000 })
    expect(journal[1]).toMatchObject({ removed: names.slice(0, 100) })
    expect(journal[1]).not.toHaveProperty("removedCount")
    expect(journal[2]).toMatchObject({ removedCount: 20_000 })
    expect(JSON.stringify(journal[2]).length).toBeLessThan(20_000)
  })

  it("is counted, all of it", async () => {
    const { books, context, stream } = start()
    for (let nonce = 0; nonce < 7; nonce++) books.note(stream("a"), pushed(String(nonce)))
    for (let nonce = 0; nonce < 5; nonce++) books.note(stream("a"), acked(String(nonce)))
    await nextTurn()
    const type = { type: "ClusterLoadAssignment" }
    expect(Metric.withAttributes(pushes, type).valueUnsafe(context).count).toBe(7)
    expect(Metric.withAttributes(acknowledgements, type).valueUnsafe(context).count).toBe(5)
  })

  it("is told of all that one answer settled, in the order in which it was sent", async () => {
    const { books, context, journal, recorded, stream } = start()
    for (const nonce of ["1", "2", "3"]) books.note(stream("a"), pushed(nonce))
    books.note(stream("a"), acked("3", "1", "2"))
    await nextTurn()
    expect(journal.slice(3).map(({ kind, version }) => [kind, version])).toEqual([
      ["acked", "1"], ["acked", "2"], ["acked", "3"]
    ])
    expect(recorded.slice(3)).toEqual(["Acked", "Acked", "Acked"])
    const type = { type: "ClusterLoadAssignment" }
    expect(Metric.withAttributes(acknowledgements, type).valueUnsafe(context).count).toBe(3)
  })

  it("can be told at once, before something else is said of the stream", () => {
    const { books, journal, stream } = start()
    books.note(stream("a"), pushed("1"))
    books.settle()
    expect(journal.map(({ kind }) => kind)).toEqual(["pushed"])
    books.settle()
    expect(journal).toHaveLength(1)
  })

  it("is told of a refusal with its reason, and logged", async () => {
    const { books, journal, logged, stream } = start()
    books.note(stream("a"), nacked("1"))
    await nextTurn()
    expect(journal).toMatchObject([{ kind: "nacked", key: "a", version: "1", message: "bad" }])
    expect(logged).toHaveLength(1)
  })

  it("pushes out of the journal, and of the log, nothing of others however often a proxy refuses", async () => {
    const { books, context, journal, logged, stream } = start()
    const refuse = (nonce: string): StreamEvent => {
      const event = nacked(nonce)
      if (event._tag === "Pushed" || event.answered._tag !== "Nacked") return event
      return { ...event, answered: { ...event.answered, message: "m".repeat(4_096) } }
    }
    for (let nonce = 0; nonce < 5_000; nonce += 1) books.note(stream("a"), refuse(String(nonce)))
    books.noteStream({ kind: "disconnected", key: "a", reason: "gone" })
    books.note(stream("b"), pushed("1"))
    await nextTurn()
    const noted = journal.length
    expect(noted).toBeLessThan(300)
    expect(logged).toHaveLength(noted - 1)
    expect(journal.at(-1)).toMatchObject({ kind: "pushed", key: "b" })
    const type = { type: "ClusterLoadAssignment" }
    expect(Metric.withAttributes(rejections, type).valueUnsafe(context).count).toBe(5_000)
    books.end()
    const [last, gone] = journal.slice(noted)
    expect(last).toMatchObject({ kind: "nacked", key: "a", version: "4999", times: 5_000 - (noted - 1) })
    expect(gone).toMatchObject({ kind: "disconnected", reason: "gone" })
  })

  it("is logged of who refuses, also where the journal is told later", async () => {
    const { books, journal, logged, stream } = start()
    books.noteStream({ kind: "disconnected", key: "a", reason: "r".repeat(2 * JOURNAL_SHARE.atOnce) })
    books.note(stream("a"), nacked("1"))
    books.note(stream("a"), nacked("2"))
    await nextTurn()
    expect(journal).toHaveLength(1)
    expect(logged).toHaveLength(1)
  })

  it("is told of all others where telling one fails", async () => {
    const { books, journal, logged, stream } = start()
    const broken = { key: "broken", recorder: { record: () => { throw new Error("a fault") } } }
    books.note(broken, pushed("1"))
    books.note(stream("a"), pushed("1"))
    await nextTurn()
    expect(journal.map(({ key }) => key)).toEqual(["a"])
    expect(logged).toHaveLength(1)
  })
})
