// The two endpoints that ECS gives to every container, on loopback: the credentials of the task's role, and the task's
// metadata. Only a container that was given the task's token gets its keys.
import { randomBytes, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { CredentialsAnswer } from "./TaskCredentials.ts"
import { containerMetadata, taskMetadata } from "./taskMetadata.ts"
import type { TaskRun } from "./TaskRun.ts"

interface ServedTask {
  readonly token: string
  readonly credentials: () => Promise<CredentialsAnswer | undefined>
  /** Undefined until the task's run exists. */
  readonly run: () => TaskRun | undefined
}

export interface TaskEndpoint {
  /** Serves a task from now on; gives what each of its containers must have in its environment. */
  readonly serve: (
    taskId: string,
    credentials: ServedTask["credentials"],
    run: ServedTask["run"]
  ) => (containerName: string) => Readonly<Record<string, string>>
  readonly forget: (taskId: string) => void
  readonly close: () => Promise<void>
}

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

const holds = (request: IncomingMessage, token: string): boolean => {
  const given = Buffer.from(request.headers.authorization ?? "")
  const wanted = Buffer.from(token)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

export const startTaskEndpoint = async (): Promise<TaskEndpoint> => {
  const tasks = new Map<string, ServedTask>()

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [kind, taskId = "", ...rest] = (request.url ?? "/").split("/").slice(1)
    const task = tasks.get(taskId)
    if (task === undefined) return answer(response, 404, { message: "no such task" })
    if (kind === "credentials") {
      if (!holds(request, task.token)) return answer(response, 401, { message: "wrong authorization token" })
      const credentials = await task.credentials()
      return credentials === undefined
        ? answer(response, 404, { message: "the task has no role" })
        : answer(response, 200, credentials)
    }
    const run = task.run()
    const container = run?.containers.find(({ plan }) => plan.name === decodeURIComponent(rest[0] ?? ""))
    if (kind !== "v4" || run === undefined || container === undefined) {
      return answer(response, 404, { message: "no such container" })
    }
    if (rest.length === 1) return answer(response, 200, containerMetadata(run, container))
    if (rest[1] === "task") return answer(response, 200, taskMetadata(run))
    return answer(response, 404, { message: "only the container's and the task's metadata are served here" })
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => answer(response, 500, { message: String(error) }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", resolve)
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("The task endpoint has no port")
  const base = `http://127.0.0.1:${address.port}`

  return {
    serve: (taskId, credentials, run) => {
      const token = randomBytes(24).toString("base64url")
      tasks.set(taskId, { token, credentials, run })
      return (containerName) => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/credentials/${taskId}`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
        ECS_CONTAINER_METADATA_URI_V4: `${base}/v4/${taskId}/${encodeURIComponent(containerName)}`
      })
    },
    forget: (taskId) => void tasks.delete(taskId),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
