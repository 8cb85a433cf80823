// How much of a server one who connects may take.
import { Effect, Exit, Scope } from "effect"
import type { Server } from "node:http"
import { connect, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { describe, expect, it } from "vitest"
import type { DoorLimits } from "../../../src/cp/door/DoorLimits.ts"
import { openDoor } from "../../../src/cp/door/openDoor.ts"
import { httpServer, httpsServer } from "../../../src/cp/door/servers.ts"
import { renderMetrics } from "../../../src/cp/diagnostics/renderMetrics.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { eventually, loopbackTls } from "../server/startControlPlane.ts"

const cleanups = useCleanups()
const tls = await loopbackTls()

const LIMITS: DoorLimits = {
  connections: 100, connectionsOfOne: 2, handshakeMillis: 10_000, headMillis: 10_000, requestMillis: 10_000,
  writeMillis: 10_000, idleMillis: 10_000
}

const make = (scheme: string, limits: Partial<DoorLimits> = {}): Server => {
  const all = { ...LIMITS, ...limits }
  return scheme === "HTTP"
    ? httpServer(all, (_, response) => response.end("yes"))
    : httpsServer(all, { cert: tls.certificatePem, key: tls.privateKeyPem }, (_, response) => response.end("yes"))
}

const open = async (server: Server) => {
  const scope = Scope.makeUnsafe()
  const stop = () => Effect.runPromise(Scope.close(scope, Exit.void))
  cleanups.push(stop)
  const port = await Effect.runPromise(
    openDoor(server, { address: "0.0.0.0", port: 0 }, { door: "api", variables: { address: "ADDRESS", port: "PORT" } }).pipe(Scope.provide(scope))
  )
  return { port, stop }
}

/** A connection from one of this machine's addresses, on which nothing is said yet. */
const come = (port: number, localAddress = "127.0.0.1"): Socket => {
  const socket = connect({ host: "127.0.0.1", port, localAddress })
  cleanups.push(() => { socket.destroy() })
  return socket.on("error", () => {}).resume()
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()))

/** What comes back to a request on it. */
const ask = (socket: Socket, scheme: string): Promise<string> =>
  new Promise((resolve) => {
    const speaking = scheme === "HTTP" ? socket : connectTls({ socket, ca: tls.caPem, servername: "localhost" })
    let answer = ""
    speaking.on("error", () => {})
    speaking.on("data", (bytes) => { answer += String(bytes) })
    speaking.on("close", () => resolve(answer))
    speaking.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
  })

describe.each(["HTTP", "HTTPS"])("one address, at a server of %s,", (scheme) => {
  it("has so many connections and no more, and others are served", async () => {
    const server = make(scheme)
    const { port } = await open(server)
    const [first, second] = [come(port), come(port)]
    await eventually(() => count(server), (connections) => connections === 2)
    await closed(come(port))
    expect(await ask(come(port, "127.0.0.2"), scheme)).toMatch(/^HTTP\/1.1 200 /)
    expect(await ask(first, scheme)).toMatch(/^HTTP\/1.1 200 /)
    // What it gave back it may have again.
    await eventually(() => count(server), (connections) => connections === 1)
    expect(await ask(come(port), scheme)).toMatch(/^HTTP\/1.1 200 /)
    second.destroy()
  })
})

const count = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, found) => (error === null ? resolve(found) : reject(error))))

it("who is turned away is counted", async () => {
  const { port } = await open(make("HTTP", { connectionsOfOne: 1, connections: 2 }))
  const refused = () => {
    const text = Effect.runSync(Effect.map(Effect.context<never>(), (context) =>
      renderMetrics(context, { version: "1", instanceId: "1" })))
    return Number(/^ecs_mesh_connections_refused_total\{door="api"\} (\d+)$/m.exec(text)?.[1] ?? 0)
  }
  const before = refused()
  expect(await ask(come(port), "HTTP")).toMatch(/ 200 /)
  come(port)
  await closed(come(port))
  come(port, "127.0.0.2")
  await closed(come(port, "127.0.0.3"))
  expect(refused()).toBe(before + 2)
})

it.each([
  ["says nothing at all", ""],
  ["begins a handshake and goes no further", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"]
])("a connection to a server of HTTPS that %s ends", async (_, said) => {
  const { port } = await open(make("HTTPS", { handshakeMillis: 50 }))
  const socket = come(port)
  socket.write(Buffer.from(said, "latin1"))
  await closed(socket)
})

it("a connection that says nothing once it's there ends", async () => {
  const { port } = await open(make("HTTPS", { headMillis: 50, requestMillis: 60_000, writeMillis: null }))
  const socket = come(port)
  const speaking = connectTls({ socket, ca: tls.caPem, servername: "localhost" })
  speaking.on("error", () => {}).resume()
  await closed(speaking)
})

it("a client that takes nothing of its answer loses it", async () => {
  let hasClosed = false
  const server = httpServer({ ...LIMITS, writeMillis: 100 }, (_, response) => {
    response.once("close", () => { hasClosed = true })
    response.end(Buffer.alloc(64 * 1024 * 1024))
  })
  const { port } = await open(server)
  const socket = come(port).pause()
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
  await eventually(() => hasClosed, (is) => is)
})

it("ends with its scope, whoever is amid a handshake", async () => {
  const { port, stop } = await open(make("HTTPS", { handshakeMillis: 60_000, headMillis: 60_000, requestMillis: 60_000 }))
  const socket = come(port)
  await new Promise((resolve) => socket.once("connect", resolve))
  const end = closed(socket)
  await stop()
  await end
})
