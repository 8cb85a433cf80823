// An HTTP server that answers as a test says, and records what came: for what a real STS does only on a bad day.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage["headers"]
}

export interface ScriptedSts {
  readonly endpoint: string
  readonly requests: ReadonlyArray<RecordedRequest>
  /** Requests under way right now, and the most there were. */
  readonly underWay: () => { readonly now: number; readonly most: number }
  readonly stop: () => Promise<void>
}

export type Script = (response: ServerResponse, request: IncomingMessage) => void

export const startScriptedSts = (script: Script): Promise<ScriptedSts> =>
  new Promise((resolve, reject) => {
    const requests: Array<RecordedRequest> = []
    let now = 0
    let most = 0
    const server = createServer((request, response) => {
      const { method = "", url = "", headers } = request
      requests.push({ method, url, headers })
      now += 1
      most = Math.max(most, now)
      response.once("close", () => { now -= 1 })
      script(response, request)
    })
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") return reject(new Error("no port"))
      resolve({
        endpoint: `http://127.0.0.1:${address.port}`,
        requests,
        underWay: () => ({ now, most }),
        stop: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          })
      })
    })
  })

export const identityJson = (account: string, arn: string, userId: string): string =>
  JSON.stringify({
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: { Account: account, Arn: arn, UserId: userId },
      ResponseMetadata: { RequestId: "01234567-89ab-cdef-0123-456789abcdef" }
    }
  })

export const answerJson = (status: number, body: string, contentType = "application/json"): Script =>
  (response) => response.writeHead(status, { "content-type": contentType }).end(body)
