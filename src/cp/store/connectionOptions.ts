/** How `pg` is to connect: address, TLS and the times after which a silent database counts as lost. */
import { readFileSync } from "node:fs"
import type { ConnectionOptions } from "node:tls"
import type { ClientConfig } from "pg"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"

/** The server gives a statement up after this; the client waits a little longer for it to say so. */
const STATEMENT_TIMEOUT_MILLIS = 10_000
const QUERY_TIMEOUT_MILLIS = 12_000

const readTlsFile = (variable: string, path: string): string => {
  try {
    return readFileSync(path, "utf8")
  } catch (cause) {
    throw new Error(`${variable} names ${path}, which can't be read`, { cause })
  }
}

/** Throws where a file can't be read. */
export const tlsOptions = (tls: StoreConfig["tls"]): false | ConnectionOptions => {
  if (tls.mode === "disable") return false
  const options: ConnectionOptions = { rejectUnauthorized: tls.mode !== "verifyNone" }
  if (tls.caPath !== null) options.ca = readTlsFile("KUMA_STORE_POSTGRES_TLS_CA_PATH", tls.caPath)
  if (tls.certPath !== null) options.cert = readTlsFile("KUMA_STORE_POSTGRES_TLS_CERT_PATH", tls.certPath)
  if (tls.keyPath !== null) options.key = readTlsFile("KUMA_STORE_POSTGRES_TLS_KEY_PATH", tls.keyPath)
  // verifyCa trusts whoever the CA signed, under whatever name.
  if (tls.mode === "verifyCa") options.checkServerIdentity = () => undefined
  return options
}

/** `purpose` is what `pg_stat_activity` shows. Throws where a TLS file can't be read. */
export const connectionOptions = (config: StoreConfig, purpose: string): ClientConfig => ({
  host: config.host,
  port: config.port,
  user: config.user,
  password: config.password,
  database: config.dbName,
  ssl: tlsOptions(config.tls),
  application_name: `ecs-mesh ${purpose}`,
  connectionTimeoutMillis: config.connectionTimeoutMillis,
  statement_timeout: STATEMENT_TIMEOUT_MILLIS,
  query_timeout: QUERY_TIMEOUT_MILLIS,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000
})
