import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { setTimeout as delay } from "node:timers/promises"
import { afterEach, expect, it } from "vitest"
import { type RunningProcess, startProcess } from "../../localstack/process/startProcess.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"

const demo = fileURLToPath(new URL("../../localstack/demo/", import.meta.url))
const running: Array<RunningProcess> = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.stop(1_000)))
})

const start = async (file: string, environment: Readonly<Record<string, string>>): Promise<RunningProcess> => {
  const app = await startProcess({ command: process.execPath, args: [`${demo}${file}`], env: { ...environment } })
  running.push(app)
  await waitFor(`${file} listens`, () => app.output().includes("listens on") ? true : undefined)
  return app
}

it("the counter goes from the app to kv and back, and says which task counted", async () => {
  await start("kv.ts", {
    ECS_DEMO_TASK_ADDRESS: "127.65.0.1",
    ECS_CONTAINER_METADATA_URI_V4: "http://127.0.0.1:1/v4/0123/kv"
  })
  await start("demoApp.ts", { ECS_DEMO_TASK_ADDRESS: "127.65.0.2", KV_URL: "http://127.65.0.1:5051" })
  const counter = "http://127.65.0.2:5050/api/counter"

  await fetch(counter, { method: "POST" })
  const answer = await fetch(counter, { method: "POST" })

  expect(await answer.json()).toEqual({ counter: 2, task: "0123" })
  expect(await (await fetch("http://127.65.0.2:5050/")).text()).toContain("<h1>Counter</h1>")
})

it("the app says why kv could not be reached", async () => {
  await start("demoApp.ts", { ECS_DEMO_TASK_ADDRESS: "127.65.0.3", KV_URL: "http://127.65.0.3:1" })

  const answer = await fetch("http://127.65.0.3:5050/api/counter")

  expect(answer.status).toBe(502)
  expect(await answer.text()).toContain("ECONNREFUSED")
})

it("an app asked to stop answers until nobody asks any more, and then exits 0", async () => {
  const kv = await start("kv.ts", { ECS_DEMO_TASK_ADDRESS: "127.65.0.4" })
  kv.signal("SIGTERM")
  await waitFor("the signal is seen", () => kv.output().includes("asked to stop") ? true : undefined)

  for (let asked = 0; asked < 20; asked++) {
    expect((await fetch("http://127.65.0.4:5051/x")).status).toBe(200)
    await delay(100)
  }

  expect(kv.exit()).toBeUndefined()
  expect(await kv.exited).toEqual({ code: 0, signal: null })
})

it("the health check passes on 200 and on nothing else", async () => {
  let status = 200
  const server = createServer((_, response) => response.writeHead(status).end())
  await new Promise<void>((resolve) => server.listen(9902, "127.65.0.5", resolve))
  const check = async (port: string): Promise<number | null> => {
    const app = await startProcess({ command: `${demo}isReady`, args: ["127.65.0.5", port] })
    return (await app.exited).code
  }

  expect(await check("9902")).toBe(0)
  status = 503
  expect(await check("9902")).not.toBe(0)
  expect(await check("9903")).not.toBe(0)
  server.close()
})
