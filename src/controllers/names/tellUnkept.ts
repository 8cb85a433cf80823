/** Tells at start of HostnameGenerators whose names are to be in DNS, where none are kept there. */
import { Effect } from "effect"
import { Store } from "../../model/Store.ts"
import { generatorWarnings } from "./generatorWarnings.ts"

const warn = generatorWarnings(null)

export const tellUnkept: Effect.Effect<void, never, Store> = Effect.gen(function*() {
  const generators = yield* Store.use((store) => store.list("HostnameGenerator"))
  for (const { name, spec } of generators) {
    for (const reason of warn(spec)) {
      yield* Effect.logWarning("The names of a HostnameGenerator are kept nowhere").pipe(
        Effect.annotateLogs({ generator: name, reason })
      )
    }
  }
}).pipe(Effect.catchTag("StoreUnavailable", () => Effect.void))
