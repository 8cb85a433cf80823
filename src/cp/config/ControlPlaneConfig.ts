/** Everything about the control plane that its user may set; `fromEnvironment` reads it by Kuma's names. */
import type { ServiceSettings } from "../services/ServiceSettings.ts"
import type { ApiServerConfig } from "./ApiServerConfig.ts"
import type { HealthConfig } from "./HealthConfig.ts"
import type { LogConfig } from "./LogConfig.ts"
import type { MonitoringConfig } from "./MonitoringConfig.ts"
import type { TracingConfig } from "./TracingConfig.ts"

/** Where a server listens. Port 0 takes any free one. */
export interface Listen {
  readonly address: string
  readonly port: number
}

export type ProxyAuthType = "aws-iam" | "dpToken" | "zoneToken" | "none"

export interface StoreConfig {
  /** `embedded`: a Postgres of our own, started in the work dir. */
  readonly type: "postgres" | "embedded"
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly dbName: string
  readonly tls: {
    readonly mode: "disable" | "verifyNone" | "verifyCa" | "verifyFull"
    readonly caPath: string | null
    readonly certPath: string | null
    readonly keyPath: string | null
  }
  readonly maxOpenConnections: number
  readonly connectionTimeoutMillis: number
}

/** An AWS endpoint of one service, or null for AWS's own. */
export interface AwsEndpoints {
  readonly ecs: string | null
  readonly iam: string | null
  readonly sts: string | null
  readonly events: string | null
  readonly sqs: string | null
}

export interface AwsConfig {
  readonly region: string
  readonly partition: "aws" | "aws-cn" | "aws-us-gov"
  readonly endpoints: AwsEndpoints
  /** Accounts whose roles may join; empty denies all. */
  readonly authorizedAccountIds: ReadonlyArray<string>
  /** Role to assume in a listed foreign account to read its roles' tags, by account id. */
  readonly accountRoles: Readonly<Record<string, string>>
  /** Clusters (names or ARNs) whose tasks are watched. */
  readonly clusters: ReadonlyArray<string>
  /** Name of the queue that the EventBridge rules deliver to; its dead-letter queue has `-dlq` behind it. */
  readonly queueName: string
  /** Create rules and queues at start where they're missing. */
  readonly createEventRules: boolean
  /** The part of the account's API quotas that may be used; beyond 1 where AWS raised them. */
  readonly apiShare: number
  /** Seconds between two full lists. */
  readonly resyncSeconds: number
  /** ECS tag keys that are copied to inbound tags. */
  readonly copyTags: ReadonlyArray<string>
  /** Where outbounds listen that the operator gives: `loopback` (127.0.0.1), or `task` (the task's own address). */
  readonly outboundAddress: "loopback" | "task"
}

export interface AuthConfig {
  readonly dpProxyType: ProxyAuthType
  readonly zoneProxyType: ProxyAuthType
  /** Envoy rereads its token from a file. */
  readonly reloadableTokens: boolean
  /** What tokens must be bound to; null: the fingerprint of the CA of the control plane's own TLS. */
  readonly audience: string | null
  /** Whether the peer's address must be the task's (off behind a load balancer that hides it). */
  readonly checkPeerAddress: boolean
  /** Base URL of the STS that is asked, e.g. `https://sts.eu-west-1.amazonaws.com`; null derives it from the region. */
  readonly stsEndpoint: string | null
  /** Hosts that a token may name, e.g. `sts.eu-west-1.amazonaws.com`. */
  readonly stsHosts: ReadonlyArray<string>
}

/** The older way into the mesh: dataplane tokens that are kept in Secrets Manager. */
export interface TokenSecretsSettings {
  /** Secrets are called `<prefix>/<service>`; the empty string: `<service>`. */
  readonly secretNamePrefix: string
  readonly validForMillis: number
  /** A token is replaced this long before it expires; null: once two thirds of its life are over. */
  readonly rotateBeforeMillis: number | null
  /** Secrets Manager's endpoint; null: AWS's own. */
  readonly endpoint: string | null
}

/** Where AWS's DNS is told of hostnames. */
export interface HostnamesConfig {
  /** `route53`: a hosted zone; `cloudMap`: a namespace. */
  readonly kind: "route53" | "cloudMap"
  /** Id of the hosted zone or the namespace. */
  readonly id: string
  /** Ids of the hosted zones that HostnameGenerators may name beside that one. */
  readonly others: ReadonlyArray<string>
  /** Whose names become this control plane's own: those without a mark, and those of clusters that are no more. */
  readonly adopts: { readonly unmarked: boolean; readonly clusters: ReadonlyArray<string> }
  readonly region: string
  /** Null: AWS's own. */
  readonly endpoint: string | null
  /** How often what is there is read anew. */
  readonly refreshMillis: number
  /** The part of the account's requests that may be made. */
  readonly apiShare: number
}

export interface ControlPlaneConfig {
  readonly mode: "zone" | "global"
  readonly zone: string
  /** Generated certificates, the embedded database and the journal live here. */
  readonly workDir: string
  readonly tls: {
    readonly certFile: string | null
    readonly keyFile: string | null
    readonly caFile: string | null
    /** Further names that a generated certificate holds: those by which proxies dial. */
    readonly names: ReadonlyArray<string>
  }
  /** Whence files of provided certificate authorities are read; null: none is. */
  readonly caFilesDir: string | null
  readonly store: StoreConfig
  readonly dpServer: Listen & {
    /** Connections of one address; null: however many, as proxies may come by one load balancer's. */
    readonly connectionsOfOne: number | null
    readonly authn: AuthConfig
  }
  readonly apiServer: ApiServerConfig
  /** The API's own certificate; null: the control plane's. */
  readonly apiServerTls: { readonly certFile: string; readonly keyFile: string } | null
  readonly diagnostics: Listen
  /** How proxies look at their workloads. */
  readonly health: HealthConfig
  readonly monitoring: MonitoringConfig
  readonly log: LogConfig
  /** null: nothing is traced. */
  readonly tracing: TracingConfig | null
  readonly bootstrap: {
    /** Host and port that Envoy dials for ADS; null: those that the sidecar dialled for `/bootstrap`. */
    readonly xdsHost: string | null
    readonly xdsPort: number | null
    readonly xdsConnectTimeoutMillis: number
    readonly adminAddress: string
    readonly adminPort: number
    readonly readinessPort: number
    /** Incremental ADS for all; false: for those that ask for it. */
    readonly deltaXds: boolean
  }
  readonly xds: {
    readonly nackBackoffMillis: number
    readonly deregistrationDelayMillis: number
    /** File that every Envoy logs its requests to as JSON lines (`/dev/stdout`: its own output); null logs none. */
    readonly accessLogPath: string | null
  }
  /** MeshServices that are generated, and virtual addresses. */
  readonly services: ServiceSettings
  /** null: hostnames are kept nowhere. */
  readonly hostnames: HostnamesConfig | null
  /** null: without AWS (`--without-aws`). */
  readonly aws: AwsConfig | null
  /** null: no tokens are kept. */
  readonly tokenSecrets: TokenSecretsSettings | null
}
