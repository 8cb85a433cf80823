/** Run as a process of its own, to be killed: starts the embedded database of a work dir and says so. */
import { Effect } from "effect"
import { embeddedStoreConfig } from "../../../src/cp/store/EmbeddedPostgres.ts"

const [workDir = ""] = process.argv.slice(2)

await Effect.runPromise(
  embeddedStoreConfig(workDir).pipe(
    Effect.tap(({ port }) => Effect.sync(() => process.stdout.write(`ready ${port}\n`))),
    Effect.andThen(Effect.never),
    Effect.scoped
  )
)
