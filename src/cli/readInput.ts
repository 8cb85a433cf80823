/** A file's whole text, or standard input's: what a command line names with `-`. */
import { readFile } from "node:fs/promises"
import { text } from "node:stream/consumers"
import { Effect } from "effect"

/** The message says which file, and what the system said. */
export interface Unreadable {
  readonly message: string
}

/**
 * Standard input is read as a stream: a pipe may have nothing to say yet, and reading it at once then fails (EAGAIN).
 * It can be read once.
 */
export const readInput = (file: string): Effect.Effect<string, Unreadable> =>
  Effect.tryPromise({
    try: () => file === "-" ? text(process.stdin) : readFile(file, "utf8"),
    catch: (error) => ({ message: `can't read ${file}: ${error instanceof Error ? error.message : String(error)}` })
  })
