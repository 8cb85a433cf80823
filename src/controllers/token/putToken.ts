/**
 * Puts a token into a secret beside what else it holds. Secrets Manager writes unconditionally, so two things make up
 * for it: the request's id is derived from the version that was read, so that of two controllers which read the same
 * only one writes; and the version that was replaced is looked at afterwards, so that what a third person wrote in
 * between is put back with the token in it.
 */
import { createHash } from "node:crypto"
import { Effect, Redacted } from "effect"
import { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import { type SecretReading, TokenSecrets } from "../aws/TokenSecrets.ts"
import { readSecretJson, withToken } from "./secretJson.ts"

/** `beaten`: somebody else wrote first; look again. `overwrote`: what they wrote holds no token and is AWSPREVIOUS. */
export type PutOutcome = "put" | "beaten" | "overwrote"

/** Somebody who writes again and again between our reading and our writing must not hold us for ever. */
const ROUNDS = 5

const versionOf = (reading: SecretReading): { readonly id: string; readonly createdAt: number } =>
  reading.status === "text" || reading.status === "binary"
    ? { id: reading.version, createdAt: reading.createdAt }
    : { id: "", createdAt: 0 }

/** Whether it is neither the version that was meant to be replaced nor an older one, which is only a late answer. */
const cameBetween = (replaced: SecretReading, meant: string, read: SecretReading): boolean => {
  const { createdAt, id } = versionOf(replaced)
  return id !== "" && id !== meant && createdAt >= versionOf(read).createdAt
}

const textOf = (reading: SecretReading): string | null => {
  if (reading.status === "empty") return "{}"
  if (reading.status !== "text") return null
  const text = Redacted.value(reading.text)
  return readSecretJson(text).ok ? text : null
}

/**
 * `base`: the version that was read, whose content is known to take a token. `attempt`: how often this version was
 * written over in vain; another attempt has another id.
 */
export const putToken = Effect.fn("putToken")(function*(
  secret: string,
  base: SecretReading,
  token: Redacted.Redacted,
  attempt: number
): Effect.fn.Return<PutOutcome, AwsCallFailed, TokenSecrets> {
  const secrets = yield* TokenSecrets
  let read = base
  let current = versionOf(base).id
  for (let round = 0; round < ROUNDS; round++) {
    const text = textOf(read)
    if (text === null) return "overwrote"
    const requestId = createHash("sha256").update(`${secret} ${versionOf(read).id} ${attempt}`).digest("hex")
    if (!(yield* secrets.put(secret, Redacted.make(withToken(text, Redacted.value(token))), requestId))) return "beaten"
    const replaced = yield* secrets.read(secret, "AWSPREVIOUS").pipe(
      Effect.catchTag("AwsCallFailed", (failure) =>
        Effect.logWarning("What a new token replaced can't be read: see that nobody changed the secret meanwhile").pipe(
          Effect.annotateLogs({ secret, reason: failure.message }),
          Effect.as(null)
        ))
    )
    if (replaced === null || !cameBetween(replaced, current, read)) return "put"
    read = replaced
    // A version is called by the id of the request that made it.
    current = requestId
  }
  return "put"
})
