/** `GET /journal?key=KEY&since=TIME`: this replica's journal as JSON lines. Who may was judged before. */
import { Effect } from "effect"
import { JournalExport } from "../../model/Journal.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import { invalid, type Refusal, tooMany } from "./Refusal.ts"

/** Each reads up to the whole journal from disk. */
const AT_ONCE = 4

let running = 0

/** Counts as running from its first piece to its last, or until its reader goes. */
async function* counted(lines: AsyncIterable<string>): AsyncGenerator<string> {
  running += 1
  try {
    yield* lines
  } finally {
    running -= 1
  }
}

const readSince = (text: string | null): Effect.Effect<number | null, Refusal> => {
  if (text === null || text === "") return Effect.succeed(null)
  const since = Date.parse(text)
  return Number.isNaN(since)
    ? Effect.fail(invalid("Could not export the journal", [
        { field: "since", message: "must be a time like 2025-01-31T12:00:00Z" }
      ]))
    : Effect.succeed(since)
}

export const exportJournal = Effect.fnUntraced(function*({ query }: ApiRequest) {
  const since = yield* readSince(query.get("since"))
  if (running >= AT_ONCE) return yield* tooMany("exports of the journal")
  const journal = yield* JournalExport
  const keys = query.getAll("key").filter((key) => key !== "")
  return { status: 200, lines: counted(yield* journal.read({ keys, since })) } satisfies ApiResponse
})
