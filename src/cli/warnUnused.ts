import { Effect } from "effect"

/** Of variables that begin as ours do and that nothing reads. */
export const warnUnused = (variables: ReadonlyArray<string>): Effect.Effect<void> =>
  variables.length === 0
    ? Effect.void
    : Effect.logWarning("Some variables have no effect here: misspelt, or for what this release doesn't have").pipe(
      Effect.annotateLogs({ variables: variables.join(" ") })
    )
