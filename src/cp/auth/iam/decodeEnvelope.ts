/** From the token's text to the text of the URL in it. Judges every character; guesses none. */
import { Result } from "effect"
import { IAM_TOKEN_PREFIX } from "../../../model/bindingValue.ts"
import type { Refused } from "../Authenticator.ts"
import { refuse } from "../refuse.ts"

/** Characters of a token. A presigned URL with the longest session token has 16 KB, which base64 makes 21.8 KB. */
export const MAX_TOKEN_LENGTH = 32 * 1024

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const decodeEnvelope = (token: string): Result.Result<string, Refused> => {
  if (token.length > MAX_TOKEN_LENGTH) {
    return refuse("TokenTooLong", `the token is longer than ${MAX_TOKEN_LENGTH} characters`)
  }
  if (!token.startsWith(IAM_TOKEN_PREFIX)) {
    return refuse(
      "TokenPrefixWrong",
      `the token doesn't start with ${IAM_TOKEN_PREFIX}: this control plane takes tokens that \`ecs-mesh sidecar\` ` +
        "makes from its task role"
    )
  }
  const encoded = token.slice(IAM_TOKEN_PREFIX.length)
  const bytes = Buffer.from(encoded, "base64url")
  // Node's decoder skips foreign characters, padding and unused bits: only what it would write itself is taken.
  if (encoded === "" || bytes.toString("base64url") !== encoded) {
    return refuse("TokenEncodingWrong", "the token isn't canonical unpadded base64url behind its prefix")
  }
  let url: string
  try {
    url = utf8.decode(bytes)
  } catch {
    return refuse("TokenEncodingWrong", "the token doesn't hold UTF-8")
  }
  // C0 and C1 controls, DEL, and Unicode's line separators.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(url)) {
    return refuse("TokenControlCharacter", "the token holds a control character")
  }
  return Result.succeed(url)
}
