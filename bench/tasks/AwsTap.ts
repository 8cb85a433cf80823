/**
 * Stands between the operator and its AWS: counts the calls by operation, tells of each event that the queue hands
 * out, and takes out those that shall be lost. Nothing else is changed: the signature covers the host that was dialled.
 */
import { createServer, type IncomingHttpHeaders, request } from "node:http"
import { buffer } from "node:stream/consumers"

/** A task's change of state, when the queue's answer with it passed. */
export interface SeenEvent {
  readonly taskId: string
  readonly version: number
  readonly lastStatus: string
  readonly desiredStatus: string
  /** When EventBridge was given it, Unix milliseconds. MiniStack puts it on the queue in the same call. */
  readonly putAt: number
  readonly receivedAt: number
  /** The operator never gets it. */
  readonly dropped: boolean
}

export interface AwsTap {
  readonly endpoint: string
  /** Calls by `service:operation` since the tap was opened; it only grows. */
  readonly calls: ReadonlyMap<string, number>
  /** Milliseconds that the emulator took for them, all together. */
  readonly waits: ReadonlyMap<string, number>
  readonly events: ReadonlyArray<SeenEvent>
  /** From now on one event of each `every`, at a random place among them; null: none. */
  readonly drop: (every: number | null) => void
  readonly stop: () => Promise<void>
}

interface Message {
  readonly ReceiptHandle: string
  readonly Body: string
}

const SERVICES: Readonly<Record<string, string>> = {
  AmazonEC2ContainerServiceV20141113: "ECS",
  AmazonSQS: "SQS",
  AWSEvents: "EventBridge"
}

/** JSON protocols name the operation in a header, the query protocol in the body or the URL. */
const operationOf = (headers: IncomingHttpHeaders, path: string, body: string): string => {
  const target = headers["x-amz-target"]
  if (typeof target === "string") {
    const [service = "", operation = ""] = target.split(".")
    return `${SERVICES[service] ?? service}:${operation}`
  }
  const action = /(?:^|[?&])Action=(\w+)/.exec(body)?.[1] ?? /[?&]Action=(\w+)/.exec(path)?.[1] ?? path
  return `${action === "GetCallerIdentity" ? "STS" : "IAM"}:${action}`
}

/** mulberry32: the same events are lost each time. */
const random = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const readEvent = ({ Body }: Message): Omit<SeenEvent, "receivedAt" | "dropped"> | null => {
  const { detail, source } = JSON.parse(Body)
  if (source !== "aws.ecs" || typeof detail.taskArn !== "string") return null
  return {
    taskId: detail.taskArn.slice(detail.taskArn.lastIndexOf("/") + 1),
    version: detail.version,
    lastStatus: detail.lastStatus,
    desiredStatus: detail.desiredStatus,
    putAt: Date.parse(detail.updatedAt)
  }
}

export const openAwsTap = async (emulator: string): Promise<AwsTap> => {
  const { hostname, port } = new URL(emulator)
  const calls = new Map<string, number>()
  const waits = new Map<string, number>()
  const events: Array<SeenEvent> = []
  const lost = new Set<string>()
  const chance = random(4)
  let every: number | null = null
  let place = 0
  let chosen = 0

  const isDropped = (): boolean => {
    if (every === null) return false
    if (place === 0) chosen = Math.floor(chance() * every)
    const dropped = place === chosen
    place = (place + 1) % every
    return dropped
  }

  /** The answer to a ReceiveMessage without what is lost. A lost message stays invisible until after the run. */
  const sift = (text: string): string => {
    const receivedAt = Date.now()
    const answer: { readonly Messages?: ReadonlyArray<Message> } = JSON.parse(text)
    const kept = (answer.Messages ?? []).filter((message) => {
      const event = readEvent(message)
      if (event === null) return true
      // Delivered again, it is lost again.
      if (lost.has(message.Body)) return false
      const dropped = isDropped()
      if (dropped) lost.add(message.Body)
      events.push({ ...event, receivedAt, dropped })
      return !dropped
    })
    return kept.length === answer.Messages?.length ? text : JSON.stringify({ ...answer, Messages: kept })
  }

  const server = createServer((incoming, response) => {
    const pass = async (): Promise<void> => {
      const body = await buffer(incoming)
      const operation = operationOf(incoming.headers, incoming.url ?? "/", String(body))
      calls.set(operation, (calls.get(operation) ?? 0) + 1)
      const since = performance.now()
      const { connection: _, ...headers } = incoming.headers
      const call = request({ agent: false, host: hostname, port, method: incoming.method, path: incoming.url, headers })
      // A long poll that its caller gave up must not take a message that nobody reads.
      response.once("close", () => call.destroy())
      const answered = Promise.withResolvers<void>()
      call.once("error", answered.reject)
      call.once("response", (answer) => {
        buffer(answer).then((bytes) => {
          waits.set(operation, (waits.get(operation) ?? 0) + performance.now() - since)
          const { connection: _, "content-length": __, "transfer-encoding": ___, ...kept } = answer.headers
          const status = answer.statusCode ?? 502
          const received = operation === "SQS:ReceiveMessage" && status === 200
          response.writeHead(status, kept).end(received ? sift(String(bytes)) : bytes)
          answered.resolve()
        }).catch(answered.reject)
      })
      call.end(body)
      return answered.promise
    }
    pass().catch(() => response.destroy())
  })
  // The long poll lasts 20 s, and clients keep connections for reuse.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the tap has no port")
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    calls,
    waits,
    events,
    drop: (next) => {
      every = next
      place = 0
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
