/** `GET /journal?key=KEY&since=TIME`: this replica's journal as JSON lines. Who may was judged before. */
import { Effect } from "effect"
import { JournalExport } from "../../model/Journal.ts"
import type { ApiRequest, ApiResponse } from "./ApiRequest.ts"
import type { ExportPlaces } from "./ExportPlaces.ts"
import { invalid, type Refusal, tooMany } from "./Refusal.ts"

const readSince = (text: string | null): Effect.Effect<number | null, Refusal> => {
  if (text === null || text === "") return Effect.succeed(null)
  const since = Date.parse(text)
  return Number.isNaN(since)
    ? Effect.fail(invalid("Could not export the journal", [
        { field: "since", message: "must be a time like 2025-01-31T12:00:00Z" }
      ]))
    : Effect.succeed(since)
}

export const exportJournal = Effect.fnUntraced(function*({ query }: ApiRequest, places: ExportPlaces) {
  const since = yield* readSince(query.get("since"))
  const over = places.take()
  if (over === null) return yield* tooMany("exports of the journal")
  const journal = yield* JournalExport
  const keys = query.getAll("key").filter((key) => key !== "")
  const lines = yield* journal.read({ keys, since }).pipe(Effect.onError(() => Effect.sync(over)))
  return { status: 200, lines, over } satisfies ApiResponse
})
