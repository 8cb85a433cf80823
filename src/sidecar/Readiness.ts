/**
 * Answers `/ready` for ECS's health check: 200 only while Envoy is live with its first listeners. Once it is draining
 * it never says 200 again, so that no health check takes a leaving task back.
 */
import { createServer, type Server } from "node:http"
import type { EnvoyAdmin } from "./EnvoyAdmin.ts"
import type { Address } from "./SidecarConfig.ts"

export type ReadyState = "READY" | "STARTING" | "TERMINATING" | "DEAD"

const LDS = "listener_manager.lds.update_success"

export class Readiness {
  #envoy: EnvoyAdmin | null = null
  #hasListeners = false
  #final: "TERMINATING" | "DEAD" | null = null
  #server: Server | null = null

  /** Envoy's admin from now on; null while there is none. */
  follow(envoy: EnvoyAdmin | null): void {
    this.#envoy = envoy
    this.#hasListeners = false
  }

  /** There's no way back from either. */
  end(state: "TERMINATING" | "DEAD"): void {
    this.#final = state
  }

  async state(): Promise<ReadyState> {
    const envoy = this.#envoy
    const ready = this.#final === null && envoy !== null && (await this.#isServing(envoy))
    // Looked at after the wait as well: a SIGTERM may have come meanwhile.
    return this.#final ?? (ready && envoy === this.#envoy ? "READY" : "STARTING")
  }

  /** Envoy says LIVE too when it gave up waiting for its first listeners, so those are asked for as well. */
  async #isServing(envoy: EnvoyAdmin): Promise<boolean> {
    try {
      if (!(await envoy.live())) return false
      if (!this.#hasListeners) {
        // A bootstrap without LDS has no such stat: its listeners are there from the start.
        const listeners = (await envoy.stats(`^${LDS}$`)).get(LDS)
        this.#hasListeners = listeners !== 0
      }
      return this.#hasListeners
    } catch {
      return false
    }
  }

  listen({ address, port }: Address): Promise<void> {
    const server = createServer((request, response) => {
      if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405, { allow: "GET, HEAD" }).end()
      if (request.url?.split("?")[0] !== "/ready") return void response.writeHead(404).end()
      void this.state().then((state) => {
        response.writeHead(state === "READY" ? 200 : 503, { "content-type": "text/plain" })
        response.end(`${state}\n`)
      })
    })
    server.requestTimeout = 10_000
    this.#server = server
    return new Promise((resolve, reject) => {
      server.once("error", reject)
      server.listen(port, address, () => resolve())
    })
  }

  close(): void {
    this.#server?.close()
    this.#server?.closeAllConnections()
  }
}
