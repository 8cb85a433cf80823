// AWS's STS answers JSON to `Accept: application/json`; emulators answer XML whatever is asked. This stands in front of
// one and translates. The request goes on as it came, its Host as it was signed: the emulator verifies the signature.
import { createServer, type IncomingHttpHeaders, request, type ServerResponse } from "node:http"
import { toJson } from "./stsXmlToJson.ts"

export interface StsJsonProxy {
  /** `http://127.0.0.1:PORT`, for ECS_MESH_STS_ENDPOINT. */
  readonly endpoint: string
  readonly stop: () => Promise<void>
}

export interface StsJsonProxyOptions {
  /** `http://127.0.0.1:PORT` of the emulator. */
  readonly emulator: string
  /** Any free one where absent. */
  readonly port?: number
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** Headers as they came, but for those that only concern the connection. */
const forwarded = ({ connection: _connection, "keep-alive": _keepAlive, ...headers }: IncomingHttpHeaders) => headers

const ask = (emulator: string, path: string, headers: IncomingHttpHeaders): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(emulator)
    const call = request({ method: "GET", host: hostname, port, path, headers: forwarded(headers), agent: false })
    call.on("error", reject)
    call.on("response", (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("error", reject)
      response.on("data", (chunk: string) => { body += chunk })
      response.on("end", () => resolve({ status: response.statusCode ?? 502, body }))
    })
    call.end()
  })

const answer = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
}

const unavailable = { Error: { Code: "ServiceUnavailable", Message: "the emulator doesn't answer" } }

export const startStsJsonProxy = ({ emulator, port = 0 }: StsJsonProxyOptions): Promise<StsJsonProxy> =>
  new Promise((resolve, reject) => {
    const server = createServer((incoming, response) => {
      if (incoming.method !== "GET") {
        return answer(response, 405, { Error: { Code: "MethodNotAllowed", Message: "only GET is translated" } })
      }
      ask(emulator, incoming.url ?? "/", incoming.headers).then(
        ({ status, body }) => {
          const json = toJson(body)
          answer(response, json === undefined ? 502 : status, json ?? unavailable)
        },
        () => answer(response, 503, unavailable)
      )
    })
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") return reject(new Error("the proxy has no port"))
      resolve({
        endpoint: `http://127.0.0.1:${address.port}`,
        stop: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          })
      })
    })
  })
