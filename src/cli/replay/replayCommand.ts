/** The command line around `runReplay`: files and standard input, a terminal to step through, how the program ends. */
import { basename } from "node:path"
import { createInterface } from "node:readline"
import { Effect } from "effect"
import { redact } from "../../cp/auth/redact.ts"
import { readInput } from "../readInput.ts"
import type { NamedText } from "./readReplayFiles.ts"
import { readUntil } from "./readUntil.ts"
import { type ReplayOptions, ReplayRefused, runReplay } from "./runReplay.ts"

export interface ReplayArguments {
  readonly files: ReadonlyArray<string>
  readonly known: ReadonlyArray<string>
  readonly until: string | null
  readonly key: string | null
  readonly json: boolean
  readonly step: boolean
}

const readText = (file: string): Effect.Effect<NamedText, ReplayRefused> =>
  readInput(file).pipe(
    Effect.map((text) => ({ name: file === "-" ? "standard input" : basename(file), text })),
    Effect.mapError(({ message }) => new ReplayRefused({ message }))
  )

const untilOf = (text: string | null): Effect.Effect<Pick<ReplayOptions, "until">, ReplayRefused> => {
  if (text === null) return Effect.succeed({})
  const until = readUntil(text)
  return until === null
    ? Effect.fail(
      new ReplayRefused({
        message: `--until takes a seq of the journal, a time like 2025-01-31T12:00:00Z, or a date (UTC), not ${text}`
      })
    )
    : Effect.succeed({ until })
}

/** Enter shows the next step, a number that many, q ends it. */
const stepper = (): { readonly next: () => Promise<boolean>; readonly close: () => void } => {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answers = terminal[Symbol.asyncIterator]()
  let ahead = 0
  return {
    next: async () => {
      if (ahead > 0) {
        ahead -= 1
        return true
      }
      process.stderr.write("Enter: next, a number: so many, q: end > ")
      const { done, value } = await answers.next()
      if (done === true || value.trim().startsWith("q")) return false
      ahead = Math.max(0, (Number(value) || 1) - 1)
      return true
    },
    close: () => terminal.close()
  }
}

const straight = { next: async () => true, close: () => {} }

/** Ends with 1 at a difference. */
export const replayCommand = Effect.fn("replay")(function*({ files, json, key, known, step, until }: ReplayArguments) {
  if ([...files, ...known].filter((file) => file === "-").length > 1) {
    return yield* new ReplayRefused({ message: "- is standard input, which can be read once: give the other as a file" })
  }
  const options: ReplayOptions = {
    files: yield* Effect.forEach(files, readText),
    known: yield* Effect.forEach(known, readText),
    json,
    guard: redact,
    ...(yield* untilOf(until)),
    ...(key === null ? {} : { key })
  }
  if (step && !process.stdin.isTTY) {
    console.error("ecs-mesh: --step needs a terminal to wait at: all steps follow at once")
  }
  const { close, next } = step && process.stdin.isTTY ? stepper() : straight
  // Who reads no further, as `head` does, isn't an error.
  process.stdout.on("error", () => process.exit())
  process.exitCode = yield* Effect.tryPromise({
    try: () => runReplay(options, { next, print: (text) => console.log(text) }),
    catch: (error) => error
  }).pipe(
    Effect.catch((error) => error instanceof ReplayRefused ? Effect.fail(error) : Effect.die(error)),
    Effect.ensuring(Effect.sync(close))
  )
})
