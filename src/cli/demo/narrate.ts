/** One line of the live view for a line of the journal, or null where it tells nothing new. */
import { type JournalLine, shortType } from "./JournalLine.ts"
import type { TaskNames } from "./TaskNames.ts"

const clock = (time: string): string => time.slice(11, 23)

const line = (time: string, what: string, who: string, text: string): string =>
  `${clock(time)}  ${what.padEnd(9)} ${who.padEnd(18)} ${text}`

const taskChange = (detail: Readonly<Record<string, unknown>>): string =>
  `ECS says ${detail["lastStatus"]}, desired ${detail["desiredStatus"]} (version ${detail["version"]})`

/** What a phase says by itself; the others need their reason. */
const MEANINGS: Readonly<Record<string, string>> = {
  registered: "its role allows it",
  draining: "ECS wants it stopped",
  gone: "it has stopped"
}

const meaning = (from: string | null, to: string): string | undefined =>
  from === "registered" && to === "draining" ? `${MEANINGS[to]}, so it gets no new traffic` : MEANINGS[to]

const pushed = ({ names, removed = [], removedCount }: Extract<JournalLine, { kind: "pushed" }>): string => {
  const listed = removedCount === undefined ? removed : [...removed, `${removedCount - removed.length} more`]
  const parts = [names.join(", "), listed.length === 0 ? "" : `without ${listed.join(", ")}`].filter((part) => part !== "")
  return parts.length === 0 ? "as before" : parts.join(", ")
}

export const narrate = (entry: JournalLine, names: TaskNames): string | null => {
  const who = names.ofKey(entry.key)
  switch (entry.kind) {
    case "event":
      if (entry.event === undefined) return null
      return line(
        entry.time,
        "event",
        who,
        entry.detailType === "ECS Task State Change"
          ? taskChange(entry.event.detail)
          : `${entry.event.detail["eventName"]} (${entry.detailType})`
      )
    case "observation":
      return null
    case "decision": {
      if (entry.from === entry.to) return null
      const why = meaning(entry.from, entry.to) ?? entry.why
      return line(entry.time, "decision", who, `${entry.from ?? "new"} -> ${entry.to}: ${why}`)
    }
    case "stored": {
      if (entry.resource.startsWith("EcsTask/")) return null
      const what = who === entry.resource ? "" : `${entry.resource} `
      return line(entry.time, entry.op === "put" ? "stored" : "removed", who, `${what}v${entry.version}`)
    }
    case "pushed":
      return line(entry.time, "pushed", who, `${shortType(entry.typeUrl)} ${pushed(entry)}`)
    case "acked":
      return null
    case "nacked":
      return line(entry.time, "NACKED", who, `${shortType(entry.typeUrl)}: ${entry.message}`)
    case "connected":
      return line(entry.time, "connected", who, "its Envoy opened its stream")
    case "disconnected":
      return line(entry.time, "left", who, entry.reason)
    case "refused":
      return line(entry.time, "REFUSED", who, `${entry.reason}: ${entry.message}`)
  }
}
