/** Who issues dataplane tokens: the port that the token controller and a control plane meet at. */
import { Context, type Effect, type Redacted, Schema, type Stream } from "effect"

/** A token for the proxies of one service. */
export interface ServiceToken {
  readonly mesh: string
  /** The one value that `kuma.io/service` may have. */
  readonly service: string
  readonly validForMillis: number
}

/**
 * No token came, or nothing could be learnt of one. `unknownMesh`: the mesh, or its signing key, isn't there. `denied`:
 * the caller may not. `unavailable`: come again. The message says what to change, and nothing of a token.
 */
export class TokenIssuerFailed extends Schema.TaggedError<TokenIssuerFailed>()("TokenIssuerFailed", {
  kind: Schema.Literals(["unknownMesh", "denied", "unavailable"]),
  message: Schema.String
}) {}

export class TokenIssuer extends Context.Service<
  TokenIssuer,
  {
    readonly issue: (wanted: ServiceToken) => Effect.Effect<Redacted.Redacted, TokenIssuerFailed>
    /**
     * Why the control plane wouldn't take this token of the mesh (its key is gone or replaced, it is revoked); null
     * where it would, and where this issuer can't know.
     */
    readonly objection: (token: Redacted.Redacted, mesh: string) => Effect.Effect<string | null, TokenIssuerFailed>
    /** Says so when tokens that were good may not be any more, or one can be issued that couldn't before. */
    readonly changes: Stream.Stream<void>
  }
>()("ecs-mesh/model/TokenIssuer") {}
