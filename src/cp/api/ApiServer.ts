/**
 * Kuma's REST API: receives resources over HTTP and HTTPS, produces what the store holds in Kuma's JSON. It judges
 * what is written and who may, and never talks to a proxy nor decides anything about one.
 */
import { Context, Effect, Layer } from "effect"
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { pipeline } from "node:stream/promises"
import type { Journal, JournalExport } from "../../model/Journal.ts"
import { Store } from "../../model/Store.ts"
import { bindPort, type PortUnavailable } from "../bindPort.ts"
import type { ControlPlaneConfig, Listen } from "../config/ControlPlaneConfig.ts"
import type { ApiResponse } from "./ApiRequest.ts"
import { ExportPlaces } from "./ExportPlaces.ts"
import { handle, type Identity } from "./handle.ts"
import { readRequest } from "./readRequest.ts"

export class ApiServer extends Context.Service<
  ApiServer,
  {
    /** The port that is bound, or null where that server is off. */
    readonly httpPort: number | null
    readonly httpsPort: number | null
  }
>()("ecs-mesh/cp/api/ApiServer") {}

export interface ApiServerOptions {
  readonly config: ControlPlaneConfig["apiServer"]
  readonly identity: Identity
  /** PEM, leaf first; null leaves HTTPS off. */
  readonly tls: { readonly certificatePem: string; readonly privateKeyPem: string } | null
}

const writeText = (
  outgoing: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {}
): void => {
  outgoing.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
    ...headers
  }).end(text)
}

/** A client that takes nothing for so long has gone; what is read for it would be kept open for nobody. */
const SLOWEST_CLIENT_MILLIS = 30_000

/** Reads on only as fast as the client takes it. */
const writeLines = async (
  outgoing: ServerResponse,
  status: number,
  lines: AsyncIterable<string>,
  instanceId: string
): Promise<void> => {
  outgoing.setTimeout(SLOWEST_CLIENT_MILLIS, () => outgoing.destroy())
  outgoing.writeHead(status, {
    "content-type": "application/jsonl",
    "x-content-type-options": "nosniff",
    "x-ecs-mesh-instance": instanceId
  })
  await pipeline(lines, outgoing)
}

const write = async (outgoing: ServerResponse, response: ApiResponse, { instanceId }: Identity): Promise<void> => {
  if ("lines" in response) {
    return writeLines(outgoing, response.status, response.lines, instanceId).finally(response.over)
  }
  if ("text" in response) return writeText(outgoing, response.status, response.text)
  // One space, as Kuma's answers have it.
  writeText(outgoing, response.status, `${JSON.stringify(response.body, null, 1)}\n`, {
    "content-type": "application/json"
  })
}

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse, scheme: "http" | "https") => Promise<void>

type Services = Store | Journal | JournalExport

const makeAnswer = (services: Context.Context<Services>, { config, identity }: ApiServerOptions): Answer => {
  const run = Effect.runPromiseWith(services)
  const places = new ExportPlaces()
  return async (incoming, outgoing, scheme) => {
    const read = await readRequest(incoming, scheme, config.localhostIsAdmin)
    switch (read._tag) {
      case "RouterRefusal":
        return writeText(outgoing, read.refusal.status, read.refusal.text, read.refusal.headers)
      case "TooLarge":
        // What is still on its way isn't read: the connection ends with the answer.
        outgoing.setHeader("connection", "close")
        return write(outgoing, read.response, identity)
      case "Request":
        return write(outgoing, await run(handle(read.request, read.route, identity, places)), identity)
    }
  }
}

const listen = (server: Server, address: Listen, scheme: "HTTP" | "HTTPS") =>
  Effect.acquireRelease(
    bindPort(server, address, `KUMA_API_SERVER_${scheme}_PORT or KUMA_API_SERVER_${scheme}_INTERFACE`),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

const make = Effect.fnUntraced(function*(options: ApiServerOptions) {
  const { config: { http, https }, tls } = options
  const answer = makeAnswer(yield* Effect.context<Services>(), options)
  const listener = (scheme: "http" | "https"): RequestListener => (incoming, outgoing) => {
    // A client that goes away while it is read has nobody left to be answered.
    answer(incoming, outgoing, scheme).catch(() => outgoing.destroy())
  }
  const httpPort = http.enabled ? yield* listen(createServer(listener("http")), http, "HTTP") : null
  const httpsPort = https.enabled && tls !== null
    ? yield* listen(
      createTlsServer({ cert: tls.certificatePem, key: tls.privateKeyPem }, listener("https")),
      https,
      "HTTPS"
    )
    : null
  yield* Effect.logInfo("The API server listens").pipe(Effect.annotateLogs({ httpPort, httpsPort }))
  return ApiServer.of({ httpPort, httpsPort })
})

/** Serves until its scope ends. */
export const apiServer = (options: ApiServerOptions): Layer.Layer<ApiServer, PortUnavailable, Services> =>
  Layer.effect(ApiServer, make(options))
