/** The monitoring assignment server's settings, by Kuma's names. */
import type { Environment } from "./Environment.ts"
import { MONITORING, readListen } from "./listeners.ts"
import type { MonitoringConfig, TlsVersion } from "./MonitoringConfig.ts"

const PREFIX = "KUMA_MONITORING_ASSIGNMENT_SERVER"
const VERSIONS: Readonly<Record<string, TlsVersion>> = { TLSv1_2: "TLSv1.2", TLSv1_3: "TLSv1.3" }

export const MONITORING_TOKEN = "ECS_MESH_MONITORING_ASSIGNMENT_SERVER_TOKEN"
export const MONITORING_CLIENT_CA = "ECS_MESH_MONITORING_ASSIGNMENT_SERVER_TLS_CLIENT_CA_FILE"

/** Nobody guesses so much. */
const LEAST_TOKEN = 20

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

const readToken = (env: Environment): string | null => {
  const token = env.optional(MONITORING_TOKEN)
  if (token === null) return null
  if (token.length < LEAST_TOKEN) {
    env.problems.push(`${MONITORING_TOKEN}: must have ${LEAST_TOKEN} characters at least; \`openssl rand -hex 32\` makes one`)
  } else if (!TOKEN.test(token)) {
    env.problems.push(`${MONITORING_TOKEN}: must be of letters, digits and -._~+/ alone, as a header has to carry it`)
  }
  return token
}

const readTls = (env: Environment): MonitoringConfig["tls"] => {
  const enabled = env.flag(`${PREFIX}_TLS_ENABLED`, false)
  const files = env.pair(`${PREFIX}_TLS_CERT_FILE`, `${PREFIX}_TLS_KEY_FILE`)
  const minVersion = VERSIONS[env.oneOf(`${PREFIX}_TLS_MIN_VERSION`, ["TLSv1_2", "TLSv1_3"], "TLSv1_2")] ?? "TLSv1.2"
  const maxVersion = VERSIONS[env.oneOf(`${PREFIX}_TLS_MAX_VERSION`, ["", "TLSv1_2", "TLSv1_3"], "")] ?? null
  if (minVersion === "TLSv1.3" && maxVersion === "TLSv1.2") {
    env.problems.push(`${PREFIX}_TLS_MAX_VERSION: must not be below ${PREFIX}_TLS_MIN_VERSION`)
  }
  if (!enabled && files !== null) {
    env.problems.push(`${PREFIX}_TLS_CERT_FILE: has no effect without ${PREFIX}_TLS_ENABLED=true; set it, or leave this out`)
  }
  const clientCaFile = env.optional(MONITORING_CLIENT_CA)
  if (!enabled && clientCaFile !== null) {
    env.problems.push(`${MONITORING_CLIENT_CA}: has no effect without ${PREFIX}_TLS_ENABLED=true; set it, or leave this out`)
  }
  return enabled ? { files, minVersion, maxVersion, clientCaFile } : null
}

export const readMonitoring = (env: Environment): MonitoringConfig => {
  const versions = env.list(`${PREFIX}_API_VERSIONS`)
  for (const version of versions.filter((one) => one !== "v1")) {
    env.problems.push(`${PREFIX}_API_VERSIONS: must be v1, the one there is, but has "${version}"`)
  }
  return {
    enabled: env.flag(`${PREFIX}_ENABLED`, true),
    ...readListen(env, MONITORING, 5676),
    tls: readTls(env),
    bearerToken: readToken(env),
    defaultFetchTimeoutMillis: env.millis(`${PREFIX}_DEFAULT_FETCH_TIMEOUT`, 30_000)
  }
}
