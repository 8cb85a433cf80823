/** Where access logs are sent by TCP: keeps the lines. */
import { createServer, type Server, type Socket } from "node:net"

export class LogSink {
  readonly address: string
  readonly port: number
  readonly #open = new Set<Socket>()
  #server: Server | null = null
  #text = ""

  constructor(address: string, port: number) {
    this.address = address
    this.port = port
  }

  async start(): Promise<void> {
    const server = createServer((socket) => {
      this.#open.add(socket)
      socket.setEncoding("utf8").on("data", (chunk: string) => (this.#text += chunk))
      socket.on("error", () => undefined)
      socket.once("close", () => this.#open.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(this.port, this.address, resolve)
    })
    this.#server = server
  }

  async end(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  linesWith(...parts: ReadonlyArray<string>): number {
    return this.#text.split("\n").filter((line) => parts.every((part) => line.includes(part))).length
  }
}
