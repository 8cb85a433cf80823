/**
 * The apps of all tasks in this one process: each task's app container is a process that only waits, and while it runs
 * this serves on the task's address, answering with the task's id. Also answers the containers' health checks.
 */
import { createServer, get, type Server } from "node:http"
import type { EcsAgent } from "../../localstack/agent/EcsAgent.ts"
import type { TaskRun } from "../../localstack/agent/TaskRun.ts"
import type { Check } from "../../localstack/agent/watchHealth.ts"

export const APP_PORT = 5050

const LOOK_EVERY_MILLIS = 25

/** `["CMD", "ready", PORT]`: whether the task's own `/ready` says 200. */
export const checkReady: Check = ([, , port], environment) =>
  new Promise((resolve) => {
    const host = environment["ECS_DEMO_TASK_ADDRESS"] ?? "127.0.0.1"
    const call = get({ host, port, path: "/ready", agent: false, timeout: 2_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    call.once("error", () => resolve(false))
    call.once("timeout", () => call.destroy())
  })

const serve = (taskId: string, address: string): Server => {
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "text/plain" }).end(request.url === "/ready" ? "ready" : taskId)
  })
  // Only the caller closes an idle connection, or it would do so while a request is on its way.
  server.keepAliveTimeout = 0
  server.on("error", (error) => console.error(`the app of ${taskId}: ${error.message}`))
  return server.listen(APP_PORT, address)
}

const runsApp = (run: TaskRun): boolean =>
  run.containers.some(({ plan, state }) => plan.name !== "sidecar" && state().status === "RUNNING")

/** Serves for the tasks of `agent` until it is stopped. Returns how to stop. */
export const hostApps = (agent: EcsAgent): () => void => {
  const served = new Map<string, Server>()
  const end = (taskId: string, server: Server): void => {
    served.delete(taskId)
    server.close()
    server.closeAllConnections()
  }
  const look = (): void => {
    const running = new Map(agent.tasks().filter(runsApp).map(({ plan }) => [plan.taskId, plan.address]))
    for (const [taskId, server] of served) if (!running.has(taskId)) end(taskId, server)
    for (const [taskId, address] of running) if (!served.has(taskId)) served.set(taskId, serve(taskId, address))
  }
  const timer = setInterval(look, LOOK_EVERY_MILLIS)
  return () => {
    clearInterval(timer)
    for (const [taskId, server] of served) end(taskId, server)
  }
}
