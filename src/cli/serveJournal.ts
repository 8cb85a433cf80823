/**
 * The journal of one replica: where it is, what guards it, and what it says of its writer, so that whoever reads it
 * knows whose it is and whether decisions are to be found in it.
 */
import { join } from "node:path"
import { Effect, Layer } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { FileJournal } from "../controllers/lifecycle/FileJournal.ts"
import { looksSecret, redact } from "../cp/auth/redact.ts"
import { Journal, type JournalEntry } from "../model/Journal.ts"

const replica = (instance: string, leads: boolean): JournalEntry => ({
  kind: "replica", key: "replica", instance, version: packageJson.version, leads
})

/** Notes that this replica leads for as long as the effect runs. */
export const noteLeading = (instance: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const journal = yield* Journal
    return yield* Effect.acquireUseRelease(
      Effect.sync(() => journal.append(replica(instance, true))),
      () => effect,
      () => Effect.sync(() => journal.append(replica(instance, false)))
    )
  })

export const serveJournal = (workDir: string, instance: string) =>
  Layer.effectDiscard(
    Effect.map(Journal, (journal) => journal.append(replica(instance, false)))
  ).pipe(
    Layer.provideMerge(FileJournal.layer({ path: join(workDir, "journal.jsonl"), guard: redact, suspects: looksSecret }))
  )
