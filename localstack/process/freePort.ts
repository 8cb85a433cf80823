import { createServer } from "node:net"

/** A TCP port that nothing listens on at `host` now. Another process may take it before you do: bind soon. */
export const freePort = (host = "127.0.0.1"): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === "object"
          ? resolve(address.port)
          : reject(new Error(`${host} gave no port`)))
    })
  })
