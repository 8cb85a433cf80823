/** Opens an HTTP server at its address until the scope ends, and counts whom it has no room for. */
import { Effect } from "effect"
import type { Server, Socket } from "node:net"
import { bindPort } from "../bindPort.ts"
import type { Listen } from "../config/ControlPlaneConfig.ts"
import { connectionsRefused, count } from "../diagnostics/metrics.ts"

export interface DoorNames {
  /** In metrics. */
  readonly door: "api" | "diagnostics" | "mads"
  /** The environment variables that name its port, for errors. */
  readonly setting: string
}

/** The port in fact. Whoever is connected at the end is cut off, also amid a handshake: it can't be waited for. */
export const openDoor = Effect.fnUntraced(function*(server: Server, listen: Listen, { door, setting }: DoorNames) {
  const context = yield* Effect.context<never>()
  const sockets = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  server.on("drop", () => count(connectionsRefused, 1, context, { door }))
  return yield* Effect.acquireRelease(bindPort(server, listen, setting), () =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      for (const socket of sockets) socket.destroy()
    }))
})
