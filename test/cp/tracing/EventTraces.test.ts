import { describe, expect, it } from "vitest"
import type { ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import { EventTraces, type FinishedTrace } from "../../../src/cp/tracing/EventTraces.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const TASK = "task/demo/0123"
const KV = "Dataplane/default/0123"
const CALLER = "Dataplane/default/4567"
const EDS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"

const open = (samples = () => true) => {
  const finished: Array<FinishedTrace> = []
  const traces = new EventTraces({ samples, finished: (trace) => finished.push(trace) })
  return { finished, traces }
}

const change = (version: number, name = "0123"): ResourceChange => {
  const after: Resource<"Dataplane"> = {
    type: "Dataplane", mesh: "default", name, labels: {}, spec: {}, version, creationTime: "", modificationTime: ""
  }
  return { key: { type: "Dataplane", mesh: "default", name }, before: undefined, after }
}

const event = (traces: EventTraces, at: number, key = TASK) =>
  traces.note({ kind: "event", key, source: "aws.ecs", detailType: "ECS Task State Change", event: {} }, at)

/** From the event to what is stored of it. */
const begin = (traces: EventTraces, at: number): void => {
  event(traces, at)
  traces.note({ kind: "observation", key: TASK }, at + 9)
  traces.note({ kind: "decision", key: TASK, from: "registered", to: "draining", why: "its task stops" }, at + 10)
  traces.note({ kind: "stored", key: TASK, op: "put", resource: KV, version: 7 }, at + 15)
}

const push = (traces: EventTraces, proxy: string, version: string, latency: number, at: number) =>
  traces.pushed({ proxy, typeUrl: EDS, version }, latency, at)

const ack = (traces: EventTraces, proxy: string, version: string, at: number, kind: "acked" | "nacked" = "acked") =>
  traces.note({ kind, key: proxy, typeUrl: EDS, version }, at)

const times = ({ spans }: FinishedTrace) => spans.map(({ end, name, start }) => [name, start, end])

describe("an event", () => {
  it("is one trace from its coming to the last answer of a proxy that got what follows", () => {
    const { finished, traces } = open()
    begin(traces, 1_000)
    traces.changed([change(7)], 1_020)
    push(traces, CALLER, "v1", 3, 1_023)
    push(traces, "Dataplane/default/8901", "v1", 4, 1_024)
    ack(traces, CALLER, "v1", 1_030)
    ack(traces, "Dataplane/default/8901", "v1", 1_041)
    traces.sweep(5_000)
    expect(finished).toEqual([])
    traces.sweep(6_041)
    const [trace] = finished
    if (trace === undefined) throw new Error("nothing finished")
    expect(trace.root).toMatchObject({ name: "event", start: 1_000, end: 1_041, attributes: { task: TASK } })
    expect(times(trace)).toEqual([
      ["look", 1_000, 1_010], ["store", 1_010, 1_015], ["notice", 1_010, 1_020],
      ["push", 1_020, 1_030], ["push", 1_020, 1_041]
    ])
    // What led to each: the event, the decision, what was noticed of it.
    expect(trace.spans.map(({ parent }) => parent)).toEqual([null, 0, 0, 2, 2])
    expect(trace.spans[3]?.attributes).toEqual({
      proxy: CALLER, type: "ClusterLoadAssignment", version: "v1", sentAfterMillis: 3
    })
    expect(traces.size).toBe(0)
  })

  it("has nothing of pushes that another change led to, nor of another's resources", () => {
    const { finished, traces } = open()
    begin(traces, 1_000)
    traces.changed([change(7, "other")], 1_016)
    push(traces, CALLER, "v0", 2, 1_018)
    traces.changed([change(7)], 1_100)
    push(traces, CALLER, "v1", 1, 1_200)
    ack(traces, CALLER, "v1", 1_210)
    traces.finish()
    expect(finished[0]?.spans.map(({ name }) => name)).toEqual(["look", "store", "notice"])
  })

  it("shows what was refused, and what was never answered", () => {
    const { finished, traces } = open()
    begin(traces, 1_000)
    traces.changed([change(7)], 1_020)
    push(traces, CALLER, "v1", 0, 1_020)
    push(traces, "Dataplane/default/8901", "v1", 0, 1_020)
    ack(traces, CALLER, "v1", 1_030, "nacked")
    traces.sweep(30_000)
    expect(finished).toEqual([])
    traces.sweep(61_000)
    expect(finished[0]?.spans.slice(3).map(({ attributes, isFailure, parent }) => [isFailure, attributes["unanswered"], parent]))
      .toEqual([[true, undefined, 2], [true, true, 2]])
  })

  it("that leads to a second look has what follows from each where it belongs", () => {
    const { finished, traces } = open()
    begin(traces, 1_000)
    traces.note({ kind: "decision", key: TASK, from: "draining", to: "gone", why: "it has stopped" }, 1_030)
    traces.changed([change(8)], 1_040)
    push(traces, CALLER, "v2", 0, 1_040)
    ack(traces, CALLER, "v2", 1_050)
    traces.finish()
    expect(finished[0]?.spans.map(({ name, parent }) => [name, parent])).toEqual([
      ["look", null], ["store", 0], ["look", null], ["notice", 2], ["push", 3]
    ])
  })

  it("that comes again is of the same trace, and one that isn't of a task of none", () => {
    const { finished, traces } = open()
    event(traces, 1_000)
    event(traces, 1_100)
    event(traces, 1_200, "role/1/a")
    traces.finish()
    expect(finished.map(({ root }) => [root.attributes["events"], root.end])).toEqual([[2, 1_100]])
  })
})

describe("what is kept", () => {
  it("is nothing of an event that isn't drawn", () => {
    const { finished, traces } = open(() => false)
    begin(traces, 1_000)
    expect(traces.size).toBe(0)
    traces.finish()
    expect(finished).toEqual([])
  })

  it("is so many traces, and so many spans of one, and the rest is counted", () => {
    const { finished, traces } = open()
    for (let at = 0; at < 300; at++) event(traces, at, `task/demo/${at}`)
    expect(traces.size).toBe(200)
    traces.finish()
    begin(traces, 1_000)
    traces.changed([change(7)], 1_020)
    for (let at = 0; at < 3_000; at++) push(traces, `Dataplane/default/${at}`, "v1", 0, 1_020)
    traces.finish()
    expect(finished.at(-1)?.spans).toHaveLength(2_000)
    expect(finished.at(-1)?.root.attributes["spansLeftOut"]).toBe(1_003)
  })
})
