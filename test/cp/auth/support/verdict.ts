import { Result } from "effect"

/** Why something was refused, or "accepted". */
export const reasonOf = <A>(result: Result.Result<A, { readonly _tag: string; readonly reason: string }>): string =>
  Result.match(result, { onSuccess: () => "accepted", onFailure: ({ _tag, reason }) => `${_tag}: ${reason}` })
