/**
 * One HTTP exchange with one deadline for all of it. Node's own client instead of `fetch`, which loads undici:
 * several megabytes in every task.
 */
import { request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"

export interface Exchange {
  readonly url: URL
  readonly method: "GET" | "POST"
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** From the dial to the answer's last byte. */
  readonly timeoutMillis: number
  /** PEM of the only authorities that the server may be verified by; the system's where absent. */
  readonly ca?: string | null
  readonly tlsSkipVerify?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

const MAX_BODY_BYTES = 4 * 1024 * 1024

/** Fails with Node's error (`code` says which), or with `code` ETIMEDOUT when the deadline is over. */
export const request = (exchange: Exchange): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(exchange.timeoutMillis)
    const options = {
      method: exchange.method,
      headers: exchange.body === undefined
        ? { ...exchange.headers }
        : { ...exchange.headers, "content-length": Buffer.byteLength(exchange.body) },
      agent: false,
      signal
    } as const
    const fail = (error: Error): void =>
      reject(
        signal.aborted
          ? Object.assign(new Error(`no answer within ${exchange.timeoutMillis} ms`), { code: "ETIMEDOUT" })
          : error
      )
    const sent =
      exchange.url.protocol === "https:"
        ? httpsRequest(exchange.url, {
            ...options,
            ...(typeof exchange.ca === "string" ? { ca: exchange.ca } : {}),
            rejectUnauthorized: exchange.tlsSkipVerify !== true,
            minVersion: "TLSv1.2"
          })
        : httpRequest(exchange.url, options)
    sent.on("error", fail)
    sent.on("response", (response) => {
      const chunks: Array<Buffer> = []
      let size = 0
      response.on("data", (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_BODY_BYTES) response.destroy(new Error(`an answer of more than ${MAX_BODY_BYTES} bytes`))
        else chunks.push(chunk)
      })
      response.on("error", fail)
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8")
        })
      )
    })
    sent.end(exchange.body)
  })
