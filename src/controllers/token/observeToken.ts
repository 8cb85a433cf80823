/** Looks at a service's secret, and asks the issuer whether the token in it is still taken. */
import { Effect, Redacted } from "effect"
import { TokenIssuer, type TokenIssuerFailed } from "../../model/TokenIssuer.ts"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"
import { type SecretReading, TokenSecrets } from "../aws/TokenSecrets.ts"
import { readToken } from "./readToken.ts"
import { readSecretJson } from "./secretJson.ts"
import type { Held, TokenObservation } from "./TokenObservation.ts"

/** The look, and beside it what a decision doesn't need and nobody may write down. */
export interface TokenLook {
  readonly observation: TokenObservation
  readonly reading: SecretReading
}

const judgeToken = Effect.fnUntraced(function*(
  token: string,
  meshes: ReadonlyArray<string>
): Effect.fn.Return<Held, TokenIssuerFailed, TokenIssuer> {
  const claims = readToken(token)
  if (claims === null) return { status: "unreadable" }
  const mesh = claims.mesh === "" ? meshes[0] ?? "" : claims.mesh
  // A token for another mesh is replaced anyway, and that mesh may be none of ours.
  const objection = meshes.includes(mesh)
    ? yield* (yield* TokenIssuer).objection(Redacted.make(token), mesh)
    : null
  return { status: "token", claims, objection }
})

const heldBy = Effect.fnUntraced(function*(
  reading: SecretReading,
  meshes: ReadonlyArray<string>
): Effect.fn.Return<Held, TokenIssuerFailed, TokenIssuer> {
  if (reading.status !== "text") return { status: reading.status }
  const json = readSecretJson(Redacted.value(reading.text))
  if (!json.ok) return { status: "malformed", problem: json.problem }
  if (json.token === undefined) return { status: "tokenless" }
  return typeof json.token === "string" ? yield* judgeToken(json.token, meshes) : { status: "unreadable" }
})

export const observeToken = Effect.fn("observeToken")(function*(
  subject: Pick<TokenObservation, "secret" | "service" | "meshes" | "writes">
): Effect.fn.Return<TokenLook, AwsCallFailed | TokenIssuerFailed, TokenIssuer | TokenSecrets> {
  const reading = yield* (yield* TokenSecrets).read(subject.secret)
  return { observation: { ...subject, held: yield* heldBy(reading, subject.meshes) }, reading }
})
