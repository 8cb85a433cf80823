/**
 * Servers that whoever connects too often, sends or takes too slowly, or does nothing at all holds up for nobody else.
 * Whom there is no room for is turned away at once, and `drop` is emitted, as Node does of its own bound.
 */
import { createServer, type RequestListener, type Server as HttpServer, type ServerOptions } from "node:http"
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https"
import type { Server, Socket } from "node:net"
import { createServer as createTlsServer, type Server as TlsServer, type TlsOptions } from "node:tls"
import type { DoorLimits } from "./DoorLimits.ts"
import { PlacesOfEach } from "./PlacesOfEach.ts"

/** Each of these times is looked at ten times within, but each second at the least. */
const CHECK_MILLIS = 1_000

/** Of one that vanished without a word the kernel tells within a minute, or thereabouts. */
const PROBE_MILLIS = 30_000

type Times = Pick<DoorLimits, "headMillis" | "idleMillis" | "requestMillis">

export const httpOptions = ({ headMillis, idleMillis, requestMillis }: Times): ServerOptions => ({
  headersTimeout: headMillis,
  requestTimeout: requestMillis,
  keepAliveTimeout: idleMillis,
  connectionsCheckingInterval: Math.min(CHECK_MILLIS, Math.max(1, requestMillis / 10)),
  keepAlive: true,
  keepAliveInitialDelay: PROBE_MILLIS
})

const limitConnections = <S extends Server>(server: S, { connections, connectionsOfOne }: DoorLimits): S => {
  if (connections !== null) server.maxConnections = connections
  if (connectionsOfOne === null) return server
  const places = new PlacesOfEach(connectionsOfOne)
  // Before whatever else is done with it: a handshake costs most of all.
  return server.prependListener("connection", (socket: Socket) => {
    const leave = places.take(socket.remoteAddress ?? "")
    if (leave !== null) return void socket.once("close", leave)
    socket.destroy()
    server.emit("drop")
  })
}

const limitAnswers = <S extends HttpServer>(server: S, { writeMillis }: DoorLimits): S =>
  writeMillis === null ? server : server.setTimeout(writeMillis)

export const httpServer = (limits: DoorLimits, listener: RequestListener): HttpServer =>
  limitAnswers(limitConnections(createServer(httpOptions(limits), listener), limits), limits)

export const httpsServer = (limits: DoorLimits, tls: TlsOptions, listener: RequestListener): HttpsServer => {
  const options = { ...httpOptions(limits), ...tls, handshakeTimeout: limits.handshakeMillis }
  return limitAnswers(limitConnections(createHttpsServer(options, listener), limits), limits)
}

/** For whatever is spoken inside. */
export const tlsServer = (limits: DoorLimits, tls: TlsOptions): TlsServer =>
  limitConnections(createTlsServer({ ...tls, handshakeTimeout: limits.handshakeMillis }), limits)
