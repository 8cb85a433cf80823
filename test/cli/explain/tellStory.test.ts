import { describe, expect, it } from "vitest"
import { findTask, roleKeyIn } from "../../../src/cli/explain/findTask.ts"
import { isPolicyOf, meshIn } from "../../../src/cli/explain/policies.ts"
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

const FRAME = { damaged: 0, torn: 0, until: null }

const story = (entries: ReadonlyArray<JournalEntry> = life) =>
  tellStory(ID, [{ from: "journal.jsonl", instance: null, entries: recorded(entries), ...FRAME }])

/** The same task as ECS shows it afterwards, and what follows. */
const after: ReadonlyArray<JournalEntry> = (() => {
  const { look } = observed("ended")
  const { task } = look
  if (task === null) throw new Error("no task")
  const last = { ...observation, look: { ...look, taskId: ID, task: { ...task, version: 9 } } }
  return [
    { kind: "disconnected", key: PROXY, reason: "cancelled" },
    { kind: "observation", key: KEY, of: "Dataplane", settings: kind.settings, observation: last },
    { kind: "decision", key: KEY, ...recordOf(last, conclude(kind, last, 0), 0) },
    { kind: "stored", key: KEY, op: "remove", resource: PROXY, version: 1 },
    { kind: "observation", key: KEY, of: null, observation: { look: last.look } },
    { kind: "decision", key: KEY, from: null, to: "ignored", why: "the task has ended" }
  ]
})()

describe("a task's story", () => {
  it("tells how it stands: what was seen, decided, stored, sent and answered", () => {
    const told = story()
    expect(told.group).toBe("service:kv")
    expect(told.seen).toMatchObject({ address: "10.0.0.139", lastStatus: "RUNNING", version: 3,
      role: { status: "read", tags: { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" } },
      definition: { networkMode: "awsvpc", containers: [{ name: "app", sidecar: false }, { name: "sidecar", sidecar: true }] }
    })
    expect(told.standing).toMatchObject({ phase: "registered", proxy: "dataplane of mesh default" })
    expect(told.standing?.conditions.map(({ type }) => type)).toEqual(["Identified", "Accepted", "Registered", "SidecarConnected"])
    expect(told.stored).toEqual([
      { resource: PROXY, op: "put", version: 1, at: expect.stringContaining("T12:00") },
      expect.objectContaining({ resource: `EcsTask//${ID}` })
    ])
    expect(told.stream).toMatchObject({ openSince: expect.stringContaining("T12:00"), endedAt: null, reason: null })
    expect(told.sent).toMatchObject([
      { typeUrl: CLUSTERS, count: 2, version: "1", acked: true, answeredAfterMillis: 1_000, message: null },
      { typeUrl: LISTENERS, count: 1, version: "2", acked: false, message: "port 15050 is bound twice" }
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

  it("counts what the journal has joined", () => {
    const refusal = { kind: "nacked" as const, key: PROXY, typeUrl: LISTENERS, version: "2", message: "no" }
    const { happened } = story([...life, { ...refusal, times: 7 }, refusal])
    expect(happened.at(-1)).toMatchObject({ what: "NACKed", times: 8 })
  })

  it("counts what the journal was told later from when it happened", () => {
    const late: ReadonlyArray<JournalEntry> = [
      { kind: "stored", key: KEY, op: "put", resource: PROXY, version: 2 },
      { kind: "disconnected", key: PROXY, reason: "gone", happened: "2025-01-31T12:00:14.500Z" }
    ]
    const told = story([...life, ...late])
    expect(told.stream).toMatchObject({ endedAt: "2025-01-31T12:00:14.500Z" })
    expect(told.happened.slice(-2).map(({ what }) => what)).toEqual(["stream", "stored"])
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
      { from: "a", instance: "one", entries: recorded(life.slice(0, 6)), ...FRAME },
      { from: "b", instance: "two", entries: recorded([replica("two", false), ...life.slice(8)]), ...FRAME }
    ])
    expect(both.notes).toEqual([])
    expect([both.standing?.phase, both.sent.length]).toEqual(["registered", 2])
  })

  it("takes what the store says now before what the journal said last", () => {
    const live = { standing: { time: "2025-02-01T00:00:00Z", phase: "refused", proxy: null, conditions: [] }, stream: { openSince: "2025-02-01T00:00:00Z", endedAt: null, reason: null, instance: "two" }, proxy: null }
    const told = tellStory(ID, [{ from: "a", instance: "one", entries: recorded(life), ...FRAME, damaged: 3 }], live)
    expect([told.standing?.phase, told.stream?.instance]).toEqual(["refused", "two"])
    expect(told.notes).toEqual([expect.stringContaining("3 lines of the journal were altered")])
  })

  it("tells of a task that has ended why, and beside that what was known while it lived", () => {
    const told = story([...life, ...after])
    expect(told.ended).toMatchObject({
      at: "2025-01-31T12:00:00.000Z", stopCode: "EssentialContainerExited", stoppedReason: "Essential container in task exited"
    })
    expect(told.seen).toMatchObject({ lastStatus: "RUNNING", version: 3, role: { status: "read" } })
    expect(told.standing?.phase).toBe("registered")
    const shown = renderStory(told, false)
    expect(shown).toMatch(/^ +has ended +2025-01-31 12:00:00.000, EssentialContainerExited: Essential container in task exited$/m)
    expect(shown).toMatch(/^While it lived$/m)
    expect(shown).toMatch(/^ +runs +kv:3, awsvpc: app, sidecar \(the sidecar\)$/m)
    expect(shown).not.toMatch(/TaskRoleMissing|NotIdentified|role +none/)
    expect(story().ended).toBeNull()
  })

  it("tells by whom an end was caused that only an event told", () => {
    const detail = { lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 9, stopCode: "SpotInterruption" }
    expect(story([...life, { kind: "event", key: KEY, event: { detail } }]).ended).toMatchObject({ stopCode: "SpotInterruption" })
  })

  it("tells what turned in words, and no fields of what the reason says already", () => {
    const concluded = conclude(kind, observation, 0)
    const desired = concluded.decision.desired
    if (desired === null) throw new Error("nothing was desired")
    const networking = { ...desired.spec.networking, inbound: desired.spec.networking?.inbound?.map((one) => ({ ...one, state: "NotReady", health: { ready: false } })) }
    const stored = { ...desired, labels: { ...desired.labels, "ecs-mesh.io/last-resort": "true" }, spec: { networking } }
    const [told] = story([
      { kind: "observation", key: KEY, of: "Dataplane", settings: kind.settings, observation: { ...observation, stored } },
      { kind: "decision", key: KEY, from: "registered", to: "registered", why: "Ready: its containers are healthy", desired }
    ]).happened
    expect(told?.text).toBe("stays registered: Ready: its containers are healthy; no longer kept as last resort")
  })

  it("tells who changed its mesh's policies since it came, in the order of time", () => {
    const key = "MeshTrafficPermission/default/all"
    const change = (op: string, version: number): JournalEntry => ({
      kind: "stored", key, resource: key, op, version, by: "mesh-system:admin"
    })
    const told = story([change("put", 1), ...life, change("put", 2), change("remove", 2)])
    expect(told.happened.slice(-2)).toMatchObject([
      { what: "changed", text: `${key} written (v2) by mesh-system:admin` },
      { what: "changed", text: `${key} removed by mesh-system:admin` }
    ])
    expect(told.happened.filter(({ what }) => what === "changed").length).toBe(2)
    expect(told.stored.map(({ resource }) => resource)).not.toContain(key)
    const [written] = recorded([change("put", 1)])
    expect(written !== undefined && [isPolicyOf("default")(written), isPolicyOf("other")(written)]).toEqual([true, false])
    expect(meshIn(recorded(life))).toBe("default")
  })

  it("claims nothing about now where only a journal is left", () => {
    const left = { from: "journal.jsonl", instance: null, entries: recorded(life), ...FRAME, torn: 1, until: "2025-01-31T12:00:14.000Z" }
    const shown = renderStory(tellStory(ID, [left]), false)
    expect(shown).toMatch(/^As of the journal's last line at 2025-01-31 12:00:14.000$/m)
    expect(shown).not.toMatch(/^Now$/m)
    expect(shown).toContain("a crash tore a line of the journal")
    expect(renderStory(story(), false)).toMatch(/^Now$/m)
  })

  it("says of a stream that came again that its proxy has what it had", () => {
    const again: ReadonlyArray<JournalEntry> = [
      { kind: "connected", key: PROXY },
      { kind: "pushed", key: PROXY, typeUrl: CLUSTERS, version: "3", names: [] }
    ]
    const shown = renderStory(story([...life, ...again]), false)
    expect(shown).toMatch(/sent +type +sent last +at +version +answer/)
    expect(shown).toMatch(/^ +Cluster +as before /m)
  })

  it("gives a long reason once", () => {
    const message = `role arn:aws:iam::111122223333:role/kv isn't tagged: ${"set the tag kuma.io/mesh ".repeat(5)}`.trim()
    const refusal: JournalEntry = { kind: "refused", key: PROXY, door: "bootstrap", reason: "RoleTagMissing", message }
    const shown = renderStory(story([...life.slice(0, 6), refusal, replica("one", true), refusal]), false)
    expect(shown.split(message).length).toBe(2)
    expect(shown).toContain("at bootstrap: RoleTagMissing: (as above) (2 times)")
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

  it("calls a proxy that is no task a proxy, and asks for nobody who looked at it", () => {
    const key = "Dataplane/default/web-1"
    const brought: ReadonlyArray<JournalEntry> = [
      { kind: "stored", key, op: "put", resource: key, version: 1 },
      { kind: "connected", key }
    ]
    const journal = { from: "a", instance: "one", entries: recorded([replica("one", false), ...brought]), ...FRAME }
    const told = tellStory("web-1", [journal])
    expect([told.isTask, told.notes]).toEqual([false, []])
    const shown = renderStory(told, false)
    expect(shown).toMatch(/^proxy web-1$/m)
    expect(shown).not.toMatch(/task|looked|sidecar/)
    const gone = renderStory(tellStory("web-1", [{ ...journal, entries: recorded(brought.slice(0, 1)) }]), false)
    expect(gone).toMatch(/stream +none: it hasn't connected here$/m)
    expect([story().isTask, story(life.filter(({ key: about }) => about === PROXY)).isTask]).toEqual([true, true])
  })

  it("says of what is stored what the store says, where the journal that was asked knows it otherwise", () => {
    const key = "Dataplane/default/web-1"
    const entry = (op: string): JournalEntry => ({ kind: "stored", key, op, resource: key, version: 1 })
    const told = (op: string, at: string | null) => {
      const journal = { from: "a", instance: "one", entries: recorded([entry(op)]), ...FRAME }
      const proxy = { resource: key, isThere: at !== null, at }
      return renderStory(tellStory("web-1", [journal], { standing: null, stream: null, proxy }), false)
    }
    const later = "2025-02-01T00:00:00Z"
    expect(told("remove", later)).toMatch(new RegExp(`stored +${key} ${later}, which this journal doesn't tell$`, "m"))
    expect(told("put", null)).toMatch(new RegExp(`stored +${key} removed, which this journal doesn't tell$`, "m"))
    expect(told("put", later)).toMatch(new RegExp(`stored +${key} v1 2025-01-31T`, "m"))
    expect(told("remove", null)).toMatch(new RegExp(`stored +${key} removed 2025-01-31T`, "m"))
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

  it("is found though blanks or capitals came with it, and not where it is of another cluster", () => {
    expect(findTask(` ${ID.toUpperCase()}\n`, entries, [])).toEqual({ taskId: ID })
    const elsewhere = `arn:aws:ecs:eu-west-1:111122223333:task/other/${ID}`
    expect(findTask(elsewhere, entries, [])).toEqual({ problem: `task ${ID} is one of cluster demo, not of other` })
    expect(findTask(elsewhere, [], [`task/demo/${ID}`])).toHaveProperty("problem")
  })

  it("is told apart from a service, from nothing, and from what only a store would know", () => {
    const service = findTask("arn:aws:ecs:eu-west-1:111122223333:service/demo/kv", entries, [])
    expect(service).toEqual({ problem: expect.stringContaining("is the ARN of a service") })
    expect(findTask(" ", entries, [])).toEqual({ problem: expect.stringContaining("say which task") })
    expect(findTask("zz", entries, null)).toEqual({ problem: expect.stringMatching(/^the journal knows no task zz/) })
  })

  it("runs with a role, whose events are told as well", () => {
    expect(roleKeyIn(entries)).toBe("role/111122223333/kv-task")
    expect(roleKeyIn([])).toBeNull()
  })
})
