import { connect, createServer, type Socket } from "node:net"
import { Effect } from "effect"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"

interface Proxy {
  readonly port: number
  readonly silence: () => void
  readonly close: () => void
}

/** A way to the database on which connections that stand can fall silent without being closed. */
export const silencableProxy = (config: StoreConfig) =>
  Effect.acquireRelease(
    Effect.callback<Proxy>((resume) => {
      const pairs: Array<readonly [Socket, Socket]> = []
      const server = createServer((near) => {
        const far = connect(config.port, config.host)
        pairs.push([near, far])
        near.pipe(far).on("error", () => near.destroy())
        far.pipe(near).on("error", () => far.destroy())
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed({
          port: typeof address === "object" && address !== null ? address.port : 0,
          silence: () => pairs.forEach(([near, far]) => [near.unpipe(far).pause(), far.unpipe(near).pause()]),
          close: () => {
            pairs.flat().forEach((socket) => socket.destroy())
            server.close()
          }
        }))
      })
    }),
    (proxy) => Effect.sync(proxy.close)
  )
