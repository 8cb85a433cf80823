import { describe, expect, it } from "vitest"
import { foldEvents } from "../../../src/controllers/replay/foldEvents.ts"
import type { FoldOptions } from "../../../src/controllers/replay/foldJournal.ts"
import { type Known, knownFrom, nothingKnown } from "../../../src/controllers/replay/Known.ts"
import { readEvents } from "../../../src/controllers/replay/readEvents.ts"
import { readLines } from "../../../src/controllers/replay/readLines.ts"
import { lineOf, observed, placed } from "./journalText.ts"

const ID = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
const TASK = `arn:aws:ecs:eu-west-1:111122223333:task/demo/${ID}`

interface Change {
  readonly lastStatus: string
  readonly desiredStatus?: string
  readonly version: number
  readonly address?: string | null
}

const event = ({ address = "10.0.0.139", desiredStatus = "RUNNING", lastStatus, version }: Change) => ({
  version: "0",
  id: `id-${version}`,
  "detail-type": "ECS Task State Change",
  source: "aws.ecs",
  account: "111122223333",
  region: "eu-west-1",
  time: `2025-01-31T12:00:${String(version * 5).padStart(2, "0")}Z`,
  "replay-name": "again",
  resources: [TASK],
  detail: {
    taskArn: TASK,
    clusterArn: "arn:aws:ecs:eu-west-1:111122223333:cluster/demo",
    taskDefinitionArn: "arn:aws:ecs:eu-west-1:111122223333:task-definition/kv:3",
    group: "service:kv",
    lastStatus,
    desiredStatus,
    version,
    attachments: address === null
      ? []
      : [{ id: "1", type: "eni", status: "ATTACHED", details: [{ name: "privateIPv4Address", value: address }] }],
    containers: [{ name: "kv", lastStatus, networkInterfaces: [] }],
    overrides: { containerOverrides: [{ name: "kv", environment: [{ name: "PASSWORD", value: "not-for-you" }] }] }
  }
})

const life = [
  event({ lastStatus: "PROVISIONING", version: 1, address: null }),
  event({ lastStatus: "PENDING", version: 2 }),
  event({ lastStatus: "RUNNING", version: 3 }),
  event({ lastStatus: "RUNNING", desiredStatus: "STOPPED", version: 4 }),
  event({ lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 5 })
]

const steps = (value: unknown, known: Known = nothingKnown, options: FoldOptions = {}) =>
  [...foldEvents(readEvents("file", typeof value === "string" ? value : JSON.stringify(value)) ?? [], known, options)]

const phases = (...args: Parameters<typeof steps>) => steps(...args).flatMap((step) => step._tag === "Decision" ? [step.to] : [])
const notes = (...args: Parameters<typeof steps>) => steps(...args).flatMap((step) => step._tag === "Note" ? [step.text] : [])

/** What a journal saw of the same definition. */
const observation = observed("fargate-one-port")
const known = knownFrom(readLines(placed([
  lineOf(1, {
    kind: "observation", key: `task/demo/${ID}`, of: "Dataplane",
    settings: { zone: "zone-1", copyTags: [], outboundAddress: "loopback" },
    observation: {
      ...observation,
      look: { ...observation.look, definition: { ...observation.look.definition, arn: life[0]?.detail.taskDefinitionArn } }
    }
  })
])))

describe("raw events", () => {
  it("lead as far as they tell, and it is said what they don't", () => {
    expect(phases(life)).toEqual(["pending", "identified", "identified", "draining", "gone"])
    const told = notes(life).join("\n")
    for (const unknown of ["its definition", "its role", "its tags", "whether its Envoy was connected"]) expect(told).toContain(unknown)
  })

  it("lead to what a journal's definition and role let them be", () => {
    expect(phases(life, known)).toEqual(["pending", "registered", "registered", "draining", "gone"])
    expect(notes(life, known).join("\n")).not.toContain("its role")
    const [registered] = steps(life, known).filter((step) => step._tag === "Decision" && step.to === "registered")
    expect(JSON.stringify(registered)).toContain("10.0.0.139")
    expect(JSON.stringify(registered)).toContain("zone-1")
  })

  it("that don't name their definition get it by their task", () => {
    const unnamed = life.map(({ detail: { taskDefinitionArn: _, ...detail }, ...one }) => ({ ...one, detail }))
    const seen = JSON.parse(JSON.stringify(unnamed).replaceAll(ID, observation.look.taskId).replaceAll(TASK, observation.look.task?.taskArn ?? ""))
    expect(phases(seen)).not.toContain("registered")
    expect(phases(seen, known)).toContain("registered")
  })

  it("are taken in the order of their versions: doubles and late ones are told of, and change nothing", () => {
    const [one, two, three, four, five] = life
    const disturbed = [three, one, two, two, five, three, four]
    expect(phases(disturbed)).toEqual(phases(life))
    expect(notes(disturbed).filter((text) => text.includes("came late")).length).toBe(3)
    expect(notes(disturbed).filter((text) => text.includes("once more")).length).toBe(2)
  })

  it("behind a task's end say that it has ended, and bring nothing back", () => {
    const again = event({ lastStatus: "STOPPED", desiredStatus: "STOPPED", version: 6 })
    expect(phases([...life, again])).toEqual(phases(life))
    expect(notes([...life, again]).at(-1)).toContain("the task has ended already")
  })

  it("without an address and a definition give no advice that would be a guess", () => {
    const why = steps([event({ lastStatus: "PROVISIONING", version: 1, address: null })])
      .flatMap((step) => step._tag === "Decision" ? [step.why] : [])
    expect(why).toEqual([expect.stringContaining("tells the task's address")])
  })

  it("are named once, by their place", () => {
    const text = notes([life[0], { source: "aws.s3", "detail-type": "Object Created" }, life[0]])
    expect(text.filter((one) => /^event \d/.test(one))).toEqual([])
  })

  it("tell nothing secret", () => {
    expect(JSON.stringify(steps(life))).not.toContain("not-for-you")
  })

  it("of others than tasks wake, and what is no event is told of", () => {
    const tagged = {
      id: "2", source: "aws.iam", "detail-type": "AWS API Call via CloudTrail", account: "1", region: "us-east-1", time: "2025-01-31T12:00:00Z",
      detail: { eventSource: "iam.amazonaws.com", eventName: "TagRole", requestParameters: { roleName: "kv" } }
    }
    expect(steps([tagged]).map(({ _tag }) => _tag)).toEqual(["Event"])
    expect(notes([{ source: "aws.s3", "detail-type": "Object Created" }])[0]).toContain("nobody here is woken")
  })

  it("of a task without a sidecar are none of ours, where the definition is known", () => {
    const bare = { ...known, revisions: new Map([...known.revisions].map(([arn, revision]) =>
      [arn, { ...revision, definition: { ...revision.definition, containers: [] } }])) }
    expect(new Set(phases(life, bare))).toEqual(new Set(["ignored"]))
  })

  it("may be cut at a number, at a time, and to a key", () => {
    expect(phases(life, nothingKnown, { until: { seq: 2 } })).toEqual(["pending", "identified"])
    expect(phases(life, nothingKnown, { until: { time: Date.parse("2025-01-31T12:00:10Z") } })).toEqual(["pending", "identified"])
    expect(phases(life, nothingKnown, { key: "c13b" }).length).toBe(5)
    expect(phases(life, nothingKnown, { key: "other" })).toEqual([])
  })
})

describe("events in a file", () => {
  const text = life.map((one) => JSON.stringify(one))
  const bodies = text.map((Body, index) => ({ MessageId: String(index), Body, ReceiptHandle: "x" }))
  const entries = life.map(({ detail, source, time, ...one }) => ({
    Source: source, DetailType: one["detail-type"], Detail: JSON.stringify(detail), Time: time
  }))

  it.each([
    ["an array", JSON.stringify(life)],
    ["a line each", `${text.join("\n")}\n`],
    ["messages of a dead-letter queue", JSON.stringify({ Messages: bodies })],
    ["several answers of receive-message, a line each", `${JSON.stringify({ Messages: bodies.slice(0, 2) })}\n${JSON.stringify({ Messages: bodies.slice(2) })}`],
    ["messages, a line each", bodies.map((body) => JSON.stringify(body)).join("\n")],
    ["lines of a log group", JSON.stringify({ events: text.map((message) => ({ timestamp: 1, message })) })],
    ["what put-events is given", JSON.stringify({ Entries: entries })],
    ["a list of it", JSON.stringify(entries)],
    ["Events with a Detail", JSON.stringify({ Events: entries })]
  ])("may be %s", (_, content) => {
    expect(phases(content)).toEqual(phases(life))
  })

  it.each([
    ["a text", "hello"],
    ["nothing", ""],
    ["an empty list", "[]"],
    ["another JSON", "{\"a\":1}"],
    ["logs without an event", JSON.stringify({ events: [{ message: "hello" }] })],
    ["lines of which one is none", `${text[0]}\nhello`]
  ])("aren't found in %s", (_, content) => {
    expect(readEvents("file", content)).toBeNull()
  })
})
