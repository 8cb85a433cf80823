/**
 * `ecs-mesh token-controller`: the token controller by itself, before the API of a control plane that runs elsewhere,
 * as Kong Mesh had it. Composition only.
 */
import { Effect, Layer, Redacted, Schema } from "effect"
import { AwsClients } from "../controllers/aws/AwsClients.ts"
import { CallBudgets } from "../controllers/aws/CallBudgets.ts"
import { EcsReader } from "../controllers/aws/EcsReader.ts"
import { apiTokenIssuer, type ControlPlaneApi } from "../controllers/token/apiTokenIssuer.ts"
import { pollTasks } from "../controllers/token/pollTasks.ts"
import { tryIssuer } from "../controllers/token/tryIssuer.ts"
import type { AwsConfig, TokenSecretsSettings } from "../cp/config/ControlPlaneConfig.ts"
import { Environment } from "../cp/config/Environment.ts"
import { awsConfig, configProblems, PREFIXES, type Problems, problemsOf, type Variables } from "../cp/config/fromEnvironment.ts"
import { isLoopback, isSafeOrigin } from "../cp/config/isSafeOrigin.ts"
import { readTokenSecrets, SECRET_NAME_PREFIX } from "../cp/config/readTokenSecrets.ts"
import { Journal } from "../model/Journal.ts"
import { DEFAULT_LOG, programLog } from "./programLog.ts"
import { tokenKeeping } from "./tokenKeeping.ts"
import { warnUnused } from "./warnUnused.ts"

/** It can't run; the message says what to change. */
export class TokenControllerFailed extends Schema.TaggedError<TokenControllerFailed>()("TokenControllerFailed", {
  message: Schema.String
}) {}

interface TokenControllerConfig {
  readonly aws: AwsConfig
  readonly api: ControlPlaneApi
  readonly secrets: TokenSecretsSettings
  readonly everySeconds: number
}

const DEFAULT_API = "https://localhost:5682"

const readUrl = (env: Environment): URL => {
  const text = env.text("KUMA_API_SERVER_URL", DEFAULT_API)
  if (isSafeOrigin(text)) return new URL(text)
  env.problems.push(
    "KUMA_API_SERVER_URL: must be the address of the control plane's API, https://HOST:5682, or http:// on this " +
      "machine's loopback (--api-server-url)"
  )
  return new URL(DEFAULT_API)
}

const readCa = (env: Environment): string | null => {
  const ca = env.optional("KUMA_API_CA_BYTES")
  if (ca !== null && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    env.problems.push(
      "KUMA_API_CA_BYTES: must be the CA of the control plane's API in PEM (-----BEGIN CERTIFICATE-----)"
    )
  }
  return ca
}

/** A control plane takes whoever calls from its own host for its admin; such an address has to be named. */
const needsToken = (env: Environment, url: URL): boolean =>
  env.optional("KUMA_API_SERVER_URL") === null || !isLoopback(url.hostname)

const readApi = (env: Environment): ControlPlaneApi => {
  const url = readUrl(env)
  const token = env.optional("KUMA_API_TOKEN")
  if (token === null && needsToken(env, url)) {
    env.problems.push(
      "KUMA_API_TOKEN: must be a user token that may issue dataplane tokens; it can be left out only where " +
        "KUMA_API_SERVER_URL names this machine's loopback"
    )
  }
  return { url, ca: readCa(env), token: token === null ? null : Redacted.make(token) }
}

const readSecrets = (env: Environment): TokenSecretsSettings => {
  if (env.optional(SECRET_NAME_PREFIX) === null) {
    env.problems.push(
      `${SECRET_NAME_PREFIX}: must be what the secrets' names begin with, / where they are the services' names alone ` +
        "(--secret-name-prefix)"
    )
  }
  return readTokenSecrets(env)
}

/** Either a whole configuration, or everything that is wrong with the variables. */
export const tokenControllerConfig = (
  variables: Variables
): { readonly config: TokenControllerConfig; readonly unused: ReadonlyArray<string> } | Problems => {
  const env = new Environment(variables)
  const config = {
    aws: awsConfig(env, "default"),
    api: readApi(env),
    secrets: readSecrets(env),
    // A task whose secret lacks its token waits for it: shorter than the operator's look, which events come before.
    everySeconds: Math.max(1, env.millis("ECS_MESH_RESYNC_INTERVAL", 10_000) / 1_000)
  }
  return env.problems.length > 0 ? problemsOf(env) : { config, unused: env.unused(PREFIXES) }
}

const run = Effect.fn("tokenController")(function*(variables: Variables) {
  const read = tokenControllerConfig(variables)
  if ("problems" in read) {
    return yield* new TokenControllerFailed({
      message: configProblems(read)
    })
  }
  const { api, aws, everySeconds, secrets } = read.config
  yield* Effect.logInfo("The token controller starts").pipe(
    Effect.annotateLogs({ api: api.url.origin, clusters: aws.clusters, secretNamePrefix: secrets.secretNamePrefix })
  )
  yield* warnUnused(read.unused)
  const issuer = apiTokenIssuer(api)
  const services = tokenKeeping(secrets, { region: aws.region, resyncSeconds: everySeconds }).pipe(
    Layer.provideMerge(EcsReader.layer),
    Layer.provide(Layer.mergeAll(AwsClients.layer(aws), CallBudgets.layer(aws.apiShare), issuer, Journal.none))
  )
  yield* Effect.forkScoped(Effect.provide(tryIssuer(), issuer))
  return yield* pollTasks({ clusters: aws.clusters, everySeconds }).pipe(Effect.provide(services))
})

export const tokenControllerCommand = (variables: Variables) => run(variables).pipe(Effect.scoped, Effect.provide(programLog(DEFAULT_LOG)))
