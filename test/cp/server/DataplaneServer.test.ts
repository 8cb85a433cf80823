import { Context, Effect, Layer, ManagedRuntime } from "effect"
import { once } from "node:events"
import { connect } from "node:net"
import { connect as connectTls } from "node:tls"
import { expect, it, vi } from "vitest"
import { Bootstrapper } from "../../../src/cp/bootstrap/Bootstrapper.ts"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { DataplaneServer } from "../../../src/cp/server/DataplaneServer.ts"
import { ControlPlaneTls } from "../../../src/cp/tls/ControlPlaneTls.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { askBootstrap } from "./askBootstrap.ts"
import { loopbackTls } from "./startControlPlane.ts"

const tls = await loopbackTls()
const cleanups = useCleanups()

const REQUEST_MILLIS = 500

/** The port with nobody behind it but one who says yes. */
const listen = async (
  connectionsOfOne: number | null = null,
  answer: Bootstrapper["Service"]["answer"] = () => Effect.succeed({ status: 200, headers: {}, body: "yes" })
): Promise<number> => {
  const runtime = ManagedRuntime.make(
    DataplaneServer.layer({ address: "127.0.0.1", port: 0, connectionsOfOne }, REQUEST_MILLIS).pipe(
      Layer.provide(Layer.succeed(AdsServer, { inject: (socket) => socket.destroy(), connected: () => [], stream: () => null })),
      Layer.provide(Layer.succeed(Bootstrapper, { answer })),
      Layer.provide(Layer.succeed(ControlPlaneTls, tls))
    )
  )
  cleanups.push(() => runtime.dispose())
  return Context.get(await runtime.context(), DataplaneServer).port
}

/** How long a connection that sends this and then drips stays open, in milliseconds. */
const drip = (port: number, start: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const socket = connectTls({ host: "127.0.0.1", port, ca: tls.caPem, servername: "localhost" }, () => {
      socket.write(start)
      // Not before: a drop that comes first would be the method of another request.
      const drops = setInterval(() => socket.write("x"), 50)
      cleanups.push(() => clearInterval(drops))
    })
    cleanups.push(() => { socket.destroy() })
    socket.on("error", () => {})
    socket.on("close", () => resolve(performance.now() - began))
    socket.resume()
    setTimeout(() => reject(new Error("it still drips")), 15_000).unref()
  })

it("answers a request that comes whole", async () => {
  expect(await askBootstrap({ port: await listen() }, tls, {})).toMatchObject({ status: 200, body: "yes" })
})

it("takes a few requests of one connection before it has answered the first, and others' besides", async () => {
  const asked = { many: 0, other: 0 }
  const port = await listen(null, ({ body }) => {
    asked[body === "other" ? "other" : "many"] += 1
    return Effect.never
  })
  const post = (body: string) => `POST /bootstrap HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const send = (text: string): void => {
    const socket = connectTls({ host: "127.0.0.1", port, ca: tls.caPem, servername: "localhost" }, () => socket.write(text))
    cleanups.push(() => { socket.destroy() })
    socket.on("error", () => {})
  }
  send(post("many").repeat(100))
  await vi.waitFor(() => expect(asked.many).toBeGreaterThan(0), { timeout: 10_000 })
  send(post("other"))
  await vi.waitFor(() => expect(asked.other).toBe(1), { timeout: 10_000 })
  expect(asked.many).toBe(16)
})

it.each([
  ["whose body drips", "POST /bootstrap HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n{"],
  ["whose headers drip", "POST /bootstrap HTTP/1.1\r\nhost: localhost\r\nx-slow: "]
])("ends a request %s, though each byte comes in time", async (_, start) => {
  expect(await drip(await listen(), start)).toBeGreaterThan(REQUEST_MILLIS / 2)
})

it("takes so many connections of one address where that is set, and others' besides", async () => {
  const port = await listen(1)
  const socket = connect(port, "127.0.0.1")
  cleanups.push(() => { socket.destroy() })
  await once(socket, "connect")
  await once(connect(port, "127.0.0.1").on("error", () => {}).resume(), "close")
  const other = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" })
  const speaking = connectTls({ socket: other, ca: tls.caPem, servername: "localhost" })
  cleanups.push(() => { speaking.destroy() })
  await once(speaking, "secureConnect")
})

/** Connects, and waits for a ticket to come back with where it has none. */
const visit = (port: number, session?: Buffer): Promise<{ readonly isResumed: boolean; readonly ticket: Buffer }> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, ca: tls.caPem, servername: "localhost" }
    const socket = connectTls(session === undefined ? options : { ...options, session })
    cleanups.push(() => { socket.destroy() })
    socket.on("error", reject)
    socket.resume()
    const done = (ticket: Buffer) => resolve({ isResumed: socket.isSessionReused(), ticket })
    if (session === undefined) socket.once("session", done)
    else socket.once("secureConnect", () => done(session))
  })

it("lets a proxy that comes back resume its session, which spares both the certificate", async () => {
  const port = await listen()
  const first = await visit(port)
  expect(first.isResumed).toBe(false)
  expect((await visit(port, first.ticket)).isResumed).toBe(true)
})
