/** Node's side of `POST /bootstrap`: reads a bounded body, hands it on, writes the answer. */
import { Effect } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { type BootstrapAnswer, problemAnswer } from "../bootstrap/BootstrapAnswer.ts"
import type { BootstrapCall } from "../bootstrap/Bootstrapper.ts"
import { plainAddress } from "./peerAddress.ts"

export interface BootstrapListenerOptions {
  readonly port: number
  readonly run: (effect: Effect.Effect<void>) => unknown
  readonly answer: (call: BootstrapCall) => Effect.Effect<BootstrapAnswer>
}

/** A token, a Dataplane in YAML and a CA fit many times. */
export const MAX_BODY_BYTES = 1024 * 1024

export const bootstrapListener =
  (options: BootstrapListenerOptions) => (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url?.split("?")[0]
    if (path !== "/bootstrap") {
      return send(response, { status: 404, headers: { "content-type": "text/plain" }, body: "404: Page Not Found" })
    }
    if (request.method !== "POST") {
      return send(response, {
        status: 405,
        headers: { "content-type": "text/plain", allow: "POST" },
        body: "405: Method Not Allowed"
      })
    }
    const chunks: Array<Buffer> = []
    let bytes = 0
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
      else if (!response.headersSent) {
        const detail = `the body has more than ${MAX_BODY_BYTES} bytes`
        response.once("finish", () => request.destroy())
        send(response, problemAnswer({ status: 413, title: "Content Too Large", detail }))
      }
    })
    request.on("end", () => {
      if (bytes > MAX_BODY_BYTES) return
      const call: BootstrapCall = {
        body: Buffer.concat(chunks).toString("utf8"),
        host: request.headers.host,
        accept: request.headers.accept ?? "",
        userAgent: request.headers["user-agent"] ?? "",
        authorization: request.headersDistinct["authorization"] ?? [],
        peerAddress: request.socket.remoteAddress === undefined ? null : plainAddress(request.socket.remoteAddress),
        port: options.port
      }
      options.run(
        options.answer(call).pipe(
          Effect.catchDefect((defect) =>
            Effect.logError("Answering a bootstrap request failed", defect).pipe(
              Effect.as(
                problemAnswer({ status: 500, title: "Internal", detail: "the control plane failed; see its log" })
              )
            )),
          Effect.map((answer) => send(response, answer))
        )
      )
    })
  }

const send = (response: ServerResponse, answer: BootstrapAnswer): void => {
  if (response.headersSent || response.destroyed) return
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(Buffer.byteLength(answer.body)) })
  response.end(answer.body)
}
