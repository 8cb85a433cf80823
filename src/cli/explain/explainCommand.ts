/**
 * `ecs-mesh explain TASK`: what the replicas of a living operator, or the journals that one left, tell of a task.
 * Receives who to ask or what to read, prints a story, decides nothing.
 */
import { Console, Effect } from "effect"
import { lastPart } from "../../controllers/arn.ts"
import { type ReadLine, type RecordedEntry, readLines } from "../../controllers/replay/readLines.ts"
import { plainLines } from "../plainText.ts"
import { readInput } from "../readInput.ts"
import { linesOf, type NamedText, readReplayFiles } from "../replay/readReplayFiles.ts"
import { askJournal, askLive, askTasks, NotExplained } from "./askOperator.ts"
import { findTask, readAsked, roleKeyIn } from "./findTask.ts"
import type { JournalOfTask } from "./JournalOfTask.ts"
import { isPolicy, isPolicyOf, meshIn, policyKeys } from "./policies.ts"
import { proxyKeyIn } from "./proxyKeyIn.ts"
import { renderStory } from "./renderStory.ts"
import { tellStory } from "./tellStory.ts"

export interface ExplainArguments {
  readonly task: string
  /** Of the replicas' APIs. */
  readonly addresses: ReadonlyArray<string>
  /** Files to read instead. */
  readonly journals: ReadonlyArray<string>
  readonly all: boolean
  readonly json: boolean
}

const DEFAULT_ADDRESS = "http://127.0.0.1:5681"

/** A journal before it is known which task is meant. */
interface Read {
  readonly from: string
  readonly instance: string | null
  readonly entries: ReadonlyArray<RecordedEntry>
  readonly damaged: number
  readonly torn: number
  /** The time of its last line; null where its replica lives and answered. */
  readonly until: string | null
}

/** `keep`: a file may hold much more than is asked about. */
const collect = (
  { from, instance }: Pick<Read, "from" | "instance">,
  lines: Iterable<ReadLine>,
  keep: (entry: RecordedEntry) => boolean
): Read => {
  const entries: Array<RecordedEntry> = []
  let damaged = 0
  let torn = 0
  let until: string | null = null
  for (const line of lines) {
    if (line._tag === "Damaged") damaged += 1
    if (line._tag === "Torn") torn += 1
    if (line._tag === "Entry") until = line.entry.time
    if (line._tag === "Entry" && keep(line.entry)) entries.push(line.entry)
  }
  return { from, instance, entries, damaged, torn, until }
}

const isReplica = ({ kind }: RecordedEntry): boolean => kind === "replica"

/** A beginning may fit several tasks, and a role's events are asked for by its key. */
const ofTask = (read: Read, taskId: string, roleKey: string | null, mesh: string | null): JournalOfTask => {
  const isOfMesh = mesh === null ? () => false : isPolicyOf(mesh)
  const isAbout = (entry: RecordedEntry): boolean => {
    if (isReplica(entry) || entry.key === roleKey) return true
    if (isPolicy(entry)) return isOfMesh(entry)
    return !entry.key.startsWith("role/") && lastPart(entry.key) === taskId
  }
  return { ...read, entries: read.entries.filter(isAbout) }
}

const linesIn = (name: string, text: string): Iterable<ReadLine> => readLines(linesOf({ name, text }))

const readAt = (address: string, ...keys: ReadonlyArray<string>) =>
  Effect.map(askJournal(address, keys), ({ instance, text }) =>
    ({ ...collect({ from: address, instance }, linesIn(address, text), () => true), until: null }))

/** The id, or its beginning. */
const wantedOf = (task: string): Effect.Effect<string, NotExplained> => {
  const asked = readAsked(task)
  return "problem" in asked ? Effect.fail(new NotExplained({ message: asked.problem })) : Effect.succeed(asked.id)
}

const explainLive = Effect.fnUntraced(function*(task: string, addresses: ReadonlyArray<string>) {
  const [first = DEFAULT_ADDRESS] = addresses
  const wanted = yield* wantedOf(task)
  const reads = yield* Effect.forEach(addresses, (address) => readAt(address, wanted))
  const found = findTask(task, reads.flatMap(({ entries }) => entries), yield* askTasks(first, wanted))
  if ("problem" in found) return yield* new NotExplained({ message: found.problem })
  const { taskId } = found
  const own = reads.flatMap((read) => ofTask(read, taskId, null, null).entries)
  const roleKey = roleKeyIn(own)
  const mesh = meshIn(own)
  const asked = [...(roleKey === null ? [] : [roleKey]), ...(mesh === null ? [] : policyKeys(mesh))]
  const journals = yield* Effect.forEach(reads, (read) =>
    Effect.gen(function*() {
      const around = asked.length === 0 ? [] : (yield* readAt(read.from, ...asked)).entries
      const more = around.filter((entry) => entry.key === roleKey || isPolicy(entry))
      const entries = [...read.entries.filter((entry) => !isPolicy(entry)), ...more].toSorted((a, b) => a.seq - b.seq)
      return ofTask({ ...read, entries }, taskId, roleKey, mesh)
    }))
  return tellStory(taskId, journals, yield* askLive(first, taskId, proxyKeyIn(own)))
})

const readFile = (name: string): Effect.Effect<NamedText, NotExplained> =>
  readInput(name).pipe(
    Effect.map((text) => ({ name, text })),
    Effect.mapError(({ message }) => new NotExplained({ message }))
  )

const explainFiles = Effect.fnUntraced(function*(task: string, files: ReadonlyArray<string>) {
  const journal = readReplayFiles(yield* Effect.forEach(files, readFile))
  if (journal._tag !== "Journal") {
    return yield* new NotExplained({ message: `--journal takes an operator's journal: ${files.join(", ")} is none` })
  }
  const wanted = yield* wantedOf(task)
  const isWanted = (entry: RecordedEntry): boolean =>
    isReplica(entry) || entry.key.startsWith("role/") || isPolicy(entry) || lastPart(entry.key).startsWith(wanted)
  const read = collect({ from: files.join(", "), instance: null }, journal.lines(), isWanted)
  const found = findTask(task, read.entries, null)
  if ("problem" in found) return yield* new NotExplained({ message: found.problem })
  const own = ofTask(read, found.taskId, null, null).entries
  return tellStory(found.taskId, [ofTask(read, found.taskId, roleKeyIn(own), meshIn(own))])
})

/** What is told of the task by whoever is named. */
export const storyOf = Effect.fn("explain.storyOf")(function*(
  { addresses, journals, task }: Pick<ExplainArguments, "addresses" | "journals" | "task">
) {
  if (addresses.length > 0 && journals.length > 0) {
    return yield* new NotExplained({
      message: "--address asks a living operator, --journal reads what one left: give one of them"
    })
  }
  return journals.length > 0
    ? yield* explainFiles(task, journals)
    : yield* explainLive(task, addresses.length === 0 ? [DEFAULT_ADDRESS] : addresses)
})

export const explainCommand = Effect.fn("explain")(function*({ all, json, ...asked }: ExplainArguments) {
  const story = yield* storyOf(asked)
  yield* Console.log(json ? plainLines(JSON.stringify(story, null, 2)) : renderStory(story, all))
})
