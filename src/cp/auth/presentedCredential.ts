/** The one credential that a caller brings. Having none is never the same as being anonymous. */
import { Result } from "effect"
import type { Refused } from "./Authenticator.ts"
import { refuse } from "./refuse.ts"

/** `credentials`: every value of `authorization`, unaltered. */
export const presentedCredential = (credentials: ReadonlyArray<string>): Result.Result<string, Refused> => {
  const [credential, ...others] = credentials
  if (credential === undefined || credential === "") {
    return refuse(
      "CredentialMissing",
      "the request brings no token in `authorization`: give the sidecar a token " +
        "(with aws-iam: a task role; with tokens: KUMA_DATAPLANE_RUNTIME_TOKEN_PATH or --dataplane-token-file)"
    )
  }
  if (others.length > 0) {
    return refuse(
      "CredentialRepeated",
      `the request brings ${credentials.length} values of \`authorization\`: bring exactly one`
    )
  }
  return Result.succeed(credential)
}
