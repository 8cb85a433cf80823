import { describe, expect, it } from "vitest"
import { findTask, roleKeyIn } from "../../../src/cli/explain/findTask.ts"
import { renderStory } from "../../../src/cli/explain/renderStory.ts"
import { tellStory } from "../../../src/cli/explain/tellStory.ts"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import { conclude, recordOf } from "../../../src/controllers/lifecycle/conclude.ts"
import { readEntry, type RecordedEntry } from "../../../src/controllers/replay/readLines.ts"
import type { JournalEntry } from "../../../src/model/Journal.ts"
import { lineOf, observed } from "../../controllers/replay/journalText.ts"

const observation = observed("fargate-one-port")
const ID = observation.look.taskId
const KEY = `task/demo/${ID}`
const PROXY = `Dataplane/default/${ID}`
const kind = dataplaneKind({ zone: "zone-1", copyTags: [], outboundAddress: "loopback" })
const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
const LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener"

const recorded = (entries: ReadonlyArray<JournalEntry>): ReadonlyArray<RecordedEntry> =>
  entries.flatMap((entry, index) => readEntry(lineOf(index + 1, entry)) ?? [])

const replica = (instance: string, leads: boolean): JournalEntry => ({ kind: "replica", key: "replica", instance, version: "0", leads })

const life: ReadonlyArray<JournalEntry> = [
  replica("one", true),
  { kind: "event", key: KEY, event: { detail: { lastStatus: "PENDING", desiredStatus: "RUNNING", version: 2 } } },
  { kind: "observation", key: KEY, of: "Dataplane", settings: kind.settings, observation },
  { kind: "decision", key: KEY, ...recordOf(observation, conclude(kind, observation, 0), 0) },
  { kind: "stored", key: KEY, op: "put", resource: PROXY, version: 1 },
  { kind: "stored", key: KEY, op: "put", resource: `EcsTask//${ID}`, version: 1 },
  { kind: "refused", key: PROXY, door: "bootstrap", reason: "TaskNotObserved", message: "wait" },
  { kind: "refused", key: PROXY, door: "bootstrap", reason: "TaskNotObserved", message: "wait" },
  { kind: "connected", key: PROXY },
  { kind: "pushed", key: PROXY, typeUrl: CLUSTERS, version: "1", names: ["kv", "redis"] },
  { kind: "acked", key: PROXY, typeUrl: CLUSTERS, version: "1" },
  { kind: "pushed", key: PROXY, typeUrl: LISTENERS, version: "2", names: ["inbound"] },
  { kind: "nacked", key: PROXY, typeUrl: LISTENERS, version: "2", message: "port 15050 is bound twice" },
  { kind: "event", key: "role/111122223333/kv-task", event: { detail: { eventName: "TagRole" } } }
]

const story = (entries: ReadonlyArray<JournalEntry> = life) =>
  tellStory(ID, [{ from: "journal.jsonl", instance: null, entries: recorded(entries), damaged: 0 }])

describe("a task's story", () => {
  it("tells how it stands: what was seen, decided, stored, sent and answered", () => {
    const told = story()
    expect(told.group).toBe("service:kv")
    expect(told.seen).toMatchObject({ address: "10.0.0.139", role: expect.stringContaining("kuma.io/type=dataplane") })
    expect(told.standing).toMatchObject({ phase: "registered", proxy: "dataplane of mesh default" })
    expect(told.standing?.conditions.map(({ type }) => type)).toEqual(["Identified", "Accepted", "Registered", "SidecarConnected"])
    expect(told.stored).toEqual([expect.stringContaining(`${PROXY} v1`), expect.stringContaining("EcsTask")])
    expect(told.stream).toMatch(/^open since/)
    expect(told.sent).toMatchObject([
      { type: "Cluster", names: 2, version: "1", answer: { kind: "ACKed", afterMillis: 1_000, message: null } },
      { type: "Listener", names: 1, version: "2", answer: { kind: "NACKed", message: "port 15050 is bound twice" } }
    ])
    expect(told.refused).toBeNull()
  })

  it("tells what happened in the order of time, and what repeats once", () => {
    expect(story().happened.map(({ text, times, what }) => `${what}: ${text} ${times}`)).toEqual([
      "seen: ECS says PENDING, desired RUNNING (version 2) 1",
      expect.stringMatching(/^decided: new -> registered: RoleAllows: role .* may run this proxy 1$/),
      "stored: Dataplane v1, EcsTask v1 1",
      "refused: at bootstrap: TaskNotObserved: wait 2",
      "stream: opened 1",
      "sent: 2 Clusters, Listener 1",
      "NACKed: Listener: port 15050 is bound twice 1",
      "seen: TagRole of role/111122223333/kv-task 1"
    ])
  })

  it("tells of an event that it came out of an archive", () => {
    const again = { ...life[1], kind: "event" as const, key: KEY, event: { "replay-name": "monday", detail: { lastStatus: "RUNNING" } } }
    expect(story([again]).happened[0]?.text).toContain("repeated by the replay monday")
  })

  it("tells who refused the proxy and why, until it is let in", () => {
    const told = story(life.slice(0, 8))
    expect(told.refused).toMatchObject({ text: "at bootstrap: TaskNotObserved: wait", times: 2 })
    expect(renderStory(told, false)).toMatch(/refused +12:00:\d\d\.000 at bootstrap: TaskNotObserved: wait \(2 times\)/)
    expect(told.stream).toBeNull()
  })

  it("says whose journal was read, and where decisions are where that replica doesn't lead", () => {
    expect(story().sources).toEqual([{ from: "journal.jsonl", instance: "one", leads: true, entries: 13 }])
    const follower = story([replica("two", false), ...life.filter(({ key }) => key === PROXY)])
    expect(follower.notes).toEqual([expect.stringContaining("in the journal of the replica that leads")])
    expect(renderStory(follower, false)).toContain("of two, which doesn't lead now")
    const both = tellStory(ID, [
      { from: "a", instance: "one", entries: recorded(life.slice(0, 6)), damaged: 0 },
      { from: "b", instance: "two", entries: recorded([replica("two", false), ...life.slice(8)]), damaged: 0 }
    ])
    expect(both.notes).toEqual([])
    expect([both.standing?.phase, both.sent.length]).toEqual(["registered", 2])
  })

  it("takes what the store says now before what the journal said last", () => {
    const live = { standing: { time: "2025-02-01T00:00:00Z", phase: "refused", proxy: null, conditions: [] }, stream: "open at two" }
    const told = tellStory(ID, [{ from: "a", instance: "one", entries: recorded(life), damaged: 3 }], live)
    expect([told.standing?.phase, told.stream]).toEqual(["refused", "open at two"])
    expect(told.notes).toEqual([expect.stringContaining("3 lines of the journal were altered")])
  })

  it("is short, and whole where that is asked for", () => {
    const many = [...life, ...Array.from({ length: 100 }, (_, index): JournalEntry => ({
      kind: "event", key: KEY, event: { detail: { lastStatus: "RUNNING", desiredStatus: "RUNNING", version: index } }
    }))]
    expect(renderStory(story(many), false).split("\n").length).toBeLessThan(80)
    expect(renderStory(story(many), false)).toContain("before that (--all)")
    expect(renderStory(story(many), true).split("\n").length).toBeGreaterThan(100)
  })

  it("shows what a proxy said, and lets no terminal obey it", () => {
    const said = "\u001b[2K\u202eno\nrefused"
    const shown = renderStory(story([{ kind: "nacked", key: PROXY, typeUrl: LISTENERS, version: "2", message: said }]), true)
    expect(shown).toContain("\\u001b[2K\\u202eno\\nrefused")
    expect(shown).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u)
  })

  it("tells of a task that nobody knows only that", () => {
    expect(renderStory(story([]), false)).toContain("the journal has nothing of this task")
  })
})

describe("the task that is meant", () => {
  const entries = recorded(life)
  it.each([
    ["an id", ID],
    ["the beginning of one", ID.slice(0, 6)],
    ["an ARN", `arn:aws:ecs:eu-west-1:111122223333:task/demo/${ID}`]
  ])("is found by %s", (_, asked) => {
    expect(findTask(asked, entries, [])).toEqual({ taskId: ID })
    expect(findTask(asked, [], [ID, "other"])).toEqual({ taskId: ID })
  })

  it("is asked for once more where there are several or none", () => {
    expect(findTask("c1", entries, ["c1aa"])).toEqual({ problem: expect.stringContaining("2 tasks begin with c1") })
    expect(findTask("c1aa", [], ["c1aa", "c1aab"])).toEqual({ taskId: "c1aa" })
    expect(findTask("zz", entries, [])).toEqual({ problem: expect.stringContaining("knows a task zz") })
  })

  it("runs with a role, whose events are told as well", () => {
    expect(roleKeyIn(entries)).toBe("role/111122223333/kv-task")
    expect(roleKeyIn([])).toBeNull()
  })
})
