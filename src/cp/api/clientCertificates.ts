/** Which certificates are taken of clients over HTTPS. */
import { Effect, Schema } from "effect"
import { X509Certificate } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import type { Server, ServerOptions } from "node:https"
import { join } from "node:path"
import type { TLSSocket } from "node:tls"
import type { ApiServerConfig } from "../config/ApiServerConfig.ts"

/** A file that is to say who may come can't be used. */
export class ApiTlsInvalid extends Schema.TaggedError<ApiTlsInvalid>()("ApiTlsInvalid", { message: Schema.String }) {}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

export const readCertificates = async (path: string): Promise<ReadonlyArray<string>> => {
  const found = (await readFile(path, "utf8")).match(PEM) ?? []
  if (found.length === 0) throw new Error("there is no certificate in PEM in it")
  for (const pem of found) new X509Certificate(pem)
  return found
}

const namedIn = async ({ caFile, dir }: ApiServerConfig["clientCertificates"]): Promise<ReadonlyArray<string>> => {
  const files = dir === null ? [] : await readdir(dir)
  return [
    ...files.filter((name) => /\.(pem|crt)$/.test(name)).sort().map((name) => join(dir ?? "", name)),
    ...(caFile === null ? [] : [caFile])
  ]
}

const readAll = (config: ApiServerConfig["clientCertificates"]) => {
  const setting = "KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR or KUMA_API_SERVER_HTTPS_TLS_CA_FILE"
  const fail = (path: string, cause: unknown) =>
    new ApiTlsInvalid({
      message: `${setting}: ${path} can't be used: ${cause instanceof Error ? cause.message : String(cause)}`
    })
  return Effect.tryPromise({ try: () => namedIn(config), catch: (cause) => fail(config.dir ?? "", cause) }).pipe(
    Effect.flatMap((paths) =>
      Effect.forEach(paths, (path) =>
        Effect.tryPromise({ try: () => readCertificates(path), catch: (cause) => fail(path, cause) }))
    ),
    Effect.map((found) => found.flat())
  )
}

export interface ApiTls {
  readonly options: ServerOptions
  readonly clients: ClientCheck | null
}

export const apiTls = Effect.fnUntraced(function*(
  { authn, clientCertificates, https }: ApiServerConfig,
  tls: { readonly certificatePem: string; readonly privateKeyPem: string }
): Effect.fn.Return<ApiTls, ApiTlsInvalid> {
  const options = { cert: tls.certificatePem, key: tls.privateKeyPem, minVersion: https.minVersion }
  if (authn.type !== "adminClientCerts" && !clientCertificates.required) return { options, clients: null }
  const ca = yield* readAll(clientCertificates)
  if (ca.length === 0) {
    return yield* new ApiTlsInvalid({
      message: `KUMA_API_SERVER_AUTH_CLIENT_CERTS_DIR: ${clientCertificates.dir} holds no .pem or .crt: nobody could ` +
        "come in"
    })
  }
  return {
    // What is wrong with a certificate is found by checkClients: to come without one may be fine.
    options: { ...options, ca: [...ca], requestCert: true, rejectUnauthorized: false },
    clients: { listed: ca.map((pem) => new X509Certificate(pem)), required: clientCertificates.required }
  }
})

interface ClientCheck {
  readonly listed: ReadonlyArray<X509Certificate>
  /** Nobody comes in without one. */
  readonly required: boolean
}

/** Connections of clients whose certificate somebody of ours vouches for. */
const vouched = new WeakSet<object>()

export const hasClientCertificate = (socket: object): boolean => vouched.has(socket)

/**
 * OpenSSL trusts roots alone; a client's own certificate in the folder is one to go by, too, while it's valid. That the
 * client has its key was shown by the handshake.
 */
const isListed = (certificate: X509Certificate, { listed }: ClientCheck): boolean =>
  listed.some(({ raw }) => raw.equals(certificate.raw)) &&
  certificate.validFromDate.getTime() <= Date.now() && Date.now() <= certificate.validToDate.getTime()

/** A certificate that nobody vouches for ends the connection, and so does none where one is required. */
export const checkClients = <S extends Server>(server: S, check: ClientCheck | null): S => {
  if (check === null) return server
  return server.prependListener("secureConnection", (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) {
      if (check.required) socket.destroy()
      return
    }
    if (!socket.authorized && !isListed(certificate, check)) return socket.destroy()
    vouched.add(socket)
  })
}
