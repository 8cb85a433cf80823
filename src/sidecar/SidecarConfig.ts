/** What a task's owner may set; `readConfig` reads it by Kuma's names. Times in milliseconds. */
import type { ProxyType } from "../model/ProxyType.ts"

export type SidecarAuth =
  /** By the task's role. */
  | {
      readonly type: "aws"
      /** null: the one in the task's ARN. */
      readonly region: string | null
      /** Host that tokens are presigned for; null: STS of the region. */
      readonly stsHost: string | null
      readonly audience: string
    }
  /** By a dataplane or zone token. */
  | { readonly type: "token"; readonly token: string | null; readonly tokenPath: string | null }
  | { readonly type: "none" }

export interface Address {
  readonly address: string
  readonly port: number
}

export interface SidecarConfig {
  readonly controlPlane: {
    readonly url: URL
    /** PEM of the authorities that verify it; null: the system's. */
    readonly caCert: string | null
    readonly tlsSkipVerify: boolean
    readonly retryBackoffMillis: number
    readonly retryMaxMillis: number
  }
  readonly auth: SidecarAuth
  /** `http://169.254.170.2/v4/...` of ECS; null elsewhere. */
  readonly metadataUri: string | null
  readonly proxy: {
    readonly proxyType: ProxyType
    /** The empty string for zone proxies. */
    readonly mesh: string
    /** null: the ECS task id. */
    readonly name: string | null
  }
  /** A Dataplane's YAML that is sent along, its variables filled in; null on ECS, where the operator derives it. */
  readonly dataplaneResource: string | null
  /** Envoy listens at the addresses of the mesh's services, which are in 127.0.0.0/8. */
  readonly bindOutbounds: boolean
  readonly readiness: Address
  readonly admin: Address
  /** null: a temporary folder. */
  readonly workDir: string | null
  readonly envoy: {
    readonly binary: string
    readonly concurrency: number
    readonly logLevel: string
    readonly componentLogLevel: string | null
  }
  readonly drain: {
    /** Longest time from SIGTERM until Envoy is ended. */
    readonly maxMillis: number
    /** Envoy is ended once nothing was in flight, and nothing new came, for this long. */
    readonly quietMillis: number
  }
}
