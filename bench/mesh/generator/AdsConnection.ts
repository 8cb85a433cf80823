/** One proxy's connection to the data plane server: TLS, HTTP/2 and on it one gRPC stream, cut into messages. */
import { connect } from "node:http2"
import { connect as connectTls } from "node:tls"
import { clock } from "../clock.ts"
import { envoyTls } from "./clientTls.ts"
import { METHODS, type Variant } from "./discovery.ts"

export interface AdsConnectionOptions {
  readonly host: string
  readonly port: number
  readonly variant: Variant
  readonly token: string
  /** That of the connection before, to resume: an Envoy keeps one (`max_session_keys`). */
  readonly session: Buffer | null
  readonly onSession: (session: Buffer) => void
  readonly onOpen: () => void
  /** `at`: when its last bytes came, by the shared clock. The bytes are gone afterwards. */
  readonly onMessage: (message: Buffer, at: number) => void
  readonly onEnd: (reason: string) => void
}

export interface AdsConnection {
  readonly send: (framed: Buffer) => void
  /** Drops the socket without a word. `onEnd` isn't called. */
  readonly destroy: () => void
}

/** Far above any response, as Envoy's own window (256 MB) is: the subject is never held up by it. */
const WINDOW = 16 * 1024 * 1024
const HEAD = 5

export const openAds = (options: AdsConnectionOptions): AdsConnection => {
  const { host, port } = options
  const socket = connectTls({
    ...envoyTls,
    host,
    port,
    ...(options.session === null ? {} : { session: options.session })
  })
  socket.setNoDelay(true)
  socket.on("session", options.onSession)
  const session = connect(`https://${host}:${port}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: WINDOW, enablePush: false }
  })
  let over = false
  let reason = "the connection ended"
  const end = (): void => {
    if (over) return
    over = true
    session.destroy()
    socket.destroy()
    options.onEnd(reason)
  }
  session.on("error", (error: Error) => {
    reason = error.message
    end()
  })
  session.on("close", end)
  session.on("connect", () => {
    session.setLocalWindowSize(WINDOW)
    if (!over) options.onOpen()
  })
  const stream = session.request({
    ":method": "POST",
    ":path": METHODS[options.variant],
    "content-type": "application/grpc",
    te: "trailers",
    authorization: options.token
  })
  const status = (headers: Readonly<Record<string, unknown>>): void => {
    if (headers["grpc-status"] === undefined) return
    reason = `gRPC ${String(headers["grpc-status"])}: ${String(headers["grpc-message"] ?? "")}`
  }
  stream.on("response", status)
  stream.on("trailers", status)
  stream.on("error", (error: Error) => (reason = error.message))
  stream.on("close", end)
  let rest: Buffer | null = null
  stream.on("data", (chunk: Buffer) => {
    const at = clock()
    const bytes: Buffer = rest === null ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    while (!over && bytes.length - start >= HEAD) {
      const next = start + HEAD + bytes.readUInt32BE(start + 1)
      if (next > bytes.length) break
      options.onMessage(bytes.subarray(start + HEAD, next), at)
      start = next
    }
    rest = start === bytes.length ? null : bytes.subarray(start)
  })
  return {
    send: (framed) => {
      if (!over) stream.write(framed)
    },
    destroy: () => {
      over = true
      session.destroy()
      socket.destroy()
    }
  }
}
