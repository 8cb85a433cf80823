import { createServer, type AddressInfo, type Server, type Socket } from "node:net"
import { expect, it, vi } from "vitest"
import { LINE_KEY } from "../../src/model/nodeMetadata.ts"
import { LineCarrier } from "../../src/sidecar/LineCarrier.ts"
import { makeLog } from "../../src/sidecar/Log.ts"
import { freePort } from "../support/freePort.ts"
import { until } from "../support/until.ts"
import { useCleanups } from "../support/useCleanups.ts"

const cleanups = useCleanups()

const start = () => {
  const log: Array<string> = []
  const carrier = new LineCarrier(makeLog((line) => log.push(line)))
  cleanups.push(() => carrier.close())
  const line = (address: string, message: unknown, key = carrier.key): string =>
    JSON.stringify({ [LINE_KEY]: key, address, message })
  return { carrier, log, line }
}

const listen = async (port: number) => {
  const sockets: Array<Socket> = []
  let text = ""
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)).on("error", () => {})
  })
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
  const stop = (): void => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  cleanups.push(stop)
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, text: () => text, stop }
}

it("lines are sent where they say, in their order, over one connection each", async () => {
  const { carrier, line } = start()
  const [one, other] = [await listen(0), await listen(0)]
  expect(carrier.take(line(one.address, "first\n"))).toBe(true)
  expect(carrier.take(line(other.address, { status: 200 }))).toBe(true)
  expect(carrier.take(line(one.address, "second\n"))).toBe(true)
  await until("both", () => [one.text(), other.text()], ([a, b]) => a === "first\nsecond\n" && b === "{\"status\":200}\n")
  expect([one.sockets.length, other.sockets.length]).toEqual([1, 1])
})

it("a line without the key is a line like any other, and so is what isn't whole", async () => {
  const { carrier, line } = start()
  const host = await listen(0)
  expect(carrier.take(line(host.address, "forged\n", "guessed"))).toBe(false)
  expect(carrier.take(`{"path": "${carrier.key}"}`)).toBe(false)
  expect(carrier.take(line(host.address, "cut\n").slice(0, -2))).toBe(false)
  expect(carrier.take("[info] started")).toBe(false)
  expect(host.sockets.length).toBe(0)
})

it("what can't be sent is dropped and said once, and sent again when somebody listens", async () => {
  const { carrier, line, log } = start()
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  await until("a word of it", () => {
    expect(carrier.take(line(address, "lost\n"))).toBe(true)
    return log.length
  }, (count) => count > 0)
  for (let i = 0; i < 10; i++) carrier.take(line(address, "lost\n"))
  const host = await listen(port)
  await until("a line", () => {
    carrier.take(line(address, "found\n"))
    return host.text()
  }, (text) => text.includes("found"))
  expect(host.text()).not.toContain("lost")
  await until("the end of it", () => log.length, (count) => count === 2)
  expect(log[0]).toContain("can't be sent")
  expect(log[1]).toMatch(/sent again .*dropped=[1-9]/)
})

it("what was written is sent before the end", async () => {
  const { carrier, line } = start()
  const host = await listen(0)
  const text = "x".repeat(100_000)
  for (let i = 0; i < 10; i++) carrier.take(line(host.address, `${text}\n`))
  await carrier.close()
  await until("all of it", () => host.text().length, (length) => length === 1_000_010)
})

it("hosts that aren't there any more take nobody's place", async () => {
  const { carrier, line, log } = start()
  const gone = await Promise.all(Array.from({ length: 64 }, () => freePort()))
  for (const port of gone) carrier.take(line(`127.0.0.1:${port}`, "lost\n"))
  await until("all of them to be given up", () => log.length, (count) => count >= new Set(gone).size)
  const host = await listen(0)
  await until("a line", () => {
    carrier.take(line(host.address, "found\n"))
    return host.text()
  }, (text) => text.includes("found"))
})

it("of more hosts than have a place, those that are away are left alone and told once all the same", async () => {
  // No pause is ever over.
  const clock = vi.spyOn(Date, "now").mockReturnValue(1_000_000)
  cleanups.push(() => clock.mockRestore())
  const { carrier, line, log } = start()
  const gone = [...new Set(await Promise.all(Array.from({ length: 80 }, () => freePort())))]
  for (const port of gone) carrier.take(line(`127.0.0.1:${port}`, "lost\n"))
  await until("all that have a place to be given up", () => log.length, (count) => count >= 64)
  for (const port of gone) carrier.take(line(`127.0.0.1:${port}`, "lost\n"))
  // Whatever was tried has ended.
  await carrier.close()
  expect(log.length).toBe(64)
})
