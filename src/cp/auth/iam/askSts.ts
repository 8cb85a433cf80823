/**
 * One HTTP exchange with STS, on Node's own client because it does nothing of its own accord: no redirects, no
 * cookies, no retries, no decompression. Interrupting it closes the connection.
 */
import { request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import { isIP } from "node:net"
import { Effect } from "effect"
import { NotYetKnown } from "../Authenticator.ts"
import type { StsAnswer } from "./readStsAnswer.ts"
import type { StsRequest } from "./rebuildRequest.ts"

/** Bytes of an answer's body; an identity has under one kilobyte. */
export const MAX_BODY_BYTES = 16 * 1024

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const unreachable = (message: string): NotYetKnown =>
  new NotYetKnown({ reason: "StsUnreachable", message, retryAfterMillis: 2_000 })

/** Node's code of a failed connection (`ECONNREFUSED`); its message may quote the request. */
const codeOf = (error: Error): string =>
  "code" in error && typeof error.code === "string" && /^[A-Z0-9_]{1,64}$/.test(error.code) ? error.code : "unknown"

export const askSts = ({ endpoint, path, headers }: StsRequest): Effect.Effect<StsAnswer, NotYetKnown> =>
  Effect.callback<StsAnswer, NotYetKnown>((resume) => {
    const { protocol, hostname, port } = new URL(endpoint)
    const address = hostname.replace(/^\[|\]$/g, "")
    const options = { method: "GET", host: address, port: port === "" ? undefined : port, path, headers }
    // Node would verify the certificate against the Host header, which is the signed host, not whom we dial.
    const servername = isIP(address) === 0 ? address : ""
    const call = protocol === "https:"
      ? httpsRequest({ ...options, servername, minVersion: "TLSv1.2" })
      : httpRequest(options)
    const fail = (message: string): void => {
      resume(Effect.fail(unreachable(message)))
      call.destroy()
    }
    // Not `once`: destroying a request may raise a second error, which would end the process.
    call.on("error", (error) => fail(`AWS STS can't be reached (${codeOf(error)})`))
    call.once("response", (response) => {
      const chunks: Array<Buffer> = []
      let size = 0
      response.on("data", (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_BODY_BYTES) return fail(`AWS STS's answer is longer than ${MAX_BODY_BYTES} bytes`)
        chunks.push(chunk)
      })
      response.on("error", (error) => fail(`AWS STS broke off its answer (${codeOf(error)})`))
      response.once("end", () => {
        try {
          const body = utf8.decode(Buffer.concat(chunks))
          const contentType = response.headers["content-type"] ?? ""
          resume(Effect.succeed({ status: response.statusCode ?? 0, contentType, body }))
        } catch {
          fail("AWS STS's answer isn't UTF-8")
        }
      })
    })
    call.end()
    return Effect.sync(() => call.destroy())
  })
