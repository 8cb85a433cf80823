/** Opens an HTTP server at its address until the scope ends. */
import { Effect } from "effect"
import type { Server, Socket } from "node:net"
import { bindPort } from "../bindPort.ts"
import type { Listen } from "../config/ControlPlaneConfig.ts"
import type { ListenVariables } from "../config/listeners.ts"
import { connectionsRefused, count } from "../diagnostics/metrics.ts"

type Door = "api" | "dataplane" | "diagnostics" | "mads"

export interface DoorNames {
  /** In metrics. */
  readonly door: Door
  /** The environment variables that name its address and port, for errors. */
  readonly variables: ListenVariables
}

/** Counts whom this server turns away from now on. */
export const countRefused = (server: Server, door: Door) =>
  Effect.map(Effect.context<never>(), (context) =>
    void server.on("drop", () => count(connectionsRefused, 1, context, { door })))

/** The port in fact. Whoever is connected at the end is cut off, also amid a handshake: it can't be waited for. */
export const openDoor = Effect.fnUntraced(function*(server: Server, listen: Listen, { door, variables }: DoorNames) {
  yield* countRefused(server, door)
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  return yield* Effect.acquireRelease(bindPort(server, listen, variables), () =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      for (const socket of sockets) socket.destroy()
    }))
})
