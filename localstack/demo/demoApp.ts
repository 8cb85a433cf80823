// The demo's front: a page with a counter. The counter lives in kv, which this app calls through its own Envoy.
import { text } from "node:stream/consumers"
import { request as httpRequest } from "node:http"
import { sendJson, serveUntilQuiet } from "./serveUntilQuiet.ts"

const kvUrl = process.env["KV_URL"] ?? "http://127.0.0.1:5051"

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Counter</title>
<style>
  body { font: 1.2rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem }
  output { display: block; font-size: 5rem; font-variant-numeric: tabular-nums }
  button { font: inherit; padding: .4rem 1rem }
</style>
<h1>Counter</h1>
<p>Each click goes from this app to <b>kv</b> through two Envoys. Each kv task counts for itself.</p>
<output id="counter" aria-live="polite">…</output>
<p id="by"></p>
<button id="increment">Increment</button> <button id="reset">Reset</button>
<script type="module">
  const show = async (method) => {
    const response = await fetch("/api/counter", { method })
    const { counter, task, error } = await response.json()
    document.getElementById("counter").value = counter ?? "–"
    document.getElementById("by").textContent = error ?? "answered by kv task " + task
  }
  document.getElementById("increment").onclick = () => show("POST")
  document.getElementById("reset").onclick = () => show("DELETE")
  show("GET")
</script>
</html>`

const callKv = (method: string): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const call = httpRequest(`${kvUrl}/counter`, { method, timeout: 10_000 }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    })
    call.once("timeout", () => call.destroy(new Error("kv did not answer within 10 s")))
    call.once("error", reject)
    call.end()
  })

serveUntilQuiet("demo-app", 5050, async (request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://demo-app")
  if (pathname === "/") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page)
    return
  }
  if (pathname !== "/api/counter") return sendJson(response, 404, { error: `no ${pathname} here` })
  const { status, body } = await callKv(request.method ?? "GET")
  if (status !== 200) return sendJson(response, 502, { error: `kv answered ${status}: ${body}` })
  const { value, task }: { readonly value: number; readonly task: string } = JSON.parse(body)
  sendJson(response, 200, { counter: value, task })
})
