import { Effect } from "effect"
import { withoutEffect } from "../cp/config/withoutEffect.ts"

/** Of variables that begin as ours do and that nothing reads; Kuma's own apart, as nobody misspelt them. */
export const warnUnused = (variables: ReadonlyArray<string>): Effect.Effect<void> => {
  const known = variables.filter((name) => withoutEffect(name) !== null)
  const unknown = variables.filter((name) => withoutEffect(name) === null)
  return Effect.all([
    known.length === 0
      ? Effect.void
      : Effect.logInfo("Some of Kuma's variables have no effect here").pipe(
        Effect.annotateLogs({ variables: known.join(" ") })
      ),
    unknown.length === 0
      ? Effect.void
      : Effect.logWarning("Some variables have no effect here: misspelt, or for what this release doesn't have").pipe(
        Effect.annotateLogs({ variables: unknown.join(" ") })
      )
  ], { discard: true })
}
