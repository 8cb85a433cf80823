import { createServer } from "node:net"
import { expect, it } from "vitest"
import { freePort } from "../../localstack/process/freePort.ts"

const LOWEST_OF_THE_SYSTEM = 32_768

it("gives each who asks another port with room beside it, and none that the system gives to anybody", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()))
  expect(new Set(ports.flatMap((port) => [port, port + 1])).size).toBe(40)
  expect(Math.max(...ports)).toBeLessThan(LOWEST_OF_THE_SYSTEM)
})

it("passes over a port that somebody listens on", async () => {
  const [one, other] = [await freePort(), await freePort()]
  const taken = other + (other - one)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(taken, "127.0.0.1", resolve))
  try {
    expect(await freePort()).not.toBe(taken)
  } finally {
    server.close()
  }
})
