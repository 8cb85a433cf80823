/** Where and how Prometheus is told which proxies to scrape. */
import type { Listen } from "./ControlPlaneConfig.ts"

export type TlsVersion = "TLSv1.2" | "TLSv1.3"

export interface MonitoringConfig extends Listen {
  readonly enabled: boolean
  /** Null: in clear, as Kuma has it. */
  readonly tls: {
    /** Null: the control plane's certificate. */
    readonly files: { readonly certFile: string; readonly keyFile: string } | null
    readonly minVersion: TlsVersion
    /** Null: the newest. */
    readonly maxVersion: TlsVersion | null
    /** Who has no certificate of one of these CAs isn't let in; null: nobody is asked for one. */
    readonly clientCaFile: string | null
  } | null
  /** What a request has to bring as its bearer token; null: nothing, as Kuma has it. */
  readonly bearerToken: string | null
  /** How long a request waits for a change that doesn't say it. */
  readonly defaultFetchTimeoutMillis: number
}
