/**
 * The secrets that hold dataplane tokens, in Secrets Manager: read and given a new version, never created. What they
 * hold is redacted from here on, and AWS's text about a value that it refuses isn't passed on.
 */
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager"
import { Context, Effect, Layer, Redacted } from "effect"
import { AwsCallFailed } from "./AwsCallFailed.ts"
import { callAws } from "./callAws.ts"

/** A version of a secret. */
export type SecretReading =
  /** Secrets Manager has no such secret. */
  | { readonly status: "absent" }
  /** Its owner deletes it; it can't be read until they restore it. */
  | { readonly status: "deleting" }
  /** It was created without a value. */
  | { readonly status: "empty" }
  | VersionOf<"binary">
  | VersionOf<"text"> & { readonly text: Redacted.Redacted }

interface VersionOf<S extends string> {
  readonly status: S
  readonly version: string
  /** Unix milliseconds. */
  readonly createdAt: number
}

/**
 * AWSCURRENT is what everybody reads. Secrets Manager keeps the one before as AWSPREVIOUS:
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
 */
export type VersionStage = "AWSCURRENT" | "AWSPREVIOUS"

export interface TokenSecretsConfig {
  readonly region: string
  /** Null: AWS's own. */
  readonly endpoint: string | null
}

const SERVICE = "SecretsManager"

/** GetSecretValue's failures that tell of the secret; all else is a failure of the call. */
const tells = ({ code, kind, message }: AwsCallFailed): SecretReading | null => {
  // The secret is there, and no version of it: "can't find the specified secret value for staging label: AWSCURRENT".
  if (kind === "absent") return { status: /staging label/i.test(message) ? "empty" : "absent" }
  return code === "InvalidRequestException" && /delet/i.test(message) ? { status: "deleting" } : null
}

/** A refusal of a value may quote it. */
const withoutText = (failure: AwsCallFailed): AwsCallFailed =>
  failure.kind === "invalid"
    ? new AwsCallFailed({ ...failure, message: `Secrets Manager refuses the new value (${failure.code})` })
    : failure

export class TokenSecrets extends Context.Service<
  TokenSecrets,
  {
    /** `AWSCURRENT` where no stage is named. */
    readonly read: (name: string, stage?: VersionStage) => Effect.Effect<SecretReading, AwsCallFailed>
    /**
     * Adds a version and makes it AWSCURRENT. False: there is a version under this request's id with another value, so
     * somebody else was first. "If a version with this value already exists and that version's SecretString ... values
     * are different from those in the request, then the request fails":
     * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
     */
    readonly put: (
      name: string,
      text: Redacted.Redacted,
      /** 32 to 64 characters. */
      requestId: string
    ) => Effect.Effect<boolean, AwsCallFailed>
  }
>()("ecs-mesh/controllers/aws/TokenSecrets") {
  /** Repeating is `callAws`' business, so the SDK makes one attempt a call. */
  static readonly layer = ({ endpoint, region }: TokenSecretsConfig): Layer.Layer<TokenSecrets> =>
    Layer.effect(
      TokenSecrets,
      Effect.gen(function*() {
        const client = yield* Effect.acquireRelease(
          Effect.sync(() =>
            new SecretsManagerClient({ region, maxAttempts: 1, ...(endpoint === null ? {} : { endpoint }) })
          ),
          (open) => Effect.sync(() => open.destroy())
        )
        return {
          read: Effect.fn("TokenSecrets.read")(
            function*(SecretId: string, VersionStage: VersionStage = "AWSCURRENT"): Effect.fn.Return<
              SecretReading,
              AwsCallFailed
            > {
              const { CreatedDate, SecretString, VersionId: version = "" } = yield* callAws({
                service: SERVICE,
                operation: "GetSecretValue",
                run: (abortSignal) =>
                  client.send(new GetSecretValueCommand({ SecretId, VersionStage }), { abortSignal })
              })
              const createdAt = CreatedDate?.getTime() ?? 0
              return SecretString === undefined
                ? { status: "binary", version, createdAt }
                : { status: "text", version, createdAt, text: Redacted.make(SecretString) }
            },
            Effect.catchTag("AwsCallFailed", (failure) => {
              const told = tells(failure)
              return told === null ? Effect.fail(failure) : Effect.succeed(told)
            })
          ),
          put: Effect.fn("TokenSecrets.put")(
            function*(SecretId: string, text: Redacted.Redacted, ClientRequestToken: string) {
              yield* callAws({
                service: SERVICE,
                operation: "PutSecretValue",
                run: (abortSignal) =>
                  client.send(
                    new PutSecretValueCommand({ SecretId, SecretString: Redacted.value(text), ClientRequestToken }),
                    { abortSignal }
                  )
              })
              return true
            },
            Effect.catchTag("AwsCallFailed", (failure) =>
              failure.code === "ResourceExistsException" ? Effect.succeed(false) : Effect.fail(withoutText(failure)))
          )
        }
      })
    )
}
