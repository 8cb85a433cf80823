/** What kuma-dp 2.14.3 was seen to ask (`recorded`), sent as it sent it, and its reading of the answer. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { connect } from "node:tls"
import { parse } from "yaml"

export interface Asked {
  readonly name: string
  readonly mesh: string
  readonly dataplaneToken?: string
  readonly dataplaneTokenPath?: string
  readonly dataplaneResource?: string
  readonly features: ReadonlyArray<string>
  readonly workdir: string
  readonly version: unknown
}

interface Recorded {
  readonly request: string
  readonly headers: ReadonlyArray<string>
  readonly body: Asked
}

const folder = join(import.meta.dirname, "recorded")

export const recordings: ReadonlyArray<string> = readdirSync(folder).map((file) => file.replace(".json", "")).sort()

export const recorded = (name: string): Recorded => JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"))

export interface KumaDpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface KumaDpCall {
  readonly port: number
  readonly caPem: string
  readonly token: string
  readonly tokenPath: string
}

/** As Go's client does it: TLS that offers no protocol, then HTTP/1.1, its JSON indented by one space. */
export const askAsKumaDp = (
  { caPem, port, token, tokenPath }: KumaDpCall,
  name: string,
  change: (body: Asked) => object = (body) => body
): Promise<KumaDpAnswer> => {
  const { body, headers, request } = recorded(name)
  const text = JSON.stringify(change(body), null, 1)
    .replace('"TOKEN"', JSON.stringify(token))
    .replace('"/tmp/token"', JSON.stringify(tokenPath))
    .replace('"CA"', JSON.stringify(caPem))
  const head = [request, ...headers, "Connection: close", "", ""].join("\r\n")
    .replace("HOST", `127.0.0.1:${port}`)
    .replace("LENGTH", String(Buffer.byteLength(text)))
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ca: caPem })
    let answer = ""
    socket.setEncoding("utf8").on("data", (chunk: string) => (answer += chunk))
    socket.on("error", reject)
    socket.on("end", () => {
      const [lines = "", content = ""] = answer.split("\r\n\r\n")
      resolve({
        status: Number(lines.split(" ")[1]),
        contentType: /^content-type: (.*)$/im.exec(lines)?.[1] ?? "",
        body: content
      })
    })
    socket.write(head + text)
  })
}

export interface GivenBootstrap {
  readonly node: { readonly id: string; readonly cluster: string; readonly metadata: Readonly<Record<string, unknown>> }
}

export const readAsKumaDp = ({ body }: KumaDpAnswer) => {
  const answer = JSON.parse(body) as { readonly bootstrap: string; readonly kumaSidecarConfiguration: unknown }
  const text = Buffer.from(answer.bootstrap, "base64").toString()
  return { ...answer, text, config: parse(text) as GivenBootstrap }
}
