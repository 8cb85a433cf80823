import { createServer, request, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"

/**
 * What ECS does to its callers: `throttling` refuses all, `torn` gives the first page of a list and fails the second,
 * and describes none of the tasks that it is asked about, `forgetful` lists nothing as if that were all, `late` knows
 * nothing of a task for a second, and can't list.
 */
export type EcsFault = "throttling" | "torn" | "forgetful" | "late"

export interface FaultyEcs {
  readonly endpoint: string
  /** Null: none. */
  readonly suffer: (fault: EcsFault | null) => void
  /** Calls since the last `suffer`, by operation. */
  readonly calls: ReadonlyMap<string, number>
  readonly stop: () => Promise<void>
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

const LATE_MILLIS = 1_000

const throttled: Answer = { status: 400, body: { __type: "ThrottlingException", message: "Rate exceeded" } }
const failed: Answer = { status: 500, body: { __type: "ServerException", message: "Service Unavailable" } }

/** As it came: the signature covers the host that was dialled. */
const pass = (emulator: string, headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(emulator)
    const call = request({ method: "POST", host: hostname, port, path: "/", headers, agent: false })
    call.on("error", reject)
    call.on("response", (response) => {
      buffer(response).then(
        (text) => resolve({ status: response.statusCode ?? 502, body: JSON.parse(String(text)) }),
        reject
      )
    })
    call.end(body)
  })

const suffered = (fault: EcsFault | null, operation: string, asked: string, truth: Answer): Answer => {
  if (fault === "throttling") return throttled
  if (operation === "ListTasks" && fault === "late") return failed
  if (operation === "ListTasks" && fault === "forgetful") return { status: 200, body: { taskArns: [] } }
  if (operation === "ListTasks" && fault === "torn") {
    if (asked.includes("nextToken")) return failed
    const { taskArns = [] } = truth.body as { readonly taskArns?: ReadonlyArray<string> }
    return { status: 200, body: { taskArns: taskArns.slice(0, 1), nextToken: "the rest" } }
  }
  if (operation === "DescribeTasks" && fault === "torn") return { status: 200, body: { tasks: [], failures: [] } }
  return truth
}

interface Described {
  readonly tasks?: ReadonlyArray<{ readonly taskArn: string }>
  readonly failures?: ReadonlyArray<unknown>
}

/** The answer without the tasks that `isYoung`. "MISSING" is ECS's word for a task that it doesn't know. */
const withoutYoung = (truth: Answer, isYoung: (taskArn: string) => boolean): Answer => {
  const { failures = [], tasks = [] } = truth.body as Described
  const young = tasks.filter(({ taskArn }) => isYoung(taskArn)).map(({ taskArn: arn }) => ({ arn, reason: "MISSING" }))
  const body = { tasks: tasks.filter(({ taskArn }) => !isYoung(taskArn)), failures: [...failures, ...young] }
  return { status: truth.status, body }
}

const answer = (response: ServerResponse, { body, status }: Answer): void => {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body))
}

/** Stands between a caller and an emulated ECS. */
export const startFaultyEcs = async (emulator: () => string): Promise<FaultyEcs> => {
  const calls = new Map<string, number>()
  /** When a task was first asked about. */
  const met = new Map<string, number>()
  const isYoung = (arn: string): boolean => {
    const since = met.get(arn) ?? Date.now()
    met.set(arn, since)
    return Date.now() - since < LATE_MILLIS
  }
  let fault: EcsFault | null = null
  const server = createServer((incoming, response) => {
    const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1) ?? ""
    const now = fault
    const handle = async (): Promise<Answer> => {
      const body = await buffer(incoming)
      calls.set(operation, (calls.get(operation) ?? 0) + 1)
      const truth = await pass(emulator(), incoming.headers, body)
      const young = operation === "DescribeTasks" ? withoutYoung(truth, isYoung) : truth
      return suffered(now, operation, String(body), now === "late" ? young : truth)
    }
    handle().then((result) => answer(response, result), () => answer(response, failed))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    suffer: (next) => {
      fault = next
      calls.clear()
    },
    calls,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
