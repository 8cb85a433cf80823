import { Effect, Exit } from "effect"
import { connect, createServer, type Server } from "node:net"
import { afterEach, expect, it } from "vitest"
import { bindPort } from "../../src/cp/bindPort.ts"

const servers: Array<Server> = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const VARIABLES = { address: "SOME_ADDRESS", port: "SOME_PORT" }

const bind = (port: number, address = "127.0.0.1") => {
  const server = createServer((socket) => socket.end("here"))
  servers.push(server)
  return { server, bound: Effect.runPromiseExit(bindPort(server, { address, port }, VARIABLES)) }
}

const whyNot = (exit: Exit.Exit<number, unknown>): string => (Exit.isFailure(exit) ? String(exit.cause) : "")

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
  expect(whyNot(await bind(port).bound)).toContain(
    `can't listen on 127.0.0.1:${port} (EADDRINUSE): end what uses it, or set SOME_PORT or SOME_ADDRESS`
  )
})

it("says of an address that isn't this machine's what names it", async () => {
  const remedy = "this machine has no such address; set SOME_ADDRESS or ECS_MESH_BIND_ADDRESS to one that it has"
  // RFC 5737, 3: 192.0.2.0/24 is nobody's.
  expect(whyNot(await bind(1, "192.0.2.1").bound)).toContain(`can't listen on 192.0.2.1:1 (EADDRNOTAVAIL): ${remedy}`)
  // RFC 3849: as is 2001:db8::/32.
  expect(whyNot(await bind(1, "2001:db8::1").bound)).toContain(`can't listen on [2001:db8::1]:1 (`)
})

it.each([
  ["ENOTFOUND", "this machine has no such address; set SOME_ADDRESS or ECS_MESH_BIND_ADDRESS to one that it has"],
  ["EACCES", "set SOME_PORT or SOME_ADDRESS"]
])("says what to do about %s", async (code, remedy) => {
  const server = createServer()
  server.listen = () => {
    setImmediate(() => server.emit("error", Object.assign(new Error("no"), { code })))
    return server
  }
  const exit = await Effect.runPromiseExit(bindPort(server, { address: "here", port: 1 }, VARIABLES))
  expect(whyNot(exit)).toContain(`can't listen on here:1 (${code}): ${remedy}`)
})

it("lets a server outlive connections that it can't accept", async () => {
  const { bound, server } = bind(0)
  const port = portOf(await bound)
  for (let attempt = 0; attempt < 2; attempt++) server.emit("error", new Error("accept EMFILE"))
  expect(await greet(port)).toBe("here")
})
