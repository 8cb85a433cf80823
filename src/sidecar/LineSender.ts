/** One connection that lines of access logs are sent over, made anew when it broke. */
import { connect, type Socket } from "node:net"
import type { HostPort } from "../model/readHostPort.ts"
import type { Log } from "./Log.ts"

const CONNECT_MILLIS = 5_000
/** A policy may have named another host since. */
const IDLE_MILLIS = 600_000
/** Between two tries, longer each time. */
const FIRST_PAUSE_MILLIS = 500
const LONGEST_PAUSE_MILLIS = 30_000
/** Written and not yet taken, in bytes; what comes beyond is dropped. */
const MAX_WAITING = 4 * 1_048_576
const CLOSE_MILLIS = 1_000

export class LineSender {
  readonly #target: HostPort
  readonly #log: Log
  #socket: Socket | null = null
  #pause = FIRST_PAUSE_MILLIS
  /** Unix milliseconds before which no connection is tried. */
  #mayConnectAt = 0
  #dropped = 0
  /** Whether it was said that lines are dropped. */
  #isTold = false

  constructor(target: HostPort, log: Log) {
    this.#target = target
    this.#log = log
  }

  /** Neither connected nor waiting until it may try again. */
  get isIdle(): boolean {
    return this.#socket === null && Date.now() >= this.#mayConnectAt
  }

  send(text: string): void {
    const socket = this.#socket ?? (Date.now() < this.#mayConnectAt ? null : this.#connect())
    if (socket === null || socket.writableLength > MAX_WAITING) {
      this.#dropped += 1
      if (socket !== null) this.#tell("it takes them too slowly")
      return
    }
    socket.write(text)
  }

  async close(): Promise<void> {
    const socket = this.#socket
    if (socket === null) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), CLOSE_MILLIS)
      socket.once("close", () => {
        clearTimeout(timer)
        resolve()
      })
      socket.end()
    })
  }

  #connect(): Socket {
    const { host, port } = this.#target
    const socket = connect({ host, port })
    this.#socket = socket
    socket.setTimeout(CONNECT_MILLIS)
    socket.on("timeout", () => {
      if (socket.connecting) socket.destroy(new Error("it doesn't answer"))
      else socket.end()
    })
    socket.on("connect", () => {
      socket.setTimeout(IDLE_MILLIS)
      this.#pause = FIRST_PAUSE_MILLIS
      if (this.#isTold) this.#log.info("lines of access logs are sent again", { ...this.#target, dropped: this.#dropped })
      this.#isTold = false
      this.#dropped = 0
    })
    // It has nothing to say.
    socket.resume()
    socket.on("end", () => socket.end())
    socket.on("error", ({ message }) => this.#tell(message))
    socket.on("close", () => {
      this.#socket = null
      this.#mayConnectAt = Date.now() + this.#pause
      this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MILLIS)
    })
    return socket
  }

  #tell(reason: string): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#log.warn("lines of access logs can't be sent, and are dropped", { ...this.#target, reason })
  }
}
