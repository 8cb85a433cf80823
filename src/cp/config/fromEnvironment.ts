/**
 * The control plane's configuration from environment variables: Kuma's and Kong Mesh's names where they have one,
 * `ECS_MESH_*` for what only this control plane knows, the AWS SDK's own names for regions and endpoints.
 */
import { homedir } from "node:os"
import { join } from "node:path"
import type { AuthConfig, AwsConfig, ControlPlaneConfig, StoreConfig } from "./ControlPlaneConfig.ts"
import { Environment } from "./Environment.ts"
import { checkBindAddress, DATAPLANES, DIAGNOSTICS, readListen } from "./listeners.ts"
import { readApiServer } from "./readApiServer.ts"
import { readLog } from "./readLog.ts"
import { readHealth } from "./readHealth.ts"
import { readMonitoring } from "./readMonitoring.ts"
import { readTracing } from "./readTracing.ts"
import { readHostnames } from "./readHostnames.ts"
import { readServices } from "./readServices.ts"
import { withoutEffect } from "./withoutEffect.ts"
import { readTokenSecrets, SECRET_NAME_PREFIX } from "./readTokenSecrets.ts"

export type Variables = Readonly<Record<string, string | undefined>>

export interface FromEnvironmentOptions {
  /** False: run the control plane alone, without watching ECS. */
  readonly aws: boolean
}

/** What keeps a program from starting. */
export interface Problems {
  readonly _tag: "Problems"
  readonly problems: ReadonlyArray<string>
  /** Kuma's variables without effect here: they are in nobody's way. */
  readonly withoutEffect: ReadonlyArray<string>
}

/** Either a whole configuration, or everything that is wrong with the variables. */
export type ConfigResult =
  | {
    readonly _tag: "Config"
    readonly config: ControlPlaneConfig
    /** Variables of our prefixes that nothing reads: misspelt, or for what this release doesn't have. */
    readonly unused: ReadonlyArray<string>
  }
  | Problems

const partitionOf = (region: string): AwsConfig["partition"] =>
  region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws"

const stsHost = (region: string): string =>
  `sts.${region}.amazonaws.com${partitionOf(region) === "aws-cn" ? ".cn" : ""}`

const storeConfig = (env: Environment): StoreConfig => {
  const type = env.oneOf("KUMA_STORE_TYPE", ["postgres", "embedded", "memory"], "embedded")
  if (type === "memory") {
    env.problems.push(
      "KUMA_STORE_TYPE: memory isn't offered, it would lose every resource at a restart; " +
        "leave it unset for an embedded Postgres in the work dir, or set postgres"
    )
  }
  return {
    type: type === "postgres" ? "postgres" : "embedded",
    host: env.text("KUMA_STORE_POSTGRES_HOST", "127.0.0.1"),
    port: env.port("KUMA_STORE_POSTGRES_PORT", 15_432),
    user: env.text("KUMA_STORE_POSTGRES_USER", "kuma"),
    password: env.text("KUMA_STORE_POSTGRES_PASSWORD", "kuma"),
    dbName: env.text("KUMA_STORE_POSTGRES_DB_NAME", "kuma"),
    tls: {
      mode: env.oneOf(
        "KUMA_STORE_POSTGRES_TLS_MODE",
        ["disable", "verifyNone", "verifyCa", "verifyFull"],
        "disable"
      ),
      caPath: env.optional("KUMA_STORE_POSTGRES_TLS_CA_PATH"),
      certPath: env.optional("KUMA_STORE_POSTGRES_TLS_CERT_PATH"),
      keyPath: env.optional("KUMA_STORE_POSTGRES_TLS_KEY_PATH")
    },
    maxOpenConnections: env.integer("KUMA_STORE_POSTGRES_MAX_OPEN_CONNECTIONS", 20, 1, 10_000),
    connectionTimeoutMillis: env.integer("KUMA_STORE_POSTGRES_CONNECTION_TIMEOUT", 5, 1, 3_600) * 1_000
  }
}

export const awsConfig = (env: Environment, zone: string): AwsConfig => {
  const region = env.optional("AWS_REGION") ?? env.optional("AWS_DEFAULT_REGION")
  if (region === null) env.problems.push("AWS_REGION: must be set to the region whose ECS clusters are watched")
  const endpoint = (service: string) =>
    env.optional(`AWS_ENDPOINT_URL_${service}`) ?? env.optional("AWS_ENDPOINT_URL")
  const accounts = env.list("KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS")
  for (const account of accounts) {
    if (!/^\d{12}$/.test(account)) {
      env.problems.push(`KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "${account}" isn't a 12-digit account id`)
    }
  }
  const clusters = env.list("ECS_MESH_CLUSTERS")
  return {
    region: region ?? "us-east-1",
    partition: partitionOf(region ?? "us-east-1"),
    endpoints: {
      ecs: endpoint("ECS"),
      iam: endpoint("IAM"),
      sts: endpoint("STS"),
      events: endpoint("CLOUDWATCH_EVENTS") ?? endpoint("EVENTBRIDGE"),
      sqs: endpoint("SQS")
    },
    authorizedAccountIds: accounts,
    accountRoles: env.pairs("ECS_MESH_ACCOUNT_ROLES"),
    clusters: clusters.length > 0 ? clusters : ["default"],
    queueName: env.text("ECS_MESH_QUEUE_NAME", `ecs-mesh-${zone}`),
    createEventRules: env.flag("ECS_MESH_CREATE_EVENT_RULES", true),
    apiShare: env.integer("ECS_MESH_AWS_API_SHARE", 50, 1, 1_000) / 100,
    resyncSeconds: Math.max(1, env.millis("ECS_MESH_RESYNC_INTERVAL", 60_000) / 1_000),
    copyTags: env.list("ECS_MESH_COPY_TAGS"),
    outboundAddress: env.oneOf("ECS_MESH_OUTBOUND_ADDRESS", ["loopback", "task"], "loopback")
  }
}

const authConfig = (env: Environment, aws: AwsConfig | null): AuthConfig => {
  const types = ["aws-iam", "dpToken", "zoneToken", "none"] as const
  const hosts = env.list("ECS_MESH_STS_HOSTS")
  const auth: AuthConfig = {
    dpProxyType: env.oneOf("KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE", types, aws === null ? "dpToken" : "aws-iam"),
    zoneProxyType: env.oneOf("KUMA_DP_SERVER_AUTHN_ZONE_PROXY_TYPE", types, aws === null ? "zoneToken" : "aws-iam"),
    reloadableTokens: env.flag("KUMA_DP_SERVER_AUTHN_ENABLE_RELOADABLE_TOKENS", aws !== null),
    audience: env.optional("ECS_MESH_AUDIENCE"),
    checkPeerAddress: env.flag("ECS_MESH_CHECK_PEER_ADDRESS", true),
    stsEndpoint: env.optional("ECS_MESH_STS_ENDPOINT"),
    stsHosts: hosts.length > 0 ? hosts : aws === null ? [] : [stsHost(aws.region)]
  }
  if (aws === null && (auth.dpProxyType === "aws-iam" || auth.zoneProxyType === "aws-iam")) {
    env.problems.push(
      "KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE / _ZONE_PROXY_TYPE: aws-iam needs AWS; " +
        "leave out --without-aws, or set dpToken / zoneToken"
    )
  }
  if (aws !== null && auth.dpProxyType === "aws-iam" && aws.authorizedAccountIds.length === 0) {
    env.problems.push(
      "KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: must list the accounts whose task roles may join; empty would refuse everybody"
    )
  }
  return auth
}

/** What variables that are meant for us begin with. */
export const PREFIXES = ["KUMA_", "KMESH_", "ECS_MESH_"] as const

/** The problems, and beside them what nothing reads: a variable that is missing may be there, misspelt. */
export const problemsOf = (env: Environment): Problems => {
  const unused = env.unused(PREFIXES).map((name) => ({ name, effect: withoutEffect(name) }))
  return {
    _tag: "Problems",
    problems: [
      ...env.problems,
      ...unused.flatMap(({ effect, name }) =>
        effect === null ? [`${name}: nothing reads this variable here; is its name misspelt?`] : [])
    ],
    withoutEffect: unused.flatMap(({ effect, name }) => effect === null ? [] : [`${name}: ${effect}`])
  }
}

/** As a program's last words. */
export const configProblems = ({ problems, withoutEffect }: Problems): string =>
  [
    "the configuration can't be used:",
    ...problems.map((problem) => `  ${problem}`),
    ...(withoutEffect.length === 0 ? [] : ["without effect, and in nobody's way:"]),
    ...withoutEffect.map((one) => `  ${one}`)
  ].join("\n")

/** Reads the whole configuration; nothing is read from anywhere else. */
export const fromEnvironment = (variables: Variables, options: FromEnvironmentOptions): ConfigResult => {
  const env = new Environment(variables)
  const zone = env.text("KUMA_MULTIZONE_ZONE_NAME", "default")
  const aws = options.aws ? awsConfig(env, zone) : null
  const mode = env.oneOf("KUMA_MODE", ["zone", "global", "standalone"], "zone")
  if (mode === "global") {
    env.problems.push("KUMA_MODE: global isn't served by this release yet; leave it unset or set zone")
  }
  if (env.optional("KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS") !== null) {
    // Without it the zone would run, and nothing that the global control plane says would hold in it.
    env.problems.push(
      "KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: a global control plane isn't offered by this release yet; leave it unset " +
        "for a zone of its own"
    )
  }
  const tokenSecrets = env.optional(SECRET_NAME_PREFIX) === null ? null : readTokenSecrets(env)
  if (tokenSecrets !== null && aws === null) {
    env.problems.push(`${SECRET_NAME_PREFIX}: needs AWS; leave it out, or leave out --without-aws`)
  }
  checkBindAddress(env)
  const config: ControlPlaneConfig = {
    mode: "zone",
    zone,
    workDir: env.text("KUMA_GENERAL_WORK_DIR", join(homedir(), ".kuma")),
    tls: {
      ...(env.pair("KUMA_DP_SERVER_TLS_CERT_FILE", "KUMA_DP_SERVER_TLS_KEY_FILE") ??
        env.pair("KUMA_GENERAL_TLS_CERT_FILE", "KUMA_GENERAL_TLS_KEY_FILE") ?? { certFile: null, keyFile: null }),
      caFile: env.optional("ECS_MESH_TLS_CA_FILE"),
      names: env.list("ECS_MESH_TLS_NAMES")
    },
    caFilesDir: env.absolutePath("ECS_MESH_CA_FILES_DIR"),
    store: storeConfig(env),
    dpServer: {
      ...readListen(env, DATAPLANES, 5678),
      connectionsOfOne: env.integer("ECS_MESH_DP_SERVER_CONNECTIONS_PER_ADDRESS", 0, 0, 1_000_000) || null,
      authn: authConfig(env, aws)
    },
    apiServer: readApiServer(env),
    apiServerTls: env.pair("KUMA_API_SERVER_HTTPS_TLS_CERT_FILE", "KUMA_API_SERVER_HTTPS_TLS_KEY_FILE"),
    diagnostics: readListen(env, DIAGNOSTICS, 5680),
    health: readHealth(env),
    monitoring: readMonitoring(env),
    log: readLog(env),
    tracing: readTracing(env),
    bootstrap: {
      xdsHost: env.optional("KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_HOST"),
      xdsPort: env.optional("KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_PORT") === null
        ? null
        : env.port("KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_PORT", 5678),
      xdsConnectTimeoutMillis: env.millis("KUMA_BOOTSTRAP_SERVER_PARAMS_XDS_CONNECT_TIMEOUT", 1_000),
      adminAddress: env.text("KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_ADDRESS", "127.0.0.1"),
      adminPort: env.port("KUMA_BOOTSTRAP_SERVER_PARAMS_ADMIN_PORT", 9901),
      readinessPort: env.port("KUMA_BOOTSTRAP_SERVER_PARAMS_READINESS_PORT", 9902),
      deltaXds: env.flag("KUMA_EXPERIMENTAL_DELTA_XDS", true)
    },
    xds: {
      nackBackoffMillis: env.millis("KUMA_XDS_SERVER_NACK_BACKOFF", 5_000),
      deregistrationDelayMillis: env.millis("KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY", 10_000),
      accessLogPath: env.optional("ECS_MESH_ACCESS_LOG")
    },
    services: readServices(env),
    hostnames: readHostnames(env, aws),
    aws,
    tokenSecrets
  }
  return env.problems.length > 0
    ? problemsOf(env)
    : { _tag: "Config", config, unused: env.unused(PREFIXES) }
}
