import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { buffer, text } from "node:stream/consumers"

/**
 * What a service of AWS does to its callers: `down` breaks off every connection, `slow` answers rightly, but later
 * than anybody waits who is asked by a newcomer, `throttling` refuses everything, `stale` answers what it answered last
 * to the same question, as IAM does for seconds after a change.
 */
export type AwsFault = "down" | "slow" | "throttling" | "stale"

export interface FaultyAws {
  readonly endpoint: string
  /** Null: none. */
  readonly suffer: (fault: AwsFault | null) => void
  /** How many calls came under any fault, or under one, and with `about` in what they ask. */
  readonly calls: (fault?: AwsFault, about?: string) => number
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

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** As it came: the signature covers the host that was signed. */
const ask = (target: string, incoming: IncomingMessage, body: Buffer): Promise<Answer> => {
  const { hostname, port } = new URL(target)
  const { connection: _connection, "keep-alive": _keepAlive, ...headers } = incoming.headers
  return new Promise((resolve, reject) => {
    const call = request({
      method: incoming.method, host: hostname, port, path: incoming.url ?? "/", headers, agent: false
    })
    call.on("error", reject)
    call.on("response", (response) => {
      const contentType = response.headers["content-type"] ?? "text/plain"
      text(response).then((body) => resolve({ status: response.statusCode ?? 502, contentType, body }), reject)
    })
    call.end(body)
  })
}

const answer = (response: ServerResponse, { body, contentType, status }: Answer): void => {
  response.writeHead(status, { "content-type": contentType }).end(body)
}

/** Stands between a caller and one service of an emulated AWS. */
export const startFaultyAws = async (target: () => string, throttled: Throttled): Promise<FaultyAws> => {
  const asked: Array<{ readonly fault: AwsFault; readonly question: string }> = []
  /** By the question, which for IAM is the body. */
  const last = new Map<string, Answer>()
  const late = new Set<NodeJS.Timeout>()
  let fault: AwsFault | null = null

  const wait = (millis: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        late.delete(timer)
        resolve()
      }, millis)
      late.add(timer)
    })

  const handle = async (now: AwsFault | null, incoming: IncomingMessage): Promise<Answer> => {
    const body = await buffer(incoming)
    const question = `${incoming.url} ${body}`
    if (now !== null) asked.push({ fault: now, question })
    if (now === "down") throw new Error("down")
    const known = last.get(question)
    if (now === "throttling") return { status: THROTTLED_STATUS, ...throttled }
    if (now === "stale" && known !== undefined) return known
    if (now === "slow") await wait(SLOW_MILLIS)
    const truth = await ask(target(), incoming, body)
    last.set(question, truth)
    return truth
  }

  const server = createServer((incoming, response) => {
    handle(fault, incoming).then((result) => answer(response, result), () => incoming.socket.destroy())
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
    calls: (under, about = "") =>
      asked.filter(({ fault, question }) => (under ?? fault) === fault && question.includes(about)).length,
    stop: () =>
      new Promise((resolve) => {
        for (const timer of late) clearTimeout(timer)
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
