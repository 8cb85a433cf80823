/**
 * Puts the ways of proving identity behind the one port that every door asks. Which way counts is the control plane's
 * configuration, never the caller's choice.
 */
import { Clock, Effect, Layer, Schema } from "effect"
import type { AuthConfig, AwsConfig, ProxyAuthType } from "../config/ControlPlaneConfig.ts"
import { isSafeOrigin } from "../config/isSafeOrigin.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { Authenticator, type Identity, NotYetKnown, type ProxyClaim, Refused } from "./Authenticator.ts"
import { type IamAuthenticator, makeIamAuthenticator } from "./iam/IamAuthenticator.ts"
import { RoleReader } from "./iam/RoleReader.ts"
import { makeSignatureLedger } from "./iam/SignatureLedger.ts"
import { makeStsClient } from "./iam/StsClient.ts"
import { describeStsHost, type StsHost } from "./iam/stsHosts.ts"
import { presentedCredential } from "./presentedCredential.ts"
import { redact } from "./redact.ts"
import { makeTokenAuthenticator } from "./token/TokenAuthenticator.ts"

export interface AuthenticatorOptions {
  readonly auth: AuthConfig
  /** null: without AWS. */
  readonly aws: AwsConfig | null
  /** This control plane's zone. */
  readonly zone: string
  /** What sidecars' tokens must be bound to. */
  readonly audience: string
}

/** The configuration can't be served as it stands. */
export class AuthConfigInvalid extends Schema.TaggedError<AuthConfigInvalid>()("AuthConfigInvalid", {
  message: Schema.String
}) {}

const faulty = () =>
  new NotYetKnown({
    reason: "AuthenticationFaulty",
    message: "the control plane failed to judge the token; its log says why",
    retryAfterMillis: 10_000
  })

const invalid = (message: string) => Effect.fail(new AuthConfigInvalid({ message }))

const stsHosts = (auth: AuthConfig, aws: AwsConfig): Effect.Effect<ReadonlyArray<StsHost>, AuthConfigInvalid> =>
  Effect.forEach(auth.stsHosts, (name) => {
    const host = describeStsHost(name)
    return host === null || host.partition !== aws.partition
      ? invalid(`ECS_MESH_STS_HOSTS: "${name}" isn't an STS host of the partition ${aws.partition}`)
      : Effect.succeed(host)
  })

const iamAuthenticator = ({ auth, aws, audience }: AuthenticatorOptions) =>
  Effect.gen(function*() {
    if (aws === null) return yield* invalid("authentication by aws-iam needs AWS: don't start with --without-aws")
    if (audience === "") return yield* invalid("authentication by aws-iam needs an audience")
    if (auth.stsEndpoint !== null && !isSafeOrigin(auth.stsEndpoint)) {
      return yield* invalid("ECS_MESH_STS_ENDPOINT: must be https://HOST[:PORT], or http:// on this machine's loopback")
    }
    const hosts = yield* stsHosts(auth, aws)
    if (hosts.length === 0) return yield* invalid("ECS_MESH_STS_HOSTS: name at least one STS host")
    const roles = yield* Layer.build(RoleReader.layer(aws))
    const sts = yield* makeStsClient()
    return yield* makeIamAuthenticator({ auth, aws, audience, hosts, sts, ledger: makeSignatureLedger() }).pipe(
      Effect.provideContext(roles)
    )
  })

export const authenticatorLayer = (
  options: AuthenticatorOptions
): Layer.Layer<Authenticator, AuthConfigInvalid, ResourceCache> =>
  Layer.effect(
    Authenticator,
    Effect.gen(function*() {
      const { dpProxyType, zoneProxyType } = options.auth
      if (dpProxyType === "zoneToken") return yield* invalid("KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: can't be zoneToken")
      if (zoneProxyType === "dpToken") return yield* invalid("KUMA_DP_SERVER_AUTHN_ZONE_PROXY_TYPE: can't be dpToken")

      const clock = yield* Clock.Clock
      const tokens = yield* makeTokenAuthenticator(options.zone)
      const iam: IamAuthenticator | null =
        dpProxyType === "aws-iam" || zoneProxyType === "aws-iam" ? yield* iamAuthenticator(options) : null

      const typeFor = (claim: ProxyClaim): ProxyAuthType =>
        claim.proxyType === "dataplane" ? dpProxyType : zoneProxyType

      return {
        authenticate: Effect.fnUntraced(
          function*(credentials: ReadonlyArray<string>, claim: ProxyClaim): Effect.fn.Return<
            Identity,
            Refused | NotYetKnown
          > {
            const type = typeFor(claim)
            if (type === "none") return { method: "none" }
            const credential = yield* Effect.fromResult(presentedCredential(credentials))
            return iam !== null && type === "aws-iam"
              ? yield* iam.authenticate(credential, claim)
              : yield* tokens.authenticate(credential, claim)
          },
          // A fault of ours is nobody's right to come in, and no reason for the door to fall.
          Effect.catchDefect((defect) =>
            Effect.logError("authentication failed by a fault of its own").pipe(
              Effect.annotateLogs({ fault: redact(String(defect)) }),
              Effect.andThen(Effect.fail(faulty()))
            )
          )
        ),
        lost: (identity, claim) => {
          if (identity.method === "none") return null
          if (identity.method !== "aws-iam") return tokens.lost(identity, claim, clock.currentTimeMillisUnsafe())
          return iam === null
            ? new Refused({ reason: "MethodOff", message: "authentication by aws-iam is off" })
            : iam.lost(identity, claim)
        }
      }
    })
  )
