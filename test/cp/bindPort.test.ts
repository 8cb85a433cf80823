import { Effect, Exit } from "effect"
import { connect, createServer, type Server } from "node:net"
import { afterEach, expect, it } from "vitest"
import { bindPort } from "../../src/cp/bindPort.ts"

const servers: Array<Server> = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const bind = (port: number) => {
  const server = createServer((socket) => socket.end("here"))
  servers.push(server)
  return { server, bound: Effect.runPromiseExit(bindPort(server, { address: "127.0.0.1", port }, "SOME_PORT")) }
}

const portOf = (exit: Exit.Exit<number, unknown>): number => (Exit.isSuccess(exit) ? exit.value : 0)

const greet = (port: number) =>
  new Promise<string>((resolve, reject) => {
    connect(port, "127.0.0.1").on("data", (data) => resolve(String(data))).on("error", reject)
  })

it("gives the port that it got where any would do", async () => {
  const port = portOf(await bind(0).bound)
  expect(port).toBeGreaterThan(0)
  expect(await greet(port)).toBe("here")
})

it("says which port is taken, and what names it", async () => {
  const port = portOf(await bind(0).bound)
  const exit = await bind(port).bound
  expect(Exit.isFailure(exit) ? String(exit.cause) : "").toContain(
    `can't listen on 127.0.0.1:${port} (EADDRINUSE): end what uses it, or set SOME_PORT`
  )
})

it("lets a server outlive connections that it can't accept", async () => {
  const { bound, server } = bind(0)
  const port = portOf(await bound)
  for (let attempt = 0; attempt < 2; attempt++) server.emit("error", new Error("accept EMFILE"))
  expect(await greet(port)).toBe("here")
})
