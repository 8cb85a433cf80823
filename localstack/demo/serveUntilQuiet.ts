import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** After SIGTERM the app goes on answering until nobody has asked for so long, and at most so long. */
const quietMillis = 1_500
const atMostMillis = 15_000

export const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

/**
 * Serves on the task's address until SIGTERM, and then until the requests have ceased. ECS ends this container before
 * the sidecar it depends on, so at SIGTERM the sidecar still sends what it is asked: an app that left at once would fail
 * those requests. ECS_DEMO_EXIT_AT_ONCE=1 makes it such an app.
 */
export const serveUntilQuiet = (name: string, port: number, handler: Handler): void => {
  const host = process.env["ECS_DEMO_TASK_ADDRESS"] ?? "127.0.0.1"
  let busy = 0
  let lastAsked = Date.now()
  let stopping = false

  const server = createServer((request, response) => {
    if (request.url === "/ready") return sendJson(response, stopping ? 503 : 200, { stopping })
    busy++
    response.once("close", () => {
      busy--
      lastAsked = Date.now()
    })
    handler(request, response).catch((error: unknown) => {
      console.error(String(error))
      if (!response.headersSent) sendJson(response, 502, { error: String(error) })
    })
  })
  // Whoever closes an idle connection may do so while a request is on its way; here only the caller does.
  server.keepAliveTimeout = 0
  server.listen(port, host, () => console.log(`${name} listens on http://${host}:${port}`))

  process.once("SIGTERM", () => {
    // As most apps do that were never written for it.
    if (process.env["ECS_DEMO_EXIT_AT_ONCE"] === "1") process.exit(0)
    const asked = Date.now()
    stopping = true
    lastAsked = asked
    console.log("asked to stop: answering until nobody asks any more")
    setInterval(() => {
      const quiet = busy === 0 && Date.now() - lastAsked >= quietMillis
      if (!quiet && Date.now() - asked < atMostMillis) return
      console.log(`left after ${Date.now() - asked} ms`)
      process.exit(0)
    }, 50)
  })
}
