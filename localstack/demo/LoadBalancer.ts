/**
 * Stands in for the Application Load Balancer in front of the demo's `demo-app`; never part of the product.
 * Like it, it sends to registered targets in turn, stops choosing a target once it is deregistered, lets the
 * requests under way finish, and never sends a request twice.
 */
import { Agent, createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

interface Target {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly agent: Agent
}

export class LoadBalancer {
  readonly #server: Server
  readonly #targets = new Map<string, Target>()
  #turn = 0

  private constructor() {
    this.#server = createServer((incoming, outgoing) => this.#forward(incoming, outgoing))
  }

  /** Listens on a loopback address; rejects where the port is taken. */
  static async start(listen: { readonly host: string; readonly port: number }): Promise<LoadBalancer> {
    const balancer = new LoadBalancer()
    await new Promise<void>((resolve, reject) => {
      balancer.#server.once("error", reject)
      balancer.#server.listen(listen.port, listen.host, resolve)
    })
    return balancer
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo
    return `http://${address}:${port}`
  }

  get targetIds(): ReadonlyArray<string> {
    return [...this.#targets.keys()]
  }

  register(id: string, host: string, port: number): void {
    if (!this.#targets.has(id)) this.#targets.set(id, { id, host, port, agent: new Agent({ keepAlive: true }) })
  }

  deregister(id: string): void {
    this.#targets.delete(id)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const target of this.#targets.values()) target.agent.destroy()
  }

  #next(): Target | undefined {
    const targets = [...this.#targets.values()]
    this.#turn += 1
    return targets[this.#turn % Math.max(1, targets.length)]
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const target = this.#next()
    if (target === undefined) {
      incoming.resume()
      outgoing.writeHead(503, { "content-type": "text/plain" }).end("the load balancer has no healthy target\n")
      return
    }
    const onward = request(
      {
        host: target.host,
        port: target.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
        agent: target.agent
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      }
    )
    onward.on("error", (error) => {
      if (outgoing.headersSent) outgoing.destroy(error)
      else outgoing.writeHead(502, { "content-type": "text/plain" }).end(`target ${target.id}: ${error.message}\n`)
    })
    incoming.pipe(onward)
  }
}
