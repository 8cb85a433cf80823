/** An app of a workload: it answers with its name, and tells a figure of its own. */
import { createServer, type Server } from "node:http"

export const OWN_FIGURE = "lab_app_calls_total"

export class App {
  readonly name: string
  readonly address: string
  readonly port: number
  #server: Server | null = null
  #calls = 0

  constructor(name: string, address: string, port: number) {
    this.name = name
    this.address = address
    this.port = port
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      if (request.url === "/metrics") return response.end(`${OWN_FIGURE} ${this.#calls}\n`)
      this.#calls++
      response.end(this.name)
    })
    // Only the caller closes an idle connection, or it would do so while a request is on its way.
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(this.port, this.address, resolve)
    })
    this.#server = server
  }

  /** As where it crashed: nothing listens any more, and what was open is closed. */
  async end(): Promise<void> {
    const server = this.#server
    if (server === null) return
    this.#server = null
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
}
