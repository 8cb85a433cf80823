/** Node's inspector of another process: CPU profiles of single phases, and its heap after a collection. */
import { writeFile } from "node:fs/promises"
import { setTimeout as delay } from "node:timers/promises"
import type { Profile } from "./hotFunctions.ts"

const targetOf = async (port: number): Promise<string> => {
  for (let tries = 0; tries < 100; tries++) {
    try {
      const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()
      const address = Array.isArray(targets) ? targets[0]?.webSocketDebuggerUrl : undefined
      if (typeof address === "string") return address
    } catch {
      // Not there yet.
    }
    await delay(50)
  }
  throw new Error(`no inspector answers on port ${port}`)
}

type Answer = { readonly id?: number; readonly result?: unknown; readonly error?: { readonly message: string } }

export class Inspector {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #last = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener("message", ({ data }) => {
      const { error, id, result }: Answer = JSON.parse(String(data))
      const waiting = this.#waiting.get(id ?? 0)
      this.#waiting.delete(id ?? 0)
      if (error === undefined) waiting?.resolve(result)
      else waiting?.reject(new Error(error.message))
    })
    socket.addEventListener("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the inspected process ended"))
    })
  }

  static async open(port: number): Promise<Inspector> {
    const socket = new WebSocket(await targetOf(port))
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve)
      socket.addEventListener("error", () => reject(new Error(`the inspector on port ${port} hung up`)))
    })
    const inspector = new Inspector(socket)
    await inspector.#call("Profiler.enable")
    return inspector
  }

  async startProfile(): Promise<void> {
    await this.#call("Profiler.setSamplingInterval", { interval: 500 })
    await this.#call("Profiler.start")
  }

  /** Writes it as a `.cpuprofile`, which Chrome's and VS Code's viewers read. */
  async stopProfile(file: string): Promise<Profile> {
    const { profile } = await this.#call("Profiler.stop") as { readonly profile: Profile }
    await writeFile(file, JSON.stringify(profile))
    return profile
  }

  /** Bytes that live after a full collection: in V8's heap, and outside of it in buffers. */
  async heap(): Promise<{ readonly used: number; readonly buffers: number }> {
    for (let times = 0; times < 2; times++) await this.#call("HeapProfiler.collectGarbage")
    const { result } = await this.#call("Runtime.evaluate", {
      expression: "JSON.stringify({ used: process.memoryUsage().heapUsed, buffers: process.memoryUsage().external })"
    }) as { readonly result: { readonly value: string } }
    return JSON.parse(result.value)
  }

  close(): void {
    this.#socket.close()
  }

  #call(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#last
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#socket.send(JSON.stringify({ id, method, params }))
    return waiting.promise
  }
}
