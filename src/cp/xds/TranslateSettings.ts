/** What a translation needs to know beside the resources. */
import type { CertificateFiles } from "./listener/metrics.ts"

/** An address and port of the proxy's own host. */
export interface SocketAddress {
  readonly address: string
  readonly port: number
}

/** On the proxy's own host: a path is that of a Unix socket. */
export type Place = SocketAddress | { readonly path: string }

export interface AdminAddress extends SocketAddress {
  /** The Unix socket that it listens on in place of that address. */
  readonly path?: string
}

/** PEM: by which an Envoy and a control plane that asks it know each other. */
export interface AdminTls {
  readonly caPem: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** Null where it can't. */
export interface NodeWords {
  readonly proxy: string | null
  readonly source: string | null
  readonly address?: string | null
}

export interface TranslateSettings {
  /** This control plane's zone. */
  readonly zone: string
  /** File that requests are logged to as JSON lines; null logs none. */
  readonly accessLogPath: string | null
  /** Where Envoy itself serves its admin interface, or null where that isn't known. */
  readonly admin: AdminAddress | null
  /** Null where its Envoy is asked for nothing. The same object for all proxies. */
  readonly adminTls?: AdminTls | null
  /** Where the sidecar answers `/ready`, or null where it doesn't. */
  readonly readiness: SocketAddress | null
  /** Whether it listens on the virtual addresses of all destinations that it may reach. */
  readonly bindOutbounds?: boolean
  /** File with the CAs that its system trusts; Debian's where absent. */
  readonly systemCaPath?: string
  /** Folder of the sockets that kuma-dp and its Envoy share; absent beside another sidecar. */
  readonly workdir?: string
  /** Whether its sidecar is ours and carries lines of access logs to other hosts. */
  readonly carriesLines?: boolean
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

/** Where Envoy itself asks its own admin interface; null where that isn't known. */
export const adminPlace = ({ admin }: Pick<TranslateSettings, "admin">): Place | null => {
  if (admin === null) return null
  const { address, path, port } = admin
  if (path !== undefined) return { path }
  if (address === "0.0.0.0") return { address: "127.0.0.1", port }
  return { address: address === "::" ? "::1" : address, port }
}
