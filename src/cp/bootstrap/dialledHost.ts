/** How a proxy reached the control plane, from the `Host` of its request. Pure. */
import type { X509Certificate } from "node:crypto"
import { isIP } from "node:net"

export interface Dialled {
  readonly host: string
  /** Null where the header names none. */
  readonly port: number | null
}

/** Null where it isn't a host. */
export const dialledHost = (header: string | undefined): Dialled | null => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(header ?? "")
  const host = match?.[1] ?? match?.[2]
  if (host === undefined || (match?.[1] !== undefined && isIP(host) !== 6)) return null
  return { host, port: match?.[3] === undefined ? null : Number(match[3]) }
}

/** Whether Envoy could verify this host by the certificate; null: it could. */
export const hostMismatch = (certificate: X509Certificate, host: string): string | null => {
  const covered = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)
  if (covered !== undefined) return null
  return `A data plane proxy is trying to connect to the control plane using "${host}" address, but the certificate ` +
    `in the control plane has the following SANs "${certificate.subjectAltName ?? ""}". Either dial one of those ` +
    `(KUMA_CONTROL_PLANE_URL, --cp-address), or give the control plane a certificate for "${host}" by ` +
    "KUMA_GENERAL_TLS_CERT_FILE and KUMA_GENERAL_TLS_KEY_FILE and restart it."
}
