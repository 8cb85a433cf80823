/** A task's story, short, for somebody who was woken by it. Pure. */
import { plainText } from "../plainText.ts"
import type { Moment, Sent, Source, Story } from "./Story.ts"

const clock = (time: string): string => time.slice(11, 23)
const day = (time: string): string => time.slice(0, 10)

const line = (what: string, text: string): string => `  ${what.padEnd(12)}${text}`

const renderSource = ({ entries, from, instance, leads }: Source): string => {
  const role = leads === null ? "" : leads ? ", which leads" : ", which doesn't lead now"
  return line("journal", `of ${instance ?? "an unknown replica"}${role} (${from}, ${entries} entries)`)
}

const renderSent = ({ answer, names, time, type, version }: Sent): string => {
  const said = answer === null
    ? "no answer yet"
    : `${answer.kind} after ${answer.afterMillis} ms${answer.message === null ? "" : `: ${answer.message}`}`
  const what = `${type.padEnd(22)} ${String(names).padStart(3)} sent ${clock(time)}`
  return line("", `${what}  ${version.slice(0, 12).padEnd(12)}  ${said}`)
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

/** `all`: however much happened. */
export const renderStory = (story: Story, all: boolean): string => {
  const { group, happened, notes, refused, seen, sent, sources, standing, stored, stream, taskId } = story
  return [
    `task ${taskId}${group === null ? "" : ` (${group})`}`,
    ...sources.map(renderSource),
    ...notes.map((note) => line("note", note)),
    "",
    "Now",
    ...(seen === null ? [line("seen", "nobody looked at it")] : [
      line("seen", `${seen.task} at ${clock(seen.time)}${seen.address === null ? "" : `, reached at ${seen.address}`}`),
      ...(seen.definition === null ? [] : [line("runs", seen.definition)]),
      ...(seen.role === null ? [] : [line("role", seen.role)])
    ]),
    ...(standing === null ? [] : [
      line("decided", `${[standing.phase, standing.proxy ?? []].flat().join(", ")} at ${clock(standing.time)}`),
      ...standing.conditions.map(({ message, reason, status, type }) =>
        line("", `${type.padEnd(18)} ${status.padEnd(8)} ${reason}: ${message}`))
    ]),
    ...stored.map((text, index) => line(index === 0 ? "stored" : "", text)),
    ...(refused === null ? [] : [line("refused", `${clock(refused.time)} ${refused.text}${repeated(refused)}`)]),
    line("stream", stream ?? "none: its sidecar hasn't connected here"),
    ...(sent.length === 0 ? [] : [line("sent", "")]),
    ...sent.map(renderSent),
    "",
    "What happened",
    ...(happened.length === 0 ? ["  nothing that the journal tells"] : renderHappened(happened, all)),
    ""
  ].map(plainText).join("\n")
}
