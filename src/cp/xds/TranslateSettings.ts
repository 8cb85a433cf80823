/** What a translation needs to know beside the resources. */
import type { CertificateFiles } from "./listener/metrics.ts"

/** An address and port of the proxy's own host. */
export interface SocketAddress {
  readonly address: string
  readonly port: number
}

/** Null where it can't. */
export interface NodeWords {
  readonly proxy: string | null
  readonly source: string | null
}

export interface TranslateSettings {
  /** This control plane's zone. */
  readonly zone: string
  /** File that requests are logged to as JSON lines; null logs none. */
  readonly accessLogPath: string | null
  /** Where Envoy itself serves its admin interface, or null where that isn't known. */
  readonly admin: SocketAddress | null
  /** Where the sidecar answers `/ready`, or null where it doesn't. */
  readonly readiness: SocketAddress | null
  /** Whether it listens on the virtual addresses of all destinations that it may reach. */
  readonly bindOutbounds?: boolean
  /** File with the CAs that its system trusts; Debian's where absent. */
  readonly systemCaPath?: string
  /** Folder of the sockets that kuma-dp and its Envoy share; absent beside another sidecar. */
  readonly workdir?: string
  /** Files on its host by which it serves its metrics. */
  readonly metricsCertificate?: CertificateFiles
  /** What its Envoy can say of itself in its access log. */
  readonly node?: NodeWords
}

export const defaultTranslateSettings: TranslateSettings = {
  zone: "default",
  accessLogPath: null,
  admin: null,
  readiness: null
}
