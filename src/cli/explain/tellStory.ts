/** A journal's entries of one task -> its story. Pure. */
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import type { Live, LiveProxy } from "./askOperator.ts"
import { listAt, numberAt, textAt } from "./fields.ts"
import type { JournalOfTask } from "./JournalOfTask.ts"
import { endIn, seenIn, standingIn } from "./lastLook.ts"
import { momentsOf } from "./momentsOf.ts"
import { isPolicy } from "./policies.ts"
import { isTaskIn } from "./proxyKeyIn.ts"
import { sourceOf } from "./sourceOf.ts"
import type { Sent, Stored, Story, StreamState } from "./Story.ts"

type Entries = ReadonlyArray<RecordedEntry>

/** What was told later than it happened counts from when it did. */
const asItHappened = (entry: RecordedEntry): RecordedEntry =>
  ({ ...entry, time: textAt(entry.fields, "happened") ?? entry.time })

const lastOf = (entries: Entries, ...kinds: ReadonlyArray<string>): RecordedEntry | undefined =>
  entries.findLast(({ kind }) => kinds.includes(kind))

/** `proxy`: what the store says of it counts before the journal, which may not be that of whoever wrote it. */
const storedIn = (entries: Entries, proxy: LiveProxy | null): ReadonlyArray<Stored> => {
  const last = new Map<string, Stored>()
  for (const { fields, kind, time } of entries) {
    if (kind !== "stored") continue
    const resource = textAt(fields, "resource") ?? ""
    last.set(resource, {
      resource, op: textAt(fields, "op") ?? "put", version: numberAt(fields, "version"), at: time
    })
  }
  if (proxy !== null) {
    const { at, isThere, resource } = proxy
    const isToldThere = (last.get(resource)?.op ?? "remove") !== "remove"
    if (isThere !== isToldThere) last.set(resource, { resource, op: isThere ? "put" : "remove", version: null, at })
  }
  return [...last.values()]
}

const streamIn = (entries: Entries): StreamState | null => {
  const last = lastOf(entries, "connected", "disconnected")
  if (last === undefined) return null
  return {
    openSince: lastOf(entries, "connected")?.time ?? null,
    endedAt: last.kind === "connected" ? null : last.time,
    reason: last.kind === "connected" ? null : textAt(last.fields, "reason"),
    instance: null
  }
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
      const count = listAt(fields, "names").length
      sent.set(typeUrl, {
        typeUrl, version, at: time, count, acked: null, answeredAfterMillis: null, message: null
      })
    } else if (before !== undefined && before.version === version) {
      sent.set(typeUrl, {
        ...before,
        acked: kind === "acked",
        answeredAfterMillis: Date.parse(time) - Date.parse(before.at),
        message: textAt(fields, "message")
      })
    }
  }
  return [...sent.values()]
}

const groupIn = (entries: Entries): string | null => {
  const told = entries.flatMap(({ fields }) =>
    textAt(fields, "observation", "look", "task", "group") ?? textAt(fields, "event", "detail", "group") ?? [])
  return told.findLast((group) => group !== "") ?? null
}

const notLive: Live = { standing: null, stream: null, proxy: null }

/** `journals`: what each says of this task and its role. `live`: what the store says of it now. */
export const tellStory = (taskId: string, journals: ReadonlyArray<JournalOfTask>, live: Live = notLive): Story => {
  const told = journals.flatMap((journal) => journal.entries)
    .filter(({ kind }) => kind !== "replica")
    .map(asItHappened)
    .toSorted((a, b) => a.time < b.time ? -1 : a.time > b.time ? 1 : 0)
  const entries = told.filter((entry) => !isPolicy(entry))
  // What its mesh was before it came is nothing that happened to it.
  const happened = momentsOf(told.slice(Math.max(0, told.findIndex((entry) => !isPolicy(entry)))))
  const lastRefusal = entries.findLastIndex(({ kind }) => kind === "refused")
  const connected = entries.findLastIndex(({ kind }) => kind === "connected")
  const damaged = journals.reduce((sum, journal) => sum + journal.damaged, 0)
  const torn = journals.reduce((sum, journal) => sum + journal.torn, 0)
  const sources = journals.map(sourceOf)
  const isTask = live.standing !== null || isTaskIn(entries, taskId)
  return {
    taskId,
    isTask,
    group: groupIn(entries),
    sources,
    asOf: journals.flatMap(({ until }) => until ?? []).toSorted().at(-1) ?? null,
    ended: live.standing === null ? endIn(entries) : null,
    seen: seenIn(entries),
    standing: live.standing ?? standingIn(entries),
    stored: storedIn(entries, live.proxy),
    stream: live.stream ?? streamIn(entries),
    sent: sentIn(entries),
    refused: lastRefusal > connected ? happened.findLast(({ what }) => what === "refused") ?? null : null,
    happened,
    notes: [
      ...(isTask && sources.every(({ leads }) => leads === false) && lastOf(entries, "decision") === undefined
        ? ["what is decided is in the journal of the replica that leads: ask it too (--address, once for each replica)"]
        : []),
      ...(entries.length === 0
        ? ["the journal has nothing of this task: it is older than the journal, or of another cluster"]
        : []),
      ...(damaged > 0
        ? [`${damaged} lines of the journal were altered or damaged and tell nothing here: ecs-mesh replay names them`]
        : []),
      ...(torn > 0
        ? [`a crash tore ${torn === 1 ? "a line" : `${torn} lines`} of the journal: what it said is lost`]
        : [])
    ]
  }
}
