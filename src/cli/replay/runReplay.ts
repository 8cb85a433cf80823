/**
 * `ecs-mesh replay FILE...`: what was recorded, step by step, through today's code. Receives texts, prints steps, and
 * answers how the program shall end; it asks no AWS, no store and no operator.
 */
import { Schema } from "effect"
import { foldEvents } from "../../controllers/replay/foldEvents.ts"
import { foldJournal, type FoldOptions } from "../../controllers/replay/foldJournal.ts"
import { type Known, knownFrom, nothingKnown } from "../../controllers/replay/Known.ts"
import type { Step } from "../../controllers/replay/Step.ts"
import { type NamedText, readReplayFiles } from "./readReplayFiles.ts"
import { renderDifference, renderStep, stepAsJson } from "./renderStep.ts"
import { counted, Tally } from "./Tally.ts"

/** Nothing can be replayed of what was given; the message says what to give instead. */
export class ReplayRefused extends Schema.TaggedError<ReplayRefused>()("ReplayRefused", { message: Schema.String }) {}

export interface ReplayOptions extends FoldOptions {
  readonly files: ReadonlyArray<NamedText>
  /** Journals that saw what raw events don't tell. */
  readonly known: ReadonlyArray<NamedText>
  readonly json: boolean
}

export interface ReplayOutput {
  readonly print: (text: string) => void
  /** Comes back when the next step shall be shown; false ends the replay. */
  readonly next: () => Promise<boolean>
}

interface Replay {
  readonly steps: Iterable<Step>
  /** What to say where there was no difference. */
  readonly end: () => string
  /** Why there was nothing to replay; null where there was something. */
  readonly nothing: () => string | null
}

const knownIn = (files: ReadonlyArray<NamedText>): Known => {
  if (files.length === 0) return nothingKnown
  const journal = readReplayFiles(files)
  if (journal._tag !== "Journal") {
    throw new ReplayRefused({ message: `--known takes a journal: ${files.map(({ name }) => name).join(", ")} is none` })
  }
  return knownFrom(journal.lines())
}

const open = ({ files, known, ...options }: ReplayOptions, tally: Tally): Replay => {
  const read = readReplayFiles(files)
  switch (read._tag) {
    case "Neither":
      throw new ReplayRefused({ message: read.problem })
    case "Journal":
      return {
        steps: foldJournal(tally.watch(read.lines(), options), options),
        end: () => tally.end(),
        nothing: () => tally.nothing(options)
      }
    case "Events":
      return {
        steps: foldEvents(read.events, knownIn(known), options),
        end: () =>
          `${counted(tally.events, "event")}, ${counted(tally.decisions, "decision")} as far as events tell; ` +
          "nothing was compared",
        nothing: () => tally.events > 0 ? null : noEvent(options)
      }
  }
}

const noEvent = ({ key, until }: FoldOptions): string => {
  const which = [...(key === undefined ? [] : [`of the key ${key}`]), ...(until === undefined ? [] : ["before --until"])]
  return `nothing to replay: no event ${[...which, "wakes the operator"].join(" ")}`
}

/** A value can be nested deeper than any program that walks through it can go: nobody's event or entry is. */
const beyondUs = (error: unknown): unknown =>
  error instanceof RangeError
    ? new ReplayRefused({ message: `a value in what is to be replayed is too deep or too large (${error.message})` })
    : error

/** 0 where nothing differs, 1 where something does. Throws `ReplayRefused`. */
export const runReplay = async (options: ReplayOptions, output: ReplayOutput): Promise<0 | 1> => {
  try {
    return await replayAll(options, output)
  } catch (error) {
    throw beyondUs(error)
  }
}

const replayAll = async (options: ReplayOptions, { next, print }: ReplayOutput): Promise<0 | 1> => {
  const tally = new Tally()
  const { end, nothing, steps } = open(options, tally)
  for (const step of steps) {
    print(options.json ? stepAsJson(step) : renderStep(step))
    if (step._tag === "Difference") {
      if (!options.json) print(`\nThe first difference: ${renderDifference(step)}`)
      return 1
    }
    if (step._tag === "Event") tally.events += 1
    if (step._tag === "Decision") tally.decisions += 1
    if (!(await next())) return 0
  }
  const problem = nothing()
  if (problem !== null) throw new ReplayRefused({ message: problem })
  const { decisions, events } = tally
  print(options.json ? JSON.stringify({ step: "end", events, decisions }) : `\n${end()}`)
  return 0
}
