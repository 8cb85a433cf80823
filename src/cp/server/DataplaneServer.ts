/**
 * The data plane's one port: TLS, then by ALPN either gRPC (ADS) or HTTP/1.1 with `POST /bootstrap`. Envoy offers h2;
 * kuma-dp and the sidecar, which ask for a bootstrap, don't.
 */
import { Context, Effect, FiberSet, Layer } from "effect"
import { createServer as createHttpServer } from "node:http"
import { bindPort } from "../bindPort.ts"
import { Bootstrapper } from "../bootstrap/Bootstrapper.ts"
import type { Listen } from "../config/ControlPlaneConfig.ts"
import { DATAPLANES } from "../config/listeners.ts"
import type { DoorLimits } from "../door/DoorLimits.ts"
import { countRefused } from "../door/openDoor.ts"
import { httpOptions, tlsServer } from "../door/servers.ts"
import { ControlPlaneTls } from "../tls/ControlPlaneTls.ts"
import { AdsServer } from "./AdsServer.ts"
import { bootstrapListener } from "./bootstrapListener.ts"

/** A token may have 32 KiB; Node's own limit is 16. */
const MAX_HEADER_BYTES = 64 * 1024
/** For a handshake, and for a whole request. */
const REQUEST_MILLIS = 10_000
/** A proxy asks once. */
const IDLE_MILLIS = 5_000
/** Also where none of them is answered yet: each may bring a body that is kept until then. */
const REQUESTS_OF_A_CONNECTION = 16

/** Who does nothing with a connection loses it: what passes the handshake is ADS' to judge, or a request. */
const limits = (connectionsOfOne: number | null, requestMillis: number): DoorLimits => ({
  connections: null,
  connectionsOfOne,
  handshakeMillis: requestMillis,
  headMillis: requestMillis,
  requestMillis,
  writeMillis: null,
  idleMillis: IDLE_MILLIS
})

/**
 * Silence after which the kernel asks whether the peer's is still there: each second, ten times (as libuv sets it). So
 * a peer that vanished while nothing was on its way to it is noticed within 20 s, and at no cost to this process.
 */
const PROBE_MILLIS = 10_000

export class DataplaneServer extends Context.Service<
  DataplaneServer,
  {
    readonly address: string
    /** The port in fact: where 0 was asked for, the one that was given. */
    readonly port: number
  }
>()("ecs-mesh/cp/server/DataplaneServer") {
  /** Needs AdsServer, Bootstrapper and ControlPlaneTls; listens until the scope ends. */
  static readonly layer = (
    listen: Listen & { readonly connectionsOfOne: number | null },
    requestMillis: number = REQUEST_MILLIS
  ) =>
    Layer.effect(
      DataplaneServer,
      Effect.gen(function*() {
        const ads = yield* AdsServer
        const bootstrapper = yield* Bootstrapper
        const tls = yield* ControlPlaneTls
        const run = yield* FiberSet.makeRuntime<never, void, never>()
        const door = limits(listen.connectionsOfOne, requestMillis)
        const http = createHttpServer({ ...httpOptions(door), maxHeaderSize: MAX_HEADER_BYTES })
        http.maxRequestsPerSocket = REQUESTS_OF_A_CONNECTION
        // Node begins to look at these times once a server listens, and this one never does itself.
        http.emit("listening")
        const server = tlsServer(door, {
          cert: tls.certificatePem,
          key: tls.privateKeyPem,
          minVersion: "TLSv1.2",
          ALPNProtocols: ["h2", "http/1.1"],
          keepAlive: true,
          keepAliveInitialDelay: PROBE_MILLIS
        })
        server.on("secureConnection", (socket) => {
          // A peer that resets its connection is no fault of ours; whoever serves the socket notices that it closed.
          socket.on("error", () => {})
          if (socket.alpnProtocol === "h2") ads.inject(socket)
          else http.emit("connection", socket)
        })
        yield* countRefused(server, "dataplane")
        server.on("tlsClientError", (_, socket) => socket.destroy())
        const port = yield* Effect.acquireRelease(bindPort(server, listen, DATAPLANES), () =>
          Effect.sync(() => {
            server.close()
            http.close()
            http.closeAllConnections()
          }))
        http.on("request", bootstrapListener({ port, run, answer: bootstrapper.answer }))
        yield* Effect.logInfo("The data plane server listens").pipe(
          Effect.annotateLogs({ address: listen.address, port })
        )
        return DataplaneServer.of({ address: listen.address, port })
      })
    )
}
