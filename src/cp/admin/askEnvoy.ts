/** One GET of Envoy's admin interface, bounded in time and size. Never fails: what goes wrong is an answer too. */
import { request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http"
import { request as secureRequest } from "node:https"
import { checkServerIdentity } from "node:tls"
import type { KeyPair } from "./AdminKeys.ts"
import { ADMIN_SERVER } from "./adminNames.ts"

export interface PlainCall {
  /** An IP address. */
  readonly address: string
  readonly port: number
  readonly path: string
}

export interface SecureCall extends PlainCall {
  /** For SNI: who is meant. */
  readonly host: string
  readonly caPem: string
  readonly client: KeyPair
}

export type Asked =
  | { readonly _tag: "Answered"; readonly body: Buffer }
  | { readonly _tag: "Unreachable" | "Refused"; readonly why: string }
  | { readonly _tag: "TooLarge"; readonly limit: number }

/** Until the connection stands; and all in all. */
const CONNECT_MILLIS = 3_000
const WHOLE_MILLIS = 10_000

/** The statistics of an Envoy with some thousand clusters. */
const MAX_BYTES = 16 * 1024 * 1024

/** As short as it goes: OpenSSL's own words name its source files. */
const wordsOf = (error: NodeJS.ErrnoException): string => error.code ?? error.message

const read = (response: IncomingMessage, end: (asked: Asked) => void): void => {
  if (response.statusCode !== 200) return end({ _tag: "Refused", why: `status ${response.statusCode}` })
  const chunks: Array<Buffer> = []
  let length = 0
  response.on("data", (chunk: Buffer) => {
    length += chunk.length
    if (length > MAX_BYTES) return end({ _tag: "TooLarge", limit: MAX_BYTES })
    chunks.push(chunk)
  })
  response.on("end", () => end(response.complete
    ? { _tag: "Answered", body: Buffer.concat(chunks) }
    : { _tag: "Refused", why: "the answer broke off" }))
  response.on("error", (error) => end({ _tag: "Refused", why: wordsOf(error) }))
}

const send = (
  open: (options: RequestOptions) => ClientRequest,
  { address, path, port }: PlainCall,
  signal: AbortSignal
): Promise<Asked> =>
  new Promise((resolve) => {
    let isConnected = false
    const call = open({ host: address, port, path, method: "GET", agent: false, headers: { host: ADMIN_SERVER } })
    const end = (asked: Asked): void => {
      clearTimeout(connecting)
      clearTimeout(whole)
      signal.removeEventListener("abort", onAbort)
      resolve(asked)
      call.destroy()
    }
    const late = (millis: number) => () =>
      end({ _tag: isConnected ? "Refused" : "Unreachable", why: `nothing within ${millis / 1_000} s` })
    const connecting = setTimeout(() => void (isConnected || late(CONNECT_MILLIS)()), CONNECT_MILLIS)
    const whole = setTimeout(late(WHOLE_MILLIS), WHOLE_MILLIS)
    const onAbort = (): void => end({ _tag: "Unreachable", why: "nobody waits for it any more" })
    signal.addEventListener("abort", onAbort)
    call.on("socket", (socket) => socket.once("connect", () => void (isConnected = true)))
    call.on("response", (response) => read(response, end))
    call.on("error", (error) => end({ _tag: isConnected ? "Refused" : "Unreachable", why: wordsOf(error) }))
    call.end()
  })

/** Nobody is answered for but an Envoy of this control plane's, and of these the one that is meant. */
export const askSecurely = (call: SecureCall, signal: AbortSignal): Promise<Asked> =>
  send((options) =>
    secureRequest({
      ...options,
      servername: call.host,
      ca: call.caPem,
      cert: call.client.certificatePem,
      key: call.client.keyPem,
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
      // All have one certificate: who it is, is what it answers to.
      checkServerIdentity: (_, certificate) => checkServerIdentity(ADMIN_SERVER, certificate)
    }), call, signal)

export const askPlainly = (call: PlainCall, signal: AbortSignal): Promise<Asked> => send(plainRequest, call, signal)
