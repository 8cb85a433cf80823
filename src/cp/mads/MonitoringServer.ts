/**
 * Kuma's MADS: tells Prometheus (`kuma_sd_configs`) which proxies' metrics to scrape. Receives the cache's changes and
 * long polls over HTTP; produces lists of targets. It writes nothing. Whoever connects is told, as with Kuma, or who
 * proves to be Prometheus.
 */
import { Context, Effect, Layer } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { ErrorBody } from "../../model/Bootstrap.ts"
import { MONITORING } from "../config/listeners.ts"
import type { MonitoringConfig } from "../config/MonitoringConfig.ts"
import { count, madsPolls, madsRequests } from "../diagnostics/metrics.ts"
import type { DoorLimits } from "../door/DoorLimits.ts"
import { openDoor } from "../door/openDoor.ts"
import { httpServer, httpsServer } from "../door/servers.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import type { ControlPlaneTls } from "../tls/ControlPlaneTls.ts"
import { ASSIGNED, Assignments } from "./Assignments.ts"
import { clientCas, openness, tokenCheck } from "./clients.ts"
import { readDiscoveryRequest, readFetchTimeout } from "./discoveryRequest.ts"
import { Polls } from "./Polls.ts"

const PATH = "/v3/discovery:monitoringassignments"
/** A request names a client and a version. */
const MAX_BODY_BYTES = 64 * 1024
/** Prometheus' own limit of a request is two minutes; whoever asks for longer asks again. */
const MOST_WAIT_MILLIS = 10 * 60_000
/** A job of Prometheus' has one. */
const POLLS = { most: 256, mostOfOne: 64 }
const REQUEST_MILLIS = 10_000
/** A client that takes nothing of its answer for so long has gone. */
const WRITE_MILLIS = 30_000

const LIMITS: DoorLimits = {
  connections: 512,
  connectionsOfOne: 128,
  handshakeMillis: REQUEST_MILLIS,
  headMillis: REQUEST_MILLIS,
  requestMillis: REQUEST_MILLIS,
  // A poll waits for minutes.
  writeMillis: null,
  idleMillis: 120_000
}

export class MonitoringServer extends Context.Service<
  MonitoringServer,
  {
    /** Null where it is off. */
    readonly port: number | null
    /** Polls that wait for a change. */
    readonly waiting: () => number
  }
>()("ecs-mesh/cp/mads/MonitoringServer") {}

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

const text = (status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status, type: "text/plain; charset=utf-8", body: `${status}: ${reason}`, headers
})

const problem = (status: number, title: string, detail: string, headers: Readonly<Record<string, string>> = {}): Reply => {
  const body: ErrorBody = { type: "/std-errors", status, title, detail, details: detail }
  return { status, type: "application/json", body: JSON.stringify(body), headers }
}

const NOT_MODIFIED: Reply = { status: 304, type: "application/json", body: "" }

const send = (response: ServerResponse, { body, headers = {}, status, type }: Reply): void => {
  if (response.headersSent || response.destroyed) return
  response.setTimeout(WRITE_MILLIS, () => response.destroy())
  // RFC 9110, 15.4.5: a 304 has no content.
  response.writeHead(status, {
    ...(status === 304 ? {} : { "content-type": type, "content-length": Buffer.byteLength(body) }),
    "x-content-type-options": "nosniff",
    ...headers
  })
  response.end(status === 304 ? undefined : body)
}

/** What is wrong with a request by its head alone, or null. */
const refusal = ({ headers, method, url = "/" }: IncomingMessage): Reply | null => {
  if (url.split("?")[0] !== PATH) return text(404, "Page Not Found")
  if (method !== "POST") return text(405, "Method Not Allowed", { allow: "POST" })
  return /^application\/json\s*(;|$)/i.test(headers["content-type"] ?? "") ? null : text(415, "Unsupported Media Type")
}

/** Null where it is too long. */
const readBody = async (request: IncomingMessage): Promise<string | null> => {
  const chunks: Array<Buffer> = []
  let bytes = 0
  for await (const chunk of request) {
    const part: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) return null
    chunks.push(part)
  }
  return Buffer.concat(chunks).toString("utf8")
}

interface Notes {
  readonly answered: (status: number) => void
  /** Somebody began to wait, or ended. */
  readonly waiting: () => void
}

const UNAUTHORIZED = problem(401, "Unauthorized", "the request doesn't bring the token that this server asks for", {
  "www-authenticate": "Bearer"
})

const listener = (polls: Polls, config: MonitoringConfig, notes: Notes) => {
  const mayAsk = tokenCheck(config)
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const reply = (one: Reply): void => {
      notes.answered(one.status)
      send(response, one)
    }
    const refused = mayAsk(request) ? refusal(request) : UNAUTHORIZED
    if (refused !== null) return reply({ ...refused, headers: { ...refused.headers, connection: "close" } })
    const body = await readBody(request)
    if (body === null) {
      const detail = `the body has more than ${MAX_BODY_BYTES} bytes`
      return reply(problem(413, "Content Too Large", detail, { connection: "close" }))
    }
    const read = readDiscoveryRequest(body)
    if ("problem" in read) return reply(problem(400, "Could not parse request body", read.problem))
    const given = new URL(request.url ?? "/", "http://mads").searchParams.get("fetch-timeout")
    const wait = readFetchTimeout(given, config.defaultFetchTimeoutMillis)
    if (wait === null) {
      return reply(problem(400, "Could not parse fetch-timeout", `"${given}" is no duration such as 30s or 2m`))
    }
    const address = request.socket.remoteAddress ?? ""
    const leave = polls.ask(read.request, Math.min(wait, MOST_WAIT_MILLIS), address, (told) =>
      reply(told === null ? NOT_MODIFIED : { status: 200, type: "application/json", body: told.body }))
    if (leave === undefined) {
      const detail = `${POLLS.mostOfOne} clients of one address wait already, or ${POLLS.most} in all: try again later`
      return reply(problem(503, "Service unavailable", detail, { "retry-after": "5" }))
    }
    notes.waiting()
    response.once("close", () => {
      leave()
      notes.waiting()
    })
  }
  return (request: IncomingMessage, response: ServerResponse): void => {
    // A client that goes away while it is read has nobody left to be answered.
    answer(request, response).catch(() => response.destroy())
  }
}

type Tls = Pick<ControlPlaneTls["Service"], "certificatePem" | "privateKeyPem">

const make = Effect.fnUntraced(function*(config: MonitoringConfig, tls: Tls) {
  if (!config.enabled) return MonitoringServer.of({ port: null, waiting: () => 0 })
  const cache = yield* ResourceCache
  const context = yield* Effect.context<never>()
  const assignments = new Assignments()
  const polls = new Polls(assignments, POLLS)
  yield* Effect.acquireRelease(
    // In one step: a change that came between two would be lost.
    Effect.sync(() => {
      assignments.apply(
        ASSIGNED.flatMap((type) => cache.list(type)).map((after) => ({ key: after, before: undefined, after }))
      )
      return cache.onChange((changes) => {
        const changed = assignments.apply(changes)
        if (changed === "all" || changed.size > 0) polls.wake(changed)
      })
    }),
    (stop) => Effect.sync(stop)
  )
  const answer = listener(polls, config, {
    answered: (status) => count(madsRequests, 1, context, { status: String(status) }),
    waiting: () => count(madsPolls, polls.waiting, context)
  })
  const ca = yield* clientCas(config)
  const server: Server = config.tls === null ? httpServer(LIMITS, answer) : httpsServer(LIMITS, {
    cert: tls.certificatePem,
    key: tls.privateKeyPem,
    minVersion: config.tls.minVersion,
    ...(config.tls.maxVersion === null ? {} : { maxVersion: config.tls.maxVersion }),
    ...(ca === undefined ? {} : { ca: [...ca], requestCert: true, rejectUnauthorized: true })
  }, answer)
  const port = yield* openDoor(server, config, { door: "mads", variables: MONITORING })
  yield* Effect.logInfo("The monitoring assignment server listens").pipe(
    Effect.annotateLogs({ address: config.address, port, tls: config.tls !== null })
  )
  const said = openness(config)
  if (said !== null) yield* Effect.logWarning(said)
  return MonitoringServer.of({ port, waiting: () => polls.waiting })
})

/** Serves until its scope ends. `tls`: used where the configuration asks for TLS. */
export const monitoringServer = (config: MonitoringConfig, tls: Tls) =>
  Layer.effect(MonitoringServer, make(config, tls))
