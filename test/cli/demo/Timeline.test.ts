import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { JournalLine } from "../../../src/cli/demo/JournalLine.ts"
import { narrate } from "../../../src/cli/demo/narrate.ts"
import { TaskNames } from "../../../src/cli/demo/TaskNames.ts"
import { timed } from "../../../src/cli/demo/timed.ts"
import { Timeline } from "../../../src/cli/demo/Timeline.ts"

const KV = "11111111-aaaa"
const APP = "22222222-bbbb"
const EDS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"

const line = (millis: number, fields: Readonly<Record<string, unknown>>): JournalLine =>
  Schema.decodeUnknownSync(JournalLine)(
    JSON.stringify({ seq: millis, time: new Date(millis).toISOString(), ...fields })
  )

const event = (millis: number, taskId: string, group: string, desiredStatus: string) =>
  line(millis, {
    kind: "event",
    key: `task/demo/${taskId}`,
    source: "aws.ecs",
    detailType: "ECS Task State Change",
    event: { detail: { group, lastStatus: "RUNNING", desiredStatus, version: 4 } }
  })

/** kv's task shall stop: the caller is told, and answers. */
const stopping = [
  event(0, KV, "service:kv", "STOPPED"),
  line(20, { kind: "decision", key: `task/demo/${KV}`, from: "registered", to: "draining", why: "…" }),
  line(25, { kind: "stored", key: `task/demo/${KV}`, op: "put", resource: `Dataplane/default/${KV}`, version: 3 }),
  line(30, { kind: "pushed", key: `Dataplane/default/${APP}`, typeUrl: EDS, version: "8", names: ["kv"] }),
  line(33, { kind: "acked", key: `Dataplane/default/${APP}`, typeUrl: EDS, version: "8" })
]

const told = (lines: ReadonlyArray<JournalLine>): Timeline => {
  const timeline = new Timeline()
  for (const one of [event(-10, APP, "service:demo-app", "RUNNING"), ...lines]) timeline.add(one)
  return timeline
}

describe("the timeline", () => {
  it("has no story of what a user stores, which is nobody's task", () => {
    const timeline = new Timeline()
    const key = "MeshTrafficPermission/default/allow-all"
    timeline.add(line(0, { kind: "stored", key, op: "put", resource: key, version: 1 }))
    expect(timeline.taskIds).toEqual([])
  })

  it("tells a task's way from its event to the acknowledgement of those that call it", () => {
    expect(told(stopping).render()).toContain(
      [
        "kv/11111111",
        "  00:00:00.000  event     ECS: RUNNING, desired STOPPED (version 4)",
        "        +20 ms  decision  registered -> draining",
        "        +25 ms  stored    Dataplane v3",
        "        +30 ms  pushed    endpoints of kv to demo-app/22222222",
        "        +33 ms  ACKed     endpoints of kv to demo-app/22222222"
      ].join("\n")
    )
  })

  it("is whole only with every arrow", () => {
    expect(told(stopping).isWhole(KV)).toBe(true)
    for (const missing of stopping) expect(told(stopping.filter((one) => one !== missing)).isWhole(KV)).toBe(false)
  })

  it("counts a push for the change before it alone", () => {
    const later = line(90, { kind: "pushed", key: `Dataplane/default/${APP}`, typeUrl: EDS, version: "9", names: ["kv"] })
    expect(told([...stopping, later]).render()).not.toContain("+90 ms")
  })
})

describe("the live view", () => {
  const say = (entry: JournalLine): string | null => {
    const names = new TaskNames()
    names.learn(event(0, KV, "service:kv", "RUNNING"))
    return narrate(entry, names)
  }

  it("gives a phase its own reason", () => {
    expect(say(stopping[1]!)).toBe(
      "00:00:00.020  decision  kv/11111111        registered -> draining: ECS wants it stopped, so it gets no new traffic"
    )
  })

  it("says what was taken away, and that nothing was new", () => {
    const pushed = { kind: "pushed", key: `Dataplane/default/${KV}`, typeUrl: EDS, version: "1" }
    expect(say(line(0, { ...pushed, names: [], removed: ["redis"] }))).toMatch(/ClusterLoadAssignment without redis$/)
    expect(say(line(0, { ...pushed, names: [] }))).toMatch(/ClusterLoadAssignment as before$/)
  })
})

describe("a line of the live view", () => {
  const shown = (fields: Readonly<Record<string, unknown>>): string | null => {
    const names = new TaskNames()
    names.learn(event(0, KV, "service:kv", "RUNNING"))
    return narrate(line(0, fields), names)
  }
  const decision = (from: string) =>
    shown({ kind: "decision", key: `task/demo/${KV}`, from, to: "draining", why: "…" })
  const stored = (resource: string) => shown({ kind: "stored", key: resource, op: "put", resource, version: 1 })

  it("names what a user stored once", () => {
    expect(stored("Mesh//m2")).toMatch(/stored +Mesh\/\/m2 +v1$/)
    expect(stored(`Dataplane/default/${KV}`)).toMatch(new RegExp(`stored +kv/11111111 +Dataplane/default/${KV} v1$`))
  })

  it("calls a proxy that is no task a proxy", () => {
    expect(stored("Dataplane/default/web-1")).toMatch(/stored +proxy\/web-1 +Dataplane\/default\/web-1 v1$/)
    const id = "5".repeat(32)
    expect(stored(`Dataplane/default/${id}`)).toMatch(/stored +task\/55555555 /)
  })

  it("says only of a task that had traffic that it gets no new", () => {
    expect(decision("registered")).toMatch(/registered -> draining: ECS wants it stopped, so it gets no new traffic$/)
    expect(decision("refused")).toMatch(/refused -> draining: ECS wants it stopped$/)
  })
})

it("the times of the start stand below each other", () => {
  const ends = ["operator and control plane, on embedded Postgres", "STS in JSON, as AWS answers"]
    .map((what, index) => timed(what, 10_000 ** index * 10).length)
  expect(new Set(ends).size).toBe(1)
})
