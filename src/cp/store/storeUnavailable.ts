/** What went wrong between us and the database, in words that say what to do and never show the password. */
import { Predicate } from "effect"
import { StoreUnavailable } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"

/** Codes of Postgres (https://www.postgresql.org/docs/18/errcodes-appendix.html) and of Node's sockets. */
const ADVICE: Readonly<Record<string, string>> = {
  "28P01": "it refused the password: check KUMA_STORE_POSTGRES_USER and KUMA_STORE_POSTGRES_PASSWORD",
  "28000": "it refused the user: check KUMA_STORE_POSTGRES_USER, its TLS mode and the server's pg_hba.conf",
  "3D000": "the database doesn't exist: create it, or set KUMA_STORE_POSTGRES_DB_NAME to one that does",
  "42501": "the user may not do this: make it the owner of the database's schema",
  "53300": "it has no connection left: lower KUMA_STORE_POSTGRES_MAX_OPEN_CONNECTIONS or raise its max_connections",
  "57014": "it took longer than the statement timeout",
  ECONNREFUSED: "nothing listens there: start it, or check KUMA_STORE_POSTGRES_HOST and KUMA_STORE_POSTGRES_PORT",
  ENOTFOUND: "the host name is unknown: check KUMA_STORE_POSTGRES_HOST",
  ETIMEDOUT: "no answer: check security groups and routes between here and the database"
}

const CONNECTION_LOST = new Set([
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "08003",
  "08006",
  "ECONNRESET",
  "EPIPE"
])

const codeOf = (cause: unknown): string | undefined =>
  Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : undefined

/** Whether the connection broke, rather than the statement: another connection may well do. */
export const isConnectionLost = (cause: unknown): boolean => {
  const code = codeOf(cause)
  return code === undefined
    ? cause instanceof Error && /Connection terminated|connection error and is not queryable/.test(cause.message)
    : CONNECTION_LOST.has(code)
}

/**
 * Whether the server won't take what it was given (data exception, constraint, limit exceeded), so that it is no use to
 * try it again, and it has done nothing.
 */
export const isDataRefused = (cause: unknown): boolean => /^(22|23|54)[0-9A-Z]{3}$/.test(codeOf(cause) ?? "")

/** Whoever connects by a name with several addresses gets one error with an empty message and a list in it. */
const messageOf = (cause: unknown): string => {
  if (cause instanceof AggregateError && cause.message === "") return cause.errors.map(messageOf).join("; ")
  return cause instanceof Error ? cause.message : String(cause)
}

const redact = (text: string, secret: string): string => secret === "" ? text : text.replaceAll(secret, "***")

export const storeUnavailable = (config: StoreConfig, operation: string, cause: unknown): StoreUnavailable => {
  const advice = ADVICE[codeOf(cause) ?? ""]
  const message = `Postgres at ${config.host}:${config.port}: ${messageOf(cause)}${
    advice === undefined ? "" : ` (${advice})`
  }`
  return new StoreUnavailable({ operation, message: redact(message, config.password) })
}
