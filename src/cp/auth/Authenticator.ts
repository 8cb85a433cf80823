/**
 * Who a proxy is, from what it presents. Every door asks here: `/bootstrap` and both kinds of ADS stream.
 * Receives the raw `authorization` values and the claim (which proxy it says it is); produces an Identity
 * or a refusal that says what to change. Nothing of a token ever enters an error, a log or the journal.
 */
import { Context, type Effect, Schema } from "effect"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { Tags } from "../../model/Tags.ts"

/** Which proxy the caller says it is, and what the door knows of the caller. */
export interface ProxyClaim extends ProxyId {
  /** Remote address of the connection as the socket has it, or null where it says nothing (behind a load balancer). */
  readonly peerAddress: string | null
}

/** What was proved. */
export type Identity =
  | {
      readonly method: "aws-iam"
      readonly partition: string
      readonly accountId: string
      readonly roleArn: string
      readonly roleId: string
      readonly taskId: string
      /** The role's tags when it was judged. */
      readonly roleTags: Tags
    }
  | {
      readonly method: "dataplane-token" | "zone-token"
      /** The token's `jti`, by which it is revoked. */
      readonly tokenId: string
      /** Signing key's serial (`kid`). */
      readonly keyId: string
      /** Hex SHA-256 of that key's public half: a key replaced under the same serial has another. */
      readonly keyFingerprint: string
      /** Unix milliseconds, or null where the token never expires. */
      readonly expiresAt: number | null
      /** Tags that the Dataplane must carry, each with its allowed values. */
      readonly tags: Readonly<Record<string, ReadonlyArray<string>>>
      /** Workload that the Dataplane must be of, or null where every one will do. */
      readonly workload: string | null
    }
  | { readonly method: "none" }

/** A final no. `reason` is CamelCase for programs (`RoleTagMissing`); `message` says what the owner is to change. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  reason: Schema.String,
  message: Schema.String
}) {}

/** Nobody can tell right now (STS, IAM or the observation of the task is late): come again after a while. */
export class NotYetKnown extends Schema.TaggedError<NotYetKnown>()("NotYetKnown", {
  reason: Schema.String,
  message: Schema.String,
  retryAfterMillis: Schema.Number
}) {}

export class Authenticator extends Context.Service<
  Authenticator,
  {
    /** `credentials`: every value of the `authorization` header or metadata key, unaltered. */
    readonly authenticate: (
      credentials: ReadonlyArray<string>,
      claim: ProxyClaim
    ) => Effect.Effect<Identity, Refused | NotYetKnown>
    /** Whether an identity still has its right, from what is known now (no call goes out). Null: it has. */
    readonly lost: (identity: Identity, claim: ProxyClaim) => Refused | null
  }
>()("ecs-mesh/cp/auth/Authenticator") {}
