import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createServer } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { listenOn } from "./listenOn.ts"

export interface BootstrapAnswer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface BootstrapServer {
  readonly url: string
  /** PEM of the CA that its certificate is from. */
  readonly ca: string
  /** Bodies of what it was asked, parsed. */
  readonly requests: ReadonlyArray<Readonly<Record<string, unknown>>>
  /** What it answers from now on. */
  answer: BootstrapAnswer
  readonly stop: () => Promise<void>
}

const openssl = (folder: string, ...args: ReadonlyArray<string>) => promisify(execFile)("openssl", args, { cwd: folder })

const EC_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

/** A CA and a certificate for 127.0.0.1 from it. */
export const makeCertificates = async () => {
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-tls-"))
  const read = (name: string) => readFile(join(folder, name), "utf8")
  try {
    await openssl(folder, "req", "-x509", ...EC_KEY, "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem")
    await openssl(
      folder, "req", "-x509", ...EC_KEY, "-subj", "/CN=control plane", "-addext", "subjectAltName=IP:127.0.0.1",
      "-addext", "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key",
      "-keyout", "own.key", "-out", "own.pem"
    )
    return { ca: await read("ca.pem"), cert: await read("own.pem"), key: await read("own.key") }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `/bootstrap` with the given answer, over real TLS; what it hands out is the test's to say. */
export const startBootstrapServer = async (answer: BootstrapAnswer): Promise<BootstrapServer> => {
  const { ca, cert, key } = await makeCertificates()
  const requests: Array<Readonly<Record<string, unknown>>> = []
  const state = { answer }
  const server = createServer({ cert, key }, (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      requests.push(JSON.parse(Buffer.concat(chunks).toString("utf8")))
      response.writeHead(state.answer.status, { "content-type": "application/json", ...state.answer.headers })
      response.end(state.answer.body)
    })
  })
  const { port, stop } = await listenOn(server)
  return {
    url: `https://127.0.0.1:${port}`,
    ca,
    requests,
    get answer() {
      return state.answer
    },
    set answer(next) {
      state.answer = next
    },
    stop
  }
}

export const withBootstrap = (yaml: string): BootstrapAnswer => ({
  status: 200,
  body: JSON.stringify({
    bootstrap: Buffer.from(yaml).toString("base64"),
    kumaSidecarConfiguration: { networking: { address: "127.0.0.1", corefileTemplate: null }, metrics: { aggregate: [] } }
  })
})
