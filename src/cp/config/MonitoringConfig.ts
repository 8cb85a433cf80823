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
  } | null
  /** How long a request waits for a change that doesn't say it. */
  readonly defaultFetchTimeoutMillis: number
}
