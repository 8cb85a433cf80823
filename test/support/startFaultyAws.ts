import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"

/**
 * What a service of AWS does to its callers: `down` breaks off every connection, `slow` answers rightly, but later
 * than anybody waits who is asked by a newcomer, `throttling` refuses everything.
 */
export type AwsFault = "down" | "slow" | "throttling"

export interface FaultyAws {
  readonly endpoint: string
  /** Null: none. */
  readonly suffer: (fault: AwsFault | null) => void
  /** How many calls came under a fault, by its name. */
  readonly calls: ReadonlyMap<AwsFault, number>
  readonly stop: () => Promise<void>
}

export interface Throttled {
  readonly contentType: string
  readonly body: string
}

/** Both services throttle with status 400: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const THROTTLED_STATUS = 400
const SLOW_MILLIS = 7_000

export const throttledJson: Throttled = {
  contentType: "application/json",
  body: JSON.stringify({ Error: { Code: "Throttling", Message: "Rate exceeded" } })
}
export const throttledXml: Throttled = {
  contentType: "text/xml",
  body: "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>" +
    "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
}

/** As it came: the signature covers the host that was signed. */
const pass = async (target: string, incoming: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> => {
  const { hostname, port } = new URL(target)
  const { connection: _connection, "keep-alive": _keepAlive, ...headers } = incoming.headers
  await new Promise<void>((resolve, reject) => {
    const call = request({
      method: incoming.method, host: hostname, port, path: incoming.url ?? "/", headers, agent: false
    })
    call.on("error", reject)
    call.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] ?? "text/plain" })
      answer.pipe(response)
      answer.on("end", resolve)
      answer.on("error", reject)
    })
    call.end(body)
  })
}

/** Stands between a caller and one service of an emulated AWS. */
export const startFaultyAws = async (target: () => string, throttled: Throttled): Promise<FaultyAws> => {
  const calls = new Map<AwsFault, number>()
  const late = new Set<NodeJS.Timeout>()
  let fault: AwsFault | null = null
  const server = createServer((incoming, response) => {
    const now = fault
    if (now !== null) calls.set(now, (calls.get(now) ?? 0) + 1)
    if (now === "down") return void incoming.socket.destroy()
    buffer(incoming).then((body) => {
      if (now === "throttling") {
        return void response.writeHead(THROTTLED_STATUS, { "content-type": throttled.contentType }).end(throttled.body)
      }
      const answer = (): void => void pass(target(), incoming, body, response).catch(() => incoming.socket.destroy())
      if (now === null) return answer()
      const timer = setTimeout(() => {
        late.delete(timer)
        answer()
      }, SLOW_MILLIS)
      late.add(timer)
    }, () => incoming.socket.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    suffer: (next) => {
      fault = next
    },
    calls,
    stop: () =>
      new Promise((resolve) => {
        for (const timer of late) clearTimeout(timer)
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
