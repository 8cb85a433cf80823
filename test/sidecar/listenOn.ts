import type { Server } from "node:http"
import type { Server as SecureServer } from "node:https"
import type { AddressInfo } from "node:net"

/** Any free port on loopback. */
export const listenOn = async (server: Server | SecureServer): Promise<{ port: number; stop: () => Promise<void> }> => {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port: (server.address() as AddressInfo).port, stop }
}
