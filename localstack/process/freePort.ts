import { createServer } from "node:net"

/**
 * Below what the system gives to whoever asks for any port (from 32768 on Linux, from 49152 elsewhere): between the
 * answer and the bind, none of the many that do may get it. And above 10080, the last one that `fetch` refuses to ask.
 */
const FIRST = 10_100
const COUNT = 10_000
/** Apart, as who has one may use those beside it; it meets every port. */
const STEP = 37

const isFree = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", (error: NodeJS.ErrnoException) => error.code === "EADDRINUSE" ? resolve(false) : reject(error))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })

let next = Math.floor(Math.random() * COUNT)

/** A TCP port that nothing listens on at `host` now, and that this process wasn't given before. Bind soon. */
export const freePort = async (host = "127.0.0.1"): Promise<number> => {
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + next
    next = (next + STEP) % COUNT
    if (await isFree(port, host)) return port
  }
  throw new Error(`${host} gave no port`)
}
