/** The certificate that the user has for the control plane: read and checked, never written. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import type { ControlPlaneConfig } from "../config/ControlPlaneConfig.ts"
import type { ControlPlaneTls } from "./ControlPlaneTls.ts"

/** The variables that name the files, for errors. */
export interface TlsVariables {
  readonly cert: string
  readonly key: string
}

const GENERAL: TlsVariables = { cert: "KUMA_GENERAL_TLS_CERT_FILE", key: "KUMA_GENERAL_TLS_KEY_FILE" }
export const API_SERVER: TlsVariables = {
  cert: "KUMA_API_SERVER_HTTPS_TLS_CERT_FILE",
  key: "KUMA_API_SERVER_HTTPS_TLS_KEY_FILE"
}
export const MONITORING_SERVER: TlsVariables = {
  cert: "KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_CERT_FILE",
  key: "KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_KEY_FILE"
}
const CA_FILE = "ECS_MESH_TLS_CA_FILE"

const read = (variable: string, path: string): Promise<string> =>
  readFile(path, "utf8").catch((cause: unknown) => {
    throw new Error(`${variable} names ${path}, which can't be read: check the path and its permissions`, { cause })
  })

const parse = <A>(variable: string, path: string, what: string, from: () => A): A => {
  try {
    return from()
  } catch (cause) {
    throw new Error(`${variable} names ${path}, which holds no ${what} in PEM`, { cause })
  }
}

/** null: none is configured. Throws where one is, but can't serve. */
export const configuredTls = async (
  { caFile, certFile, keyFile }: Omit<ControlPlaneConfig["tls"], "names">,
  now: number,
  { cert: CERT_FILE, key: KEY_FILE } = GENERAL
): Promise<ControlPlaneTls["Service"] | null> => {
  if (certFile === null && keyFile === null) return null
  if (certFile === null) throw new Error(`${KEY_FILE} is set without ${CERT_FILE}: set both, or neither`)
  if (keyFile === null) throw new Error(`${CERT_FILE} is set without ${KEY_FILE}: set both, or neither`)
  const certificatePem = await read(CERT_FILE, certFile)
  const privateKeyPem = await read(KEY_FILE, keyFile)
  // Without a CA of its own the chain is what proxies verify with: a self-signed certificate is its own CA.
  const caPem = caFile === null ? certificatePem : await read(CA_FILE, caFile)

  const leaf = parse(CERT_FILE, certFile, "certificate", () => new X509Certificate(certificatePem))
  const key: KeyObject = parse(KEY_FILE, keyFile, "private key", () => createPrivateKey(privateKeyPem))
  if (caFile !== null) parse(CA_FILE, caFile, "certificate", () => new X509Certificate(caPem))
  if (!leaf.checkPrivateKey(key)) {
    throw new Error(`${KEY_FILE} (${keyFile}) isn't the key of the certificate in ${CERT_FILE} (${certFile})`)
  }
  if (Date.parse(leaf.validTo) <= now) {
    throw new Error(`the certificate in ${CERT_FILE} (${certFile}) expired at ${leaf.validTo}: renew it`)
  }
  return { certificatePem, privateKeyPem, caPem }
}
