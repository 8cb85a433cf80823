/** A journal's entries of one task -> its story. Pure. */
import { lastPart } from "../../controllers/arn.ts"
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import type { Live } from "./askOperator.ts"
import { at, listAt, textAt } from "./fields.ts"
import type { JournalOfTask } from "./JournalOfTask.ts"
import { momentsOf, shortType } from "./momentsOf.ts"
import { sourceOf } from "./sourceOf.ts"
import { standingOf } from "./standingOf.ts"
import type { Seen, Sent, Standing, Story } from "./Story.ts"

type Entries = ReadonlyArray<RecordedEntry>

const lastOf = (entries: Entries, ...kinds: ReadonlyArray<string>): RecordedEntry | undefined =>
  entries.findLast(({ kind }) => kinds.includes(kind))

const tagsText = (tags: unknown): string =>
  Object.entries(Object(tags))
    .filter(([name]) => name.startsWith("kuma.io/"))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(" ")

const roleText = (look: unknown): string | null => {
  const arn = textAt(look, "task", "taskRoleArn")
  const status = textAt(look, "role", "status")
  if (status === "read" || status === "remembered") {
    const tags = tagsText(at(look, "role", "role", "tags"))
    return `${arn} (${tags === "" ? "no tag of the mesh" : tags}${status === "read" ? "" : "; IAM doesn't answer now"})`
  }
  const message = textAt(look, "role", "message")
  return arn === null ? "none" : `${arn} (${status}${message === null ? "" : `: ${message}`})`
}

const definitionText = (look: unknown): string | null => {
  const arn = textAt(look, "definition", "arn")
  if (arn === null) return null
  const containers = listAt(look, "definition", "containers").map((container) =>
    at(container, "sidecar") === null ? textAt(container, "name") : `${textAt(container, "name")} (the sidecar)`)
  return `${lastPart(arn)}, ${textAt(look, "definition", "networkMode")}: ${containers.join(", ")}`
}

const seenIn = (entries: Entries): Seen | null => {
  const entry = lastOf(entries, "observation")
  if (entry === undefined) return null
  const look = at(entry.fields, "observation", "look")
  const task = at(look, "task")
  return {
    time: entry.time,
    task: task === null
      ? "ECS doesn't know it"
      : `${textAt(task, "lastStatus")}, desired ${textAt(task, "desiredStatus")} ` +
        `(version ${String(at(task, "version"))})`,
    address: textAt(task, "address") ?? textAt(look, "hostAddress") ?? textAt(look, "knownAddress"),
    definition: definitionText(look),
    role: task === null ? null : roleText(look)
  }
}

const standingIn = (entries: Entries): Standing | null => {
  const entry = lastOf(entries, "decision")
  if (entry === undefined) return null
  const { fields, time } = entry
  const spec = at(fields, "task", "spec")
  return standingOf(time, { ...Object(spec), phase: at(fields, "to"), conditions: at(fields, "conditions") ?? [] })
}

const storedIn = (entries: Entries): ReadonlyArray<string> => {
  const last = new Map<string, RecordedEntry>()
  for (const entry of entries) if (entry.kind === "stored") last.set(textAt(entry.fields, "resource") ?? "", entry)
  return [...last].map(([resource, { fields, time }]) =>
    textAt(fields, "op") === "remove"
      ? `${resource} removed ${time}`
      : `${resource} v${String(at(fields, "version"))} ${time}`)
}

const streamIn = (entries: Entries): string | null => {
  const last = lastOf(entries, "connected", "disconnected")
  if (last === undefined) return null
  return last.kind === "connected" ? `open since ${last.time}` : `ended ${last.time}: ${textAt(last.fields, "reason")}`
}

/** The last push of each type on the last stream, with its answer. */
const sentIn = (entries: Entries): ReadonlyArray<Sent> => {
  const opened = entries.findLastIndex(({ kind }) => kind === "connected")
  const sent = new Map<string, Sent>()
  for (const { fields, kind, time } of entries.slice(Math.max(0, opened))) {
    const typeUrl = textAt(fields, "typeUrl")
    if (typeUrl === null) continue
    const version = textAt(fields, "version") ?? ""
    const before = sent.get(typeUrl)
    if (kind === "pushed") {
      const names = listAt(fields, "names").length
      sent.set(typeUrl, { type: shortType(typeUrl), version, time, names, answer: null })
    } else if (before !== undefined && before.version === version) {
      const answer = {
        kind: kind === "acked" ? "ACKed" as const : "NACKed" as const,
        afterMillis: Date.parse(time) - Date.parse(before.time),
        message: textAt(fields, "message")
      }
      sent.set(typeUrl, { ...before, answer })
    }
  }
  return [...sent.values()]
}

const groupIn = (entries: Entries): string | null => {
  const told = entries.flatMap(({ fields }) =>
    textAt(fields, "observation", "look", "task", "group") ?? textAt(fields, "event", "detail", "group") ?? [])
  return told.findLast((group) => group !== "") ?? null
}

const notLive: Live = { standing: null, stream: null }

/** `journals`: what each says of this task and its role. `live`: what the store says of it now. */
export const tellStory = (taskId: string, journals: ReadonlyArray<JournalOfTask>, live: Live = notLive): Story => {
  const entries = journals.flatMap((journal) => journal.entries)
    .filter(({ kind }) => kind !== "replica")
    .toSorted((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
  const happened = momentsOf(entries)
  const lastRefusal = entries.findLastIndex(({ kind }) => kind === "refused")
  const connected = entries.findLastIndex(({ kind }) => kind === "connected")
  const damaged = journals.reduce((sum, journal) => sum + journal.damaged, 0)
  const sources = journals.map(sourceOf)
  return {
    taskId,
    group: groupIn(entries),
    sources,
    seen: seenIn(entries),
    standing: live.standing ?? standingIn(entries),
    stored: storedIn(entries),
    stream: live.stream ?? streamIn(entries),
    sent: sentIn(entries),
    refused: lastRefusal > connected ? happened.findLast(({ what }) => what === "refused") ?? null : null,
    happened,
    notes: [
      ...(sources.every(({ leads }) => leads === false) && lastOf(entries, "decision") === undefined
        ? ["what is decided is in the journal of the replica that leads: ask it too (--address, once for each replica)"]
        : []),
      ...(entries.length === 0
        ? ["the journal has nothing of this task: it is older than the journal, or of another cluster"]
        : []),
      ...(damaged > 0
        ? [`${damaged} lines of the journal were altered or damaged and tell nothing here: ecs-mesh replay names them`]
        : [])
    ]
  }
}
