// A journal as the operator writes it: of each golden observation its event, the observation and what is decided.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { dataplaneKind } from "../../../src/controllers/dataplane/desired.ts"
import type { DataplaneObservation } from "../../../src/controllers/dataplane/observe.ts"
import { egressKind } from "../../../src/controllers/egress/desired.ts"
import { ingressKind } from "../../../src/controllers/ingress/desired.ts"
import { conclude, recordOf } from "../../../src/controllers/lifecycle/conclude.ts"
import type { ProxyKind } from "../../../src/controllers/lifecycle/decide.ts"
import type { ProxyObservation, ProxyResourceType } from "../../../src/controllers/lifecycle/ProxyObservation.ts"
import { sealLine } from "../../../src/controllers/lifecycle/sealLine.ts"
import type { PlacedLine } from "../../../src/controllers/replay/readLines.ts"
import type { JournalEntry } from "../../../src/model/Journal.ts"

const folder = join(import.meta.dirname, "..", "..", "golden", "controllers", "observations")

export const observed = (name: string): DataplaneObservation => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))

export const observationNames = readdirSync(folder).filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -5))

const START = Date.parse("2025-01-31T12:00:00Z")

export const lineOf = (seq: number, entry: JournalEntry): string =>
  sealLine(JSON.stringify({ seq, time: new Date(START + seq * 1_000).toISOString(), ...entry }))

export const placed = (lines: ReadonlyArray<string>): ReadonlyArray<PlacedLine> =>
  lines.map((text, index) => ({ place: `journal:${index + 1}`, text }))

/** The two entries of one reconcile. */
const entriesOf = <T extends ProxyResourceType, O extends ProxyObservation<T>>(
  kind: ProxyKind<T, O>,
  key: string,
  observation: O
): ReadonlyArray<JournalEntry> => [
  { kind: "observation", key, of: kind.type, settings: kind.settings, observation },
  { kind: "decision", key, ...recordOf(observation, conclude(kind, observation, START), START) }
]

const eventOf = (key: string, { look: { task } }: ProxyObservation): ReadonlyArray<JournalEntry> =>
  task === null ? [] : [{
    kind: "event",
    key,
    source: "aws.ecs",
    detailType: "ECS Task State Change",
    event: {
      id: "1",
      source: "aws.ecs",
      "detail-type": "ECS Task State Change",
      account: "111122223333",
      region: "eu-west-1",
      time: "2025-01-31T12:00:00Z",
      detail: {
        clusterArn: task.clusterArn,
        taskArn: task.taskArn,
        lastStatus: task.lastStatus,
        desiredStatus: task.desiredStatus,
        version: task.version
      }
    }
  }]

const dataplane = dataplaneKind({ zone: "zone-1", copyTags: ["team"], outboundAddress: "loopback" })

/** The same task under an id of its own. */
const renamed = (observation: DataplaneObservation, id: string): DataplaneObservation => {
  const from = observation.look.taskId
  return JSON.parse(JSON.stringify(observation).replaceAll(from, id))
}

const zoneObservation = ({ connection, look, previous }: DataplaneObservation) => ({ look, previous, connection, stored: null })

/** Entries of every kind, in the order in which they are written. */
export const entries: ReadonlyArray<JournalEntry> = [
  { kind: "replica", key: "replica", instance: "one", version: "0.0.0", leads: true },
  ...observationNames.flatMap((name, index) => {
    const observation = renamed(observed(name), `task${String(index).padStart(4, "0")}`)
    const key = `task/demo/${observation.look.taskId}`
    const bumped: JournalEntry = { kind: "stored", key, op: "put", resource: `EcsTask//${observation.look.taskId}`, version: 1 }
    return [...eventOf(key, observation), ...entriesOf(dataplane, key, observation), bumped]
  }),
  ...entriesOf(ingressKind("zone-1"), "task/demo/ingress1", zoneObservation(renamed(observed("fargate-one-port"), "ingress1"))),
  ...entriesOf(egressKind("zone-1"), "task/demo/egress1", zoneObservation(renamed(observed("fargate-one-port"), "egress1"))),
  {
    kind: "observation", key: "task/demo/other", of: null,
    observation: { look: { taskId: "other", task: null, definition: null, role: { status: "none" }, hostAddress: null, knownAddress: null } }
  },
  { kind: "decision", key: "task/demo/other", from: null, to: "ignored", why: "ECS doesn't know the task" },
  {
    kind: "event", key: "role/111122223333/kv-task", source: "aws.iam", detailType: "AWS API Call via CloudTrail",
    event: {
      id: "2", source: "aws.iam", "detail-type": "AWS API Call via CloudTrail", account: "111122223333", region: "us-east-1",
      time: "2025-01-31T12:00:00Z",
      detail: { eventSource: "iam.amazonaws.com", eventName: "TagRole", requestParameters: { roleName: "kv-task" } }
    }
  },
  { kind: "event", key: "ignored", reason: "nobody is woken by it" }
]

export const journal: ReadonlyArray<string> = entries.map((entry, index) => lineOf(index + 1, entry))
