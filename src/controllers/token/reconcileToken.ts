/**
 * Makes the secret of one service hold a token that lets the service join. Receives who wants it, asks Secrets Manager
 * and the issuer, writes at most one new value, and answers when to look again. It writes no token anywhere else.
 */
import { Clock, Effect, Redacted } from "effect"
import { Journal } from "../../model/Journal.ts"
import { TokenIssuer, type TokenIssuerFailed } from "../../model/TokenIssuer.ts"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import type { TokenSecrets } from "../aws/TokenSecrets.ts"
import { type Outcome, retry, wakeAt } from "../queue/Outcome.ts"
import { decideToken, type TokenCondition, type TokenDecision } from "./decideToken.ts"
import { observeToken, type TokenLook } from "./observeToken.ts"
import { putToken } from "./putToken.ts"
import { readToken, type TokenClaims } from "./readToken.ts"
import type { TokenMemory } from "./TokenMemory.ts"
import type { TokenObservation } from "./TokenObservation.ts"
import type { TokenSettings } from "./TokenSettings.ts"

export interface TokenSubject extends Pick<TokenObservation, "secret" | "service" | "meshes"> {
  readonly memory: TokenMemory
}

const iso = (millis: number | null): string | null => millis === null ? null : new Date(millis).toISOString()

/** What may be told of a token. */
const describe = ({ expiresAt, id }: TokenClaims) => ({ tokenId: id, expires: iso(expiresAt) })

const unkept = (reason: string, message: string): ReadonlyArray<TokenCondition> =>
  [{ type: "TokenKept", status: "False", reason, message }]

/** Tells statements once, for as long as they don't change. */
const tell = Effect.fnUntraced(function*(
  { memory, secret, service }: TokenSubject,
  action: "keep" | "wait" | "retry",
  conditions: ReadonlyArray<TokenCondition>
): Effect.fn.Return<void, never, Journal> {
  if (!memory.isNews(conditions)) return
  const journal = yield* Journal
  journal.append({ kind: "token", key: `token/${secret}`, service, action, conditions })
  for (const { message, reason, status } of conditions) {
    if (status !== "True") {
      yield* Effect.logWarning("A service has no good dataplane token in its secret").pipe(
        Effect.annotateLogs({ secret, service, reason, message })
      )
    }
  }
})

const issueToken = Effect.fnUntraced(function*(
  { service }: TokenSubject,
  mesh: string,
  { validForMillis }: TokenSettings
): Effect.fn.Return<
  { readonly token: Redacted.Redacted; readonly claims: TokenClaims } | null,
  TokenIssuerFailed,
  TokenIssuer
> {
  const token = yield* (yield* TokenIssuer).issue({ mesh, service, validForMillis })
  const claims = readToken(Redacted.value(token))
  const fits = claims !== null && claims.mesh === mesh && claims.services?.includes(service) === true
  return fits ? { token, claims } : null
})

const issueAndPut = Effect.fnUntraced(function*(
  subject: TokenSubject,
  { conditions, mesh }: TokenDecision,
  { reading }: TokenLook,
  settings: TokenSettings
): Effect.fn.Return<
  Outcome,
  AwsCallFailed | TokenIssuerFailed,
  TokenIssuer | TokenSecrets | Journal
> {
  const { memory, secret, service } = subject
  const issued = yield* issueToken(subject, mesh, settings)
  if (issued === null) {
    const why = "what the control plane issued isn't a token for this service: check the address of its API"
    yield* tell(subject, "retry", unkept("TokenNotIssued", why))
    return retry(why)
  }
  const version = reading.status === "text" ? reading.version : ""
  const outcome = yield* putToken(secret, reading, issued.token, memory.attempts(version))
  if (outcome === "beaten") {
    memory.beaten(version)
    return retry("somebody else wrote the secret first")
  }
  const now = yield* Clock.currentTimeMillis
  memory.wrote(now)
  const told = { secret, service, mesh, ...describe(issued.claims) }
  const journal = yield* Journal
  journal.append({ kind: "token", key: `token/${secret}`, action: "put", conditions, ...told })
  yield* Effect.logInfo("A dataplane token was put into a secret").pipe(Effect.annotateLogs(told))
  if (outcome === "overwrote") {
    yield* Effect.logWarning(
      "Somebody wrote the secret at the same time, and no JSON object: what they wrote is its AWSPREVIOUS version"
    ).pipe(Effect.annotateLogs({ secret }))
  }
  // Not at once: what was written may take a moment to be read.
  return wakeAt(now + settings.waitMillis)
})

/** A failure by what its owner can do about it. */
const explain = (failure: AwsCallFailed | TokenIssuerFailed): TokenCondition["reason"] =>
  failure._tag === "AwsCallFailed"
    ? failure.kind === "denied" ? "SecretDenied" : "SecretUnavailable"
    : { unknownMesh: "MeshMissing", denied: "IssuerDenied", unavailable: "IssuerUnavailable" }[failure.kind]

const messageOf = (failure: AwsCallFailed | TokenIssuerFailed, secret: string): string =>
  failure._tag === "AwsCallFailed" && failure.kind === "denied"
    ? `AWS denies secretsmanager:${failure.operation} on secret "${secret}": allow it to the controller's task role ` +
      `(and kms:Decrypt, kms:GenerateDataKey where the secret has a key of yours)`
    : failure.message

export const reconcileToken = Effect.fn("reconcileToken")(function*(
  subject: TokenSubject,
  settings: TokenSettings
): Effect.fn.Return<Outcome, never, TokenIssuer | TokenSecrets | Journal> {
  const { meshes, secret, service } = subject
  const attempt = Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const look = yield* observeToken({ secret, service, meshes, writes: subject.memory.writes(now) })
    const decision = decideToken(look.observation, settings, now)
    if (decision.action === "issue") return yield* issueAndPut(subject, decision, look, settings)
    yield* tell(subject, decision.action, decision.conditions)
    return wakeAt(decision.wakeAt)
  })
  const failed = (failure: AwsCallFailed | TokenIssuerFailed) =>
    tell(subject, "retry", unkept(explain(failure), messageOf(failure, secret))).pipe(
      Effect.as(retry(failure.message))
    )
  return yield* attempt.pipe(Effect.catchTags({ AwsCallFailed: failed, TokenIssuerFailed: failed }))
})
