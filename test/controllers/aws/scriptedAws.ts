import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export interface Answer {
  readonly status?: number
  readonly body: unknown
}

export type Script = (action: string, input: Record<string, unknown>) => Answer | Promise<Answer>

/**
 * An AWS that says in JSON what emulators never say: empty pages with a token, pages that fail, tasks that aren't
 * answered. `requests` collects the action and input of each call.
 */
export const scriptedAws = Effect.fnUntraced(function*(script: Script) {
  const requests: Array<readonly [string, Record<string, unknown>]> = []
  const server = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const listening = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const action = String(request.headers["x-amz-target"]).split(".")[1] ?? ""
          const input: Record<string, unknown> = JSON.parse(Buffer.concat(chunks).toString("utf8"))
          requests.push([action, input])
          void Promise.resolve(script(action, input)).then(({ body, status = 200 }) => {
            response.writeHead(status, { "content-type": "application/x-amz-json-1.1" })
            response.end(JSON.stringify(body))
          })
        })
      })
      listening.listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
    }),
    (open) => Effect.sync(() => {
      open.closeAllConnections()
      open.close()
    })
  )
  const { port } = server.address() as AddressInfo
  process.env["AWS_ACCESS_KEY_ID"] = "test"
  process.env["AWS_SECRET_ACCESS_KEY"] = "test"
  return { requests, endpoint: `http://127.0.0.1:${port}` }
})
