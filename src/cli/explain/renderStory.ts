/** A task's story, short, for somebody who was woken by it. Pure. */
import { Predicate } from "effect"
import { lastPart } from "../../controllers/arn.ts"
import { plainText } from "../plainText.ts"
import { shortType } from "./momentsOf.ts"
import type {
  Ended,
  Moment,
  Seen,
  SeenDefinition,
  SeenRole,
  Sent,
  Source,
  Stored,
  Story,
  StreamState
} from "./Story.ts"
import { toldOnce } from "./toldOnce.ts"

const clock = (time: string): string => time.slice(11, 23)
const day = (time: string): string => time.slice(0, 10)

const line = (what: string, text: string): string => `  ${what.padEnd(12)}${text}`

const renderSource = ({ entries, from, instance, leads }: Source): string => {
  const role = leads === null ? "" : leads ? ", which leads" : ", which doesn't lead now"
  return line("journal", `of ${instance ?? "an unknown replica"}${role} (${from}, ${entries} entries)`)
}

const minute = (time: string): string => `${day(time)} ${clock(time)}`

const renderEnd = ({ at, lastStatus, stopCode, stoppedReason }: Ended): string => {
  const why = [stopCode, stoppedReason].filter(Predicate.isString).join(": ")
  const told = lastStatus === null ? "ECS doesn't know it any more" : `ECS says ${lastStatus}`
  return line("has ended", `${minute(at)}, ${why === "" ? told : why}`)
}

const taskText = ({ desiredStatus, lastStatus, version }: Seen): string =>
  lastStatus === null ? "ECS doesn't know it" : `${lastStatus}, desired ${desiredStatus} (version ${version})`

const definitionText = ({ arn, containers, networkMode }: SeenDefinition): string =>
  `${lastPart(arn)}, ${networkMode}: ` +
  containers.map(({ name, sidecar }) => sidecar ? `${name} (the sidecar)` : name).join(", ")

const roleText = ({ arn, message, status, tags }: SeenRole): string => {
  if (arn === null) return "none"
  if (status !== "read" && status !== "remembered") {
    return `${arn} (${status}${message === null ? "" : `: ${message}`})`
  }
  const text = Object.entries(tags).map(([name, value]) => `${name}=${value}`).join(" ")
  return `${arn} (${text === "" ? "no tag of the mesh" : text}${status === "read" ? "" : "; IAM doesn't answer now"})`
}

const renderSeen = (seen: Seen): ReadonlyArray<string> => [
  line("seen", `${taskText(seen)} at ${clock(seen.time)}${seen.address === null ? "" : `, reached at ${seen.address}`}`),
  ...(seen.definition === null ? [] : [line("runs", definitionText(seen.definition))]),
  ...(seen.role === null ? [] : [line("role", roleText(seen.role))])
]

const storedText = ({ at, op, resource, version }: Stored): string => {
  const time = at === null ? "" : ` ${at}`
  // Somebody else's doing, another replica's say.
  if (version === null) return `${resource}${op === "remove" ? " removed" : ""}${time}, which this journal doesn't tell`
  return `${resource} ${op === "remove" ? "removed" : `v${version}`}${time}`
}

const streamText = ({ endedAt, instance, openSince, reason }: StreamState): string => {
  const where = instance === null ? "" : ` at ${instance}`
  return endedAt === null
    ? `open since ${openSince}${where}`
    : `ended ${endedAt}${where}${reason === null ? "" : `: ${reason}`}`
}

const sentRow = (type: string, count: string, at: string, version: string, answer: string): string =>
  `${type.padEnd(22)} ${count.padStart(9)}  ${at.padEnd(12)}  ${version.slice(0, 12).padEnd(12)}  ${answer}`

const renderSent = ({ acked, answeredAfterMillis, at, count, message, typeUrl, version }: Sent): string => {
  const said = acked === null
    ? "no answer yet"
    : `${acked ? "ACKed" : "NACKed"} after ${answeredAfterMillis} ms${message === null ? "" : `: ${message}`}`
  // A stream that comes again is sent nothing of what its proxy has already.
  return line("", sentRow(shortType(typeUrl), count === 0 ? "as before" : String(count), clock(at), version, said))
}

const repeated = ({ times }: Moment): string => times > 1 ? ` (${times} times)` : ""

const renderMoment = (moment: Moment): string =>
  `  ${clock(moment.time)}  ${moment.what.padEnd(8)} ${moment.text}${repeated(moment)}`

/** Beyond this the beginning is left out. */
const MOST_MOMENTS = 40

const renderHappened = (happened: ReadonlyArray<Moment>, all: boolean): ReadonlyArray<string> => {
  const shown = all ? happened : happened.slice(-MOST_MOMENTS)
  let today = ""
  return [
    ...(shown.length < happened.length ? [`  ... ${happened.length - shown.length} before that (--all)`] : []),
    ...shown.flatMap((moment) => {
      const isNew = day(moment.time) !== today
      today = day(moment.time)
      return isNew ? [`  ${today}`, renderMoment(moment)] : [renderMoment(moment)]
    })
  ]
}

const heading = ({ asOf, ended }: Story): string => {
  if (ended !== null) return "While it lived"
  return asOf === null ? "Now" : `As of the journal's last line at ${minute(asOf)}`
}

/** `all`: however much happened. */
export const renderStory = (story: Story, all: boolean): string => {
  const { ended, group, happened, isTask, notes, refused, seen, sent, sources, standing, stored, stream } = story
  const noStream = `none: ${isTask ? "its sidecar" : "it"} hasn't connected here`
  return [
    `${isTask ? "task" : "proxy"} ${story.taskId}${group === null ? "" : ` (${group})`}`,
    ...(ended === null ? [] : [renderEnd(ended)]),
    ...sources.map(renderSource),
    ...notes.map((note) => line("note", note)),
    "",
    heading(story),
    ...(seen !== null ? renderSeen(seen) : isTask ? [line("seen", "nobody looked at it")] : []),
    ...(standing === null ? [] : [
      line("decided", `${[standing.phase, standing.proxy ?? []].flat().join(", ")} at ${clock(standing.time)}`),
      ...standing.conditions.map(({ message, reason, status, type }) =>
        line("", `${type.padEnd(18)} ${status.padEnd(8)} ${reason}: ${message}`))
    ]),
    ...stored.map((one, index) => line(index === 0 ? "stored" : "", storedText(one))),
    ...(refused === null ? [] : [line("refused", `${clock(refused.time)} ${refused.text}${repeated(refused)}`)]),
    line("stream", stream === null ? noStream : streamText(stream)),
    ...(sent.length === 0 ? [] : [line("sent", sentRow("type", "sent last", "at", "version", "answer"))]),
    ...sent.map(renderSent),
    "",
    "What happened",
    ...(happened.length === 0 ? ["  nothing that the journal tells"] : renderHappened(happened, all)),
    ""
  ].map(plainText).map(toldOnce()).join("\n")
}
