import { request } from "node:https"
import type { ControlPlane, Tls } from "./startControlPlane.ts"

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Posts to `/bootstrap` as a sidecar does, or as a stranger might. */
export const askBootstrap = (
  { port }: Pick<ControlPlane, "port">,
  tls: Pick<Tls, "caPem">,
  body: unknown,
  options: {
    readonly headers?: Readonly<Record<string, string>>
    /** Header lines, names and values in turn: sent as they are, twins too. */
    readonly lines?: ReadonlyArray<string>
    readonly path?: string
    readonly method?: string
  } = {}
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const content = typeof body === "string" ? body : JSON.stringify(body)
    const headers = { "content-type": "application/json", ...options.headers }
    const lines = ["host", `127.0.0.1:${port}`, "content-length", String(Buffer.byteLength(content))]
    const call = request({
      host: "127.0.0.1",
      port,
      path: options.path ?? "/bootstrap",
      method: options.method ?? "POST",
      ca: tls.caPem,
      servername: "localhost",
      agent: false,
      headers: options.lines === undefined ? headers : [...lines, ...Object.entries(headers).flat(), ...options.lines]
    }, (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    })
    call.on("error", reject)
    call.end(content)
  })
