// Connections of peers that speak, are silent, or are gone.
import { connect, createServer, type ServerHttp2Session } from "node:http2"
import { connect as connectTcp, type AddressInfo } from "node:net"
import { afterEach, expect, it, vi } from "vitest"
import { Liveness } from "../../../src/cp/server/Liveness.ts"

const SILENCE = 11_000
const ANSWER = 6_000
const cleanups: Array<() => unknown> = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup()
})

/** A server and the first connection to it, that `dial` opens; its life is watched from time 0 on. */
const watched = async (dial: (port: number) => void) => {
  const server = createServer()
  cleanups.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const life = new Liveness({ silenceMillis: SILENCE, answerMillis: ANSWER })
  const opened = new Promise<ServerHttp2Session>((resolve) => server.once("session", resolve))
  const { port }: AddressInfo = Object.assign({ address: "", family: "", port: 0 }, server.address())
  dial(port)
  const session = await opened
  cleanups.push(() => session.destroy())
  life.watch(session, 0)
  // Its settings, and that it took ours.
  await vi.waitFor(() => expect(session.socket.bytesRead).toBeGreaterThan(0), { timeout: 15_000 })
  return { life, session }
}

const client = (port: number) => {
  const opened = connect(`http://127.0.0.1:${port}`)
  opened.on("error", () => {})
  cleanups.push(() => opened.destroy())
  return opened
}

it("who is silent is asked, and stays as long as the answer comes", async () => {
  let pings = 0
  const { life, session } = await watched((port) => client(port).on("ping", () => { pings += 1 }))
  for (let round = 1; round <= 4; round++) {
    life.look(2 * round * SILENCE)
    // The first look may still hear how the connection began.
    const before = session.socket.bytesRead
    life.look((2 * round + 1) * SILENCE)
    await vi.waitFor(() => expect(session.socket.bytesRead).toBeGreaterThan(before), { timeout: 15_000 })
    expect(session.destroyed).toBe(false)
  }
  expect(pings).toBe(4)
})

it("who speaks is asked nothing", async () => {
  let pings = 0
  let speak = (): void => {}
  const { life, session } = await watched((port) => {
    const opened = client(port).on("ping", () => { pings += 1 })
    speak = () => void opened.ping(() => {})
  })
  for (let round = 1; round <= 4; round++) {
    const before = session.socket.bytesRead
    speak()
    await vi.waitFor(() => expect(session.socket.bytesRead).toBeGreaterThan(before), { timeout: 15_000 })
    life.look(round * SILENCE)
  }
  expect([session.destroyed, pings]).toEqual([false, 0])
})

it("who vanished is cut off once it was silent, was asked and didn't answer, and not sooner", async () => {
  const { life, session } = await watched((port) => {
    // Begins as HTTP/2 does, with settings that ask for nothing, and never says a word again.
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
    const beginning = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings])
    const socket = connectTcp(port, "127.0.0.1", () => socket.write(beginning))
    socket.on("error", () => {})
    cleanups.push(() => socket.destroy())
  })
  life.look(SILENCE - 1)
  life.look(SILENCE)
  life.look(2 * SILENCE)
  life.look(2 * SILENCE + ANSWER - 1)
  expect(session.destroyed).toBe(false)
  life.look(2 * SILENCE + ANSWER)
  expect(session.destroyed).toBe(true)
})
