/** A journal's entries of one task -> what happened, in the order of time, with what repeats told once. Pure. */
import { differences } from "../../controllers/replay/differences.ts"
import { resourceOf } from "../../controllers/replay/foldJournal.ts"
import { LAST_RESORT_LABEL } from "../../model/dataplaneLabels.ts"
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import { at, listAt, numberAt, textAt } from "./fields.ts"
import { isPolicy } from "./policies.ts"
import type { Moment } from "./Story.ts"

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster` is `Cluster`. */
export const shortType = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf(".") + 1)

const event = ({ fields, key }: RecordedEntry): string => {
  const detail = at(fields, "event", "detail")
  const name = textAt(detail, "eventName")
  const replay = textAt(fields, "event", "replay-name")
  const again = replay === null ? "" : `, repeated by the replay ${replay}`
  if (name !== null) return `${name} of ${key}${again}`
  const stopCode = textAt(detail, "stopCode")
  return `ECS says ${textAt(detail, "lastStatus")}, desired ${textAt(detail, "desiredStatus")} ` +
    `(version ${String(at(detail, "version"))}${stopCode === null ? "" : `, ${stopCode}`}${again})`
}

const MOST_CHANGES = 3

/** Told by the decision's reason, in words. */
const isReadiness = (field: string): boolean => /inbound\[\d+\]\.(state|health\.ready)$/.test(field)

const changeText = (field: string, before: unknown, after: unknown): string => {
  if (field.includes(LAST_RESORT_LABEL)) {
    return after === undefined
      ? "no longer kept as last resort"
      : "kept as last resort while no other task of the service is ready"
  }
  return `${field} ${JSON.stringify(before)} -> ${JSON.stringify(after)}`
}

const decision = ({ fields }: RecordedEntry, observation: RecordedEntry | null): string => {
  const from = textAt(fields, "from")
  const to = textAt(fields, "to")
  if (from !== to) return `${from ?? "new"} -> ${to}: ${textAt(fields, "why")}`
  const changes = differences(
    resourceOf(at(observation?.fields, "observation", "stored")),
    resourceOf(at(fields, "desired"))
  ).flatMap(({ after, before, field }) => isReadiness(field) ? [] : [changeText(field, before, after)])
  const more = changes.length > MOST_CHANGES ? ` and ${changes.length - MOST_CHANGES} more` : ""
  return changes.length === 0
    ? `stays ${to}: ${textAt(fields, "why")}`
    : `stays ${to}: ${textAt(fields, "why")}; ${changes.slice(0, MOST_CHANGES).join(", ")}${more}`
}

const stored = ({ fields }: RecordedEntry): string => {
  const resource = textAt(fields, "resource") ?? ""
  const type = resource.slice(0, resource.indexOf("/"))
  return textAt(fields, "op") === "remove" ? `${type} removed` : `${type} v${String(at(fields, "version"))}`
}

/** What somebody changed in the mesh, and who. */
const changed = ({ fields, key }: RecordedEntry): string => {
  const by = textAt(fields, "by")
  const what = textAt(fields, "op") === "remove" ? "removed" : `written (v${String(at(fields, "version"))})`
  return `${key} ${what}${by === null ? "" : ` by ${by}`}`
}

/** An entry may stand for several that were alike. */
const moment = ({ fields, time }: RecordedEntry, what: string, text: string): Moment =>
  ({ time, what, text, times: numberAt(fields, "times") ?? 1 })

const momentOf = (entry: RecordedEntry, observation: RecordedEntry | null): Moment | null => {
  const { fields, kind } = entry
  const type = shortType(textAt(fields, "typeUrl") ?? "")
  switch (kind) {
    case "event":
      return moment(entry, "seen", event(entry))
    case "decision":
      return moment(entry, "decided", decision(entry, observation))
    case "stored":
      return isPolicy(entry) ? moment(entry, "changed", changed(entry)) : moment(entry, "stored", stored(entry))
    case "connected":
      return moment(entry, "stream", "opened")
    case "disconnected":
      return moment(entry, "stream", `ended: ${textAt(fields, "reason")}`)
    case "refused": {
      const [door, reason, message] = ["door", "reason", "message"].map((name) => textAt(fields, name))
      return moment(entry, "refused", `at ${door}: ${reason}: ${message}`)
    }
    case "pushed": {
      const names = listAt(fields, "names").length
      return moment(entry, "sent", names > 1 ? `${names} ${type}s` : type)
    }
    case "nacked":
      return moment(entry, "NACKed", `${type}: ${textAt(fields, "message")}`)
    default:
      return null
  }
}

/** What is one thing for people though it has several entries. */
const JOINED = ["stored", "sent"]

const joined = (last: Moment, next: Moment): Moment | null => {
  if (last.what !== next.what) return null
  if (last.text === next.text) return { ...last, times: last.times + next.times }
  if (!JOINED.includes(next.what)) return null
  const parts = last.text.split(", ")
  return parts.includes(next.text) ? last : { ...last, text: [...parts, next.text].join(", ") }
}

/** `entries`: of one task, in the order of their time. */
export const momentsOf = (entries: ReadonlyArray<RecordedEntry>): ReadonlyArray<Moment> => {
  const moments: Array<Moment> = []
  let observation: RecordedEntry | null = null
  for (const entry of entries) {
    if (entry.kind === "observation") observation = entry
    const next = momentOf(entry, observation)
    if (next === null) continue
    const last = moments.at(-1)
    const one = last === undefined ? null : joined(last, next)
    if (one === null) moments.push(next)
    else moments[moments.length - 1] = one
  }
  return moments
}
