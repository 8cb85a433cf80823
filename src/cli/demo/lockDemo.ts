/**
 * One demo a folder. The lock is a socket of the kernel's, without a file: it is taken in one step, before anything in
 * the folder is touched, and it is gone with its process however that ends. Whoever asks it is told the process.
 */
import { createHash } from "node:crypto"
import { connect, createServer, type Server } from "node:net"
import { Effect, type Scope } from "effect"
import { DemoFailed } from "./DemoWorld.ts"

const ANSWER_WITHIN_MILLIS = 2_000

/** https://man7.org/linux/man-pages/man7/unix.7.html: an abstract address begins with a null byte. */
const addressOf = (folder: string): string =>
  `\0ecs-mesh-demo-${createHash("sha256").update(folder).digest("hex").slice(0, 32)}`

const listen = (address: string): Promise<Server | null> =>
  new Promise((resolve, reject) => {
    const server = createServer((asker) => {
      asker.on("error", () => undefined)
      asker.end(String(process.pid))
    })
    server.once("error", (error: NodeJS.ErrnoException) => error.code === "EADDRINUSE" ? resolve(null) : reject(error))
    server.listen(address, () => {
      server.unref()
      resolve(server)
    })
  })

/** Empty where it doesn't say. */
const holderOf = (address: string): Promise<string> =>
  new Promise((resolve) => {
    let text = ""
    const asker = connect(address)
    asker.setTimeout(ANSWER_WITHIN_MILLIS, () => asker.destroy())
    asker.setEncoding("utf8").on("data", (chunk: string) => text += chunk)
    asker.on("error", () => undefined)
    asker.once("close", () => resolve(text))
  })

/** Held until the scope ends. */
export const lockDemo = (folder: string): Effect.Effect<void, DemoFailed, Scope.Scope> => {
  const address = addressOf(folder)
  const take = Effect.tryPromise({
    try: async () => {
      const server = await listen(address)
      if (server !== null) return server
      throw new Error(`the demo already runs here (process ${await holderOf(address)}); end it with Ctrl-C first`)
    },
    catch: (error) => new DemoFailed({ message: error instanceof Error ? error.message : String(error) })
  })
  return Effect.asVoid(Effect.acquireRelease(take, (server) => Effect.sync(() => server.close())))
}
