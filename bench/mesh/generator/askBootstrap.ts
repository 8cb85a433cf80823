/** `POST /bootstrap` as kuma-dp sends it: HTTP/1.1 over TLS, on a connection of its own. */
import { request } from "node:https"
import { sidecarTls } from "./clientTls.ts"

export interface BootstrapTarget {
  readonly host: string
  readonly port: number
}

/** Resolves with the length of the answer; fails with the status and the text where it is no 200. */
export const askBootstrap = ({ host, port }: BootstrapTarget, body: unknown): Promise<number> =>
  new Promise((resolve, reject) => {
    const content = JSON.stringify(body)
    const call = request({
      host,
      port,
      path: "/bootstrap",
      method: "POST",
      ...sidecarTls,
      agent: false,
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        "content-length": Buffer.byteLength(content)
      }
    }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
      response.on("end", () => {
        const answer = Buffer.concat(chunks)
        if (response.statusCode === 200) resolve(answer.length)
        else reject(new Error(`/bootstrap: ${response.statusCode} ${answer.toString("utf8").slice(0, 300)}`))
      })
    })
    call.on("error", reject)
    call.end(content)
  })
