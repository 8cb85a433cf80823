// The demo's key-value service: numbers by name, in memory, each task its own.
import { sendJson, serveUntilQuiet } from "./serveUntilQuiet.ts"

const numbers = new Map<string, number>()
const task = (process.env["ECS_CONTAINER_METADATA_URI_V4"] ?? "").split("/").at(-2) ?? ""

serveUntilQuiet("kv", 5051, async (request, response) => {
  const key = decodeURIComponent(new URL(request.url ?? "/", "http://kv").pathname.slice(1))
  if (key === "") return sendJson(response, 200, { status: "up", task })
  if (request.method === "POST") numbers.set(key, (numbers.get(key) ?? 0) + 1)
  if (request.method === "DELETE") numbers.delete(key)
  sendJson(response, 200, { key, value: numbers.get(key) ?? 0, task })
})
