/**
 * What was seen and decided of a task last, and how it ended. A look at what is gone says nothing of what was. Pure.
 */
import { hasEnded } from "../../controllers/lifecycle/TaskObservation.ts"
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import { at, listAt, numberAt, textAt } from "./fields.ts"
import { standingOf } from "./standingOf.ts"
import type { Ended, Seen, SeenDefinition, SeenRole, Standing } from "./Story.ts"

type Entries = ReadonlyArray<RecordedEntry>

const lookIn = ({ fields }: RecordedEntry): unknown => at(fields, "observation", "look")

const isEnd = (entry: RecordedEntry): boolean => {
  const task = at(lookIn(entry), "task")
  return task === null || hasEnded(textAt(task, "lastStatus") ?? "")
}

const meshTags = (tags: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(Object(tags)).flatMap(([name, value]) => name.startsWith("kuma.io/") ? [[name, String(value)]] : [])
  )

const roleIn = (look: unknown): SeenRole => ({
  arn: textAt(look, "task", "taskRoleArn"),
  status: textAt(look, "role", "status") ?? "none",
  tags: meshTags(at(look, "role", "role", "tags")),
  message: textAt(look, "role", "message")
})

const definitionIn = (look: unknown): SeenDefinition | null => {
  const arn = textAt(look, "definition", "arn")
  if (arn === null) return null
  return {
    arn,
    networkMode: textAt(look, "definition", "networkMode") ?? "",
    containers: listAt(look, "definition", "containers").map((container) => ({
      name: textAt(container, "name") ?? "",
      sidecar: at(container, "sidecar") !== null
    }))
  }
}

/** By the last look that saw it alive, if there was one: of what has ended ECS is asked no more what it was. */
export const seenIn = (entries: Entries): Seen | null => {
  const looks = entries.filter(({ kind }) => kind === "observation")
  const entry = looks.findLast((one) => !isEnd(one)) ?? looks.at(-1)
  if (entry === undefined) return null
  const look = lookIn(entry)
  return {
    time: entry.time,
    lastStatus: textAt(look, "task", "lastStatus"),
    desiredStatus: textAt(look, "task", "desiredStatus"),
    version: numberAt(look, "task", "version"),
    address: textAt(look, "task", "address") ?? textAt(look, "hostAddress") ?? textAt(look, "knownAddress"),
    definition: definitionIn(look),
    role: isEnd(entry) ? null : roleIn(look)
  }
}

const NOT_LIVING = ["gone", "ignored"]

/** By the last decision that was taken while it lived. One that was always left alone was decided upon so. */
export const standingIn = (entries: Entries): Standing | null => {
  const decisions = entries.filter(({ kind }) => kind === "decision")
  const entry = decisions.findLast(({ fields }) => !NOT_LIVING.includes(textAt(fields, "to") ?? "")) ?? decisions.at(-1)
  if (entry === undefined) return null
  const { fields, time } = entry
  const spec = at(fields, "task", "spec")
  return standingOf(time, { ...Object(spec), phase: at(fields, "to"), conditions: at(fields, "conditions") ?? [] })
}

const isStopEvent = ({ fields, kind }: RecordedEntry): boolean =>
  kind === "event" && hasEnded(textAt(fields, "event", "detail", "lastStatus") ?? "")

/** Null for one that lives, as far as was seen. */
export const endIn = (entries: Entries): Ended | null => {
  const first = entries.find((entry) => (entry.kind === "observation" && isEnd(entry)) || isStopEvent(entry))
  if (first === undefined) return null
  const stops = entries.map((entry) => at(lookIn(entry), "task", "stopped"))
  const told = (field: string): string | null => stops.flatMap((stop) => textAt(stop, field) ?? []).at(-1) ?? null
  const codes = entries.flatMap(({ fields }) => textAt(fields, "event", "detail", "stopCode") ?? [])
  return {
    at: told("at") ?? first.time,
    lastStatus: textAt(lookIn(first), "task", "lastStatus") ?? textAt(first.fields, "event", "detail", "lastStatus"),
    stopCode: told("code") ?? codes.at(-1) ?? null,
    stoppedReason: told("reason")
  }
}
