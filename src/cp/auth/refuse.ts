import { Result } from "effect"
import { NotYetKnown, Refused } from "./Authenticator.ts"

/** A final no, where a plain function judges. `message` names what to change and holds nothing of a token. */
export const refuse = (reason: string, message: string): Result.Result<never, Refused> =>
  Result.fail(new Refused({ reason, message }))

/** Nobody can tell now, where a plain function judges. */
export const wait = (reason: string, message: string, retryAfterMillis: number): Result.Result<never, NotYetKnown> =>
  Result.fail(new NotYetKnown({ reason, message, retryAfterMillis }))
