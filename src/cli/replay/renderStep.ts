/** A step of a replay for people and for programs. Pure. */
import type { Difference } from "../../controllers/replay/differences.ts"
import type { Step } from "../../controllers/replay/Step.ts"
import { plainText } from "../plainText.ts"

/** Values that say more than their beginning are rare, and a template's text is one. */
const LONGEST = 100

const shown = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text
}

const renderChange = ({ after, before, field }: Difference): string => {
  if (before === undefined) return `+ ${field}: ${shown(after)}`
  if (after === undefined) return `- ${field}: ${shown(before)}`
  return `~ ${field}: ${shown(before)} -> ${shown(after)}`
}

/** The whole resource's name, where it comes or goes as a whole. */
const nameIn = (changes: ReadonlyArray<Difference>, side: "before" | "after"): string => {
  const part = (name: string): string => String(changes.find(({ field }) => field === name)?.[side] ?? "")
  return `${part("type")}/${part("mesh")}/${part("name")}`
}

/** One that goes leaves no field worth telling; of one that comes, what it says is told, and not its labels. */
const renderChanges = (changes: ReadonlyArray<Difference>): ReadonlyArray<string> => {
  const type = changes.find(({ field }) => field === "type")
  if (type === undefined) return changes.map(renderChange)
  if (type.after === undefined) return [`- ${nameIn(changes, "before")}`]
  const told = changes.filter(({ field }) => field.startsWith("spec"))
  return [`+ ${nameIn(changes, "after")}`, ...told.map(renderChange)]
}

const MARGIN = " ".repeat(22)

const head = (seq: number | null, time: string | null, key: string): string =>
  `${`#${seq ?? "?"}`.padEnd(7)} ${(time ?? "").slice(11, 23).padEnd(13)} ${key}`

/** What was recorded and what today's code makes of it. */
export const renderDifference = (difference: Extract<Step, { _tag: "Difference" }>): string =>
  plainText(differenceText(difference))

const differenceText = (difference: Extract<Step, { _tag: "Difference" }>): string => {
  const { field, key, kind, place, recorded, replayed, seq } = difference
  const what = `${place}: ${kind}${seq === null ? "" : ` ${seq}`}${key === "" ? "" : ` of ${key}`}`
  if (field === "sum" || field === "seq") return `${what}: ${String(replayed)}`
  const name = field === "" ? "it" : field
  return `${what}: ${name} was recorded as ${shown(recorded)}, and today's code has ${shown(replayed)}`
}

const linesOf = (step: Step): ReadonlyArray<string> => {
  switch (step._tag) {
    case "Event":
      return [head(step.seq, step.time, step.key), `${MARGIN}event: ${step.what}`]
    case "Decision":
      return [
        head(step.seq, step.time, step.key),
        `${MARGIN}${step.from ?? "new"} -> ${step.to}`,
        ...(step.why === "" ? [] : [`${MARGIN}because ${step.why}`]),
        ...renderChanges(step.changes).map((change) => `${MARGIN}  ${change}`)
      ]
    case "Note":
      return [`${"".padEnd(8)}note: ${step.text} (${step.place})`]
    case "Difference":
      return [`${"".padEnd(8)}DIFFERENT ${differenceText(step)}`]
  }
}

export const renderStep = (step: Step): string => linesOf(step).map(plainText).join("\n")

const stepNames = { Event: "event", Decision: "decision", Note: "note", Difference: "difference" } as const

/** One line of JSON. What isn't there on one side is left out. */
export const stepAsJson = ({ _tag, ...rest }: Step): string =>
  plainText(JSON.stringify({ step: stepNames[_tag], ...rest }))
