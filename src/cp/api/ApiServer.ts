/**
 * Kuma's REST API: receives resources over HTTP and HTTPS, produces what the store holds in Kuma's JSON. It judges
 * what is written and who may, and never talks to a proxy nor decides anything about one.
 */
import { Context, Effect, Layer } from "effect"
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { pipeline } from "node:stream/promises"
import type { Journal, JournalExport } from "../../model/Journal.ts"
import { Store } from "../../model/Store.ts"
import type { PortUnavailable } from "../bindPort.ts"
import type { ApiServerConfig } from "../config/ApiServerConfig.ts"
import { API, type ListenVariables } from "../config/listeners.ts"
import { ANONYMOUS_ACCESS } from "../config/readApiServer.ts"
import type { DoorLimits } from "../door/DoorLimits.ts"
import { openDoor } from "../door/openDoor.ts"
import { httpServer, httpsServer } from "../door/servers.ts"
import { jsonText } from "./jsonText.ts"
import { noteAnswer } from "./noteAnswer.ts"
import { callerName, makeAdmission } from "./admit.ts"
import type { ApiResponse } from "./ApiRequest.ts"
import { apiTls, type ApiTlsInvalid, checkClients } from "./clientCertificates.ts"
import { ExportPlaces } from "./ExportPlaces.ts"
import { answerWith, handle, type Identity, respond, type Setting } from "./handle.ts"
import { readPreconditions } from "./preconditions.ts"
import { judgeContent, readBody, readHead, type RouterRefusal } from "./readRequest.ts"
import { tooMany } from "./Refusal.ts"
import { UntakenAnswers } from "./UntakenAnswers.ts"

export class ApiServer extends Context.Service<
  ApiServer,
  {
    /** The port that is bound, or null where that server is off. */
    readonly httpPort: number | null
    readonly httpsPort: number | null
  }
>()("ecs-mesh/cp/api/ApiServer") {}

export interface ApiServerOptions {
  readonly config: ApiServerConfig
  readonly identity: Identity
  /** What `/config` shows. */
  readonly shownConfig?: unknown
  /** What keeps a HostnameGenerator's names from being kept where it says. */
  readonly warnGenerator?: Setting["warnGenerator"]
  /** PEM, leaf first; null leaves HTTPS off. */
  readonly tls: { readonly certificatePem: string; readonly privateKeyPem: string } | null
  readonly untaken?: UntakenAnswers
}

/** Told how long an answer is before it is sent. */
type Note = (bytes: number) => void

const NOBODY: Note = () => undefined

const writeText = (
  outgoing: ServerResponse,
  status: number,
  text: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  note: Note = NOBODY
): void => {
  const bytes = Buffer.byteLength(text)
  note(bytes)
  outgoing.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": bytes,
    "x-content-type-options": "nosniff",
    // Tokens and secrets are nobody's in between.
    "cache-control": "no-store",
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
    "cache-control": "no-store",
    "x-ecs-mesh-instance": instanceId
  })
  await pipeline(lines, outgoing)
}

const write = async (
  outgoing: ServerResponse,
  response: ApiResponse,
  { instanceId }: Identity,
  note: Note = NOBODY
): Promise<void> => {
  if ("lines" in response) {
    return writeLines(outgoing, response.status, response.lines, instanceId).finally(response.over)
  }
  if ("text" in response) {
    const { contentType } = response
    const headers = contentType === undefined ? {} : { "content-type": contentType }
    return writeText(outgoing, response.status, response.text, headers, note)
  }
  const headers = { "content-type": "application/json", ...response.headers }
  writeText(outgoing, response.status, jsonText(response.body), headers, note)
}

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse, scheme: "http" | "https") => Promise<void>

type Services = Store | Journal | JournalExport

const TOO_MUCH = respond(tooMany("answers that this caller doesn't read"))

/** Bytes that are still read of a request that was refused by its head, so that its sender hears of it. */
const MAX_UNREAD = 64 * 1024

/** More than that isn't read: the connection ends with the answer. */
const leaveUnread = ({ headers }: IncomingMessage, outgoing: ServerResponse): void => {
  const length = headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : Infinity
  if (length > MAX_UNREAD) outgoing.setHeader("connection", "close")
}

/** Aborted when the client goes away before it was answered. */
const goneSignal = (outgoing: ServerResponse): AbortSignal => {
  const gone = new AbortController()
  outgoing.once("close", () => gone.abort())
  if (outgoing.destroyed) gone.abort()
  return gone.signal
}

const makeAnswer = (services: Context.Context<Services>, options: ApiServerOptions): Answer => {
  const { config, identity, shownConfig = {}, untaken = new UntakenAnswers(), warnGenerator = () => [] } = options
  const run = Effect.runPromiseWith(services)
  const setting: Setting = {
    keepsAdminToken: config.authn.bootstrapAdminToken,
    warnGenerator,
    identity, shownConfig, places: new ExportPlaces(), readOnly: config.readOnly,
    issuesUserTokens: config.authn.issuesTokens, access: config.access
  }
  const admit = makeAdmission(config)
  const writeRouterRefusal = (outgoing: ServerResponse, { headers, status, text }: RouterRefusal): void =>
    writeText(outgoing, status, text, headers)

  return async (incoming, outgoing, scheme) => {
    const head = readHead(incoming, scheme)
    if (head._tag === "RouterRefusal") {
      leaveUnread(incoming, outgoing)
      return writeRouterRefusal(outgoing, head)
    }
    const admitted = await run(answerWith(Effect.map(admit(head), (user) => ({ user })), head.rawPath))
    if (!("user" in admitted)) {
      leaveUnread(incoming, outgoing)
      return write(outgoing, admitted, identity)
    }
    const refusal = judgeContent(head)
    if (refusal !== null) {
      leaveUnread(incoming, outgoing)
      return writeRouterRefusal(outgoing, refusal)
    }
    const body = await readBody(incoming)
    if (typeof body !== "string") {
      leaveUnread(incoming, outgoing)
      return write(outgoing, respond(body), identity)
    }
    const { host, method, path, query, rawPath, route } = head
    const contentType = head.headers["content-type"] ?? ""
    const preconditions = readPreconditions(head.headers)
    const { user } = admitted
    const caller = callerName(user, head.remoteAddress)
    /** What is written is done, and told so in few words. */
    const isTooMuch = (): boolean => method === "GET" && !untaken.hasRoom(caller)
    if (isTooMuch()) return write(outgoing, TOO_MUCH, identity)
    const request = {
      method, path, rawPath, query, scheme, host, contentType, preconditions, body, user, caller
    }
    // What was begun is ended, but nobody waits in a line for somebody who went away.
    const ended = { signal: goneSignal(outgoing), uninterruptible: true }
    const response = await run(handle(request, route, setting), ended)
    // Many may have been made meanwhile.
    if (isTooMuch() && !("lines" in response)) return write(outgoing, TOO_MUCH, identity)
    return write(outgoing, response, identity, (bytes) => untaken.hold(caller, outgoing, bytes))
  }
}

/** As Kuma has it, the time for a request's head is also that for a handshake. */
const doorLimits = ({ limits }: ApiServerConfig): DoorLimits => ({
  connections: limits.connections,
  connectionsOfOne: limits.connectionsOfOne,
  handshakeMillis: limits.readHeaderMillis,
  headMillis: limits.readHeaderMillis,
  requestMillis: limits.readMillis,
  writeMillis: limits.writeMillis,
  idleMillis: limits.idleMillis
})

const door = (variables: ListenVariables) => ({ door: "api", variables }) as const

/** A caller is told nothing of what went wrong here. */
const make = Effect.fnUntraced(function*(options: ApiServerOptions) {
  const { config, config: { http, https }, tls } = options
  const limits = doorLimits(config)
  const answer = makeAnswer(yield* Effect.context<Services>(), options)
  const context = yield* Effect.context<never>()
  const listener = (scheme: "http" | "https"): RequestListener => (incoming, outgoing) => {
    noteAnswer(context, incoming, outgoing)
    // A client that goes away while it is read has nobody left to be answered.
    answer(incoming, outgoing, scheme).catch(() => outgoing.destroy())
  }
  const httpPort = http.enabled ? yield* openDoor(httpServer(limits, listener("http")), http, door(API.http)) : null
  const secure = https.enabled && tls !== null ? yield* apiTls(config, tls) : null
  const httpsPort = secure === null ? null : yield* openDoor(
    checkClients(httpsServer(limits, secure.options, listener("https")), secure.clients),
    https,
    door(API.https)
  )
  yield* Effect.logInfo("The API server listens").pipe(Effect.annotateLogs({ httpPort, httpsPort }))
  if (config.anonymousAccess) {
    yield* Effect.logWarning(
      `${ANONYMOUS_ACCESS} is on: whoever reaches the API reads and writes all but secrets and tokens without a login`
    )
  }
  return ApiServer.of({ httpPort, httpsPort })
})

/** Serves until its scope ends. */
export const apiServer = (
  options: ApiServerOptions
): Layer.Layer<ApiServer, PortUnavailable | ApiTlsInvalid, Services> =>
  Layer.effect(ApiServer, make(options))
