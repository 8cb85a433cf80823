/** Who may ask which proxies to scrape: whoever connects, or who proves by a token or a certificate to be Prometheus. */
import { Effect, Schema } from "effect"
import { hash, timingSafeEqual } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { readCertificates } from "../api/clientCertificates.ts"
import { isLoopback } from "../config/isSafeOrigin.ts"
import type { MonitoringConfig } from "../config/MonitoringConfig.ts"
import { MONITORING_CLIENT_CA, MONITORING_TOKEN } from "../config/readMonitoring.ts"

/** The file that is to say who may come can't be used. */
export class MonitoringClientsInvalid extends Schema.TaggedError<MonitoringClientsInvalid>()(
  "MonitoringClientsInvalid",
  { message: Schema.String }
) {}

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer")

/** Whether a request brings the token that is asked for. How long that takes tells nothing of it. */
export const tokenCheck = ({ bearerToken }: MonitoringConfig): (request: IncomingMessage) => boolean => {
  if (bearerToken === null) return () => true
  const wanted = digestOf(bearerToken)
  return ({ headersDistinct: { authorization = [] } }) => {
    const [, token = ""] = /^Bearer +(\S+)$/i.exec(authorization[0] ?? "") ?? []
    return authorization.length === 1 && timingSafeEqual(digestOf(token), wanted)
  }
}

/** The CAs of which a client must have a certificate; undefined where none is asked for. */
export const clientCas = ({ tls }: MonitoringConfig) => {
  const path = tls?.clientCaFile ?? null
  return path === null ? Effect.succeed(undefined) : Effect.tryPromise({
    try: () => readCertificates(path),
    catch: (cause) =>
      new MonitoringClientsInvalid({
        message: `${MONITORING_CLIENT_CA}: ${path} can't be used: ${cause instanceof Error ? cause.message : String(cause)}`
      })
  })
}

/** What is to be said at start of who may ask, or null. */
export const openness = ({ address, bearerToken, tls }: MonitoringConfig): string | null => {
  if (isLoopback(address)) return null
  if (bearerToken === null && (tls === null || tls.clientCaFile === null)) {
    return "The monitoring assignment server is open, as Kuma's: whoever reaches it is told each proxy's address and " +
      `tags. ${MONITORING_TOKEN} or ${MONITORING_CLIENT_CA} closes it`
  }
  return tls === null ? `${MONITORING_TOKEN} is sent in clear: set KUMA_MONITORING_ASSIGNMENT_SERVER_TLS_ENABLED, too` : null
}
