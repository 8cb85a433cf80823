// Ten thousand requests that nobody should send: each is refused with a reason, and the server is none the worse.
// ECS_MESH_FUZZ_SEED sends another ten thousand, ECS_MESH_FUZZ_CASES as many as one likes.
import { Agent, request } from "node:http"
import { connect } from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { descriptors, type ResourceDescriptor } from "../../../../src/model/ResourceDescriptor.ts"
import { useTestDatabases } from "../../store/testDatabases.ts"
import { startApi, type TestApi } from "../testApi.ts"
import { type FuzzCase, fuzzCase } from "./cases.ts"
import { Random } from "./Random.ts"

const SEED = Number(process.env["ECS_MESH_FUZZ_SEED"] ?? 20_260_101)
const CASES = Number(process.env["ECS_MESH_FUZZ_CASES"] ?? 10_000)
const AT_ONCE = 16
/** Cases after which caches are as full as they get. */
const WARM = 3_000
/** How many of those of one kind that were taken are read again. */
const MOST_READ = 30
/** Kept by the server and this test's own client together after all of them. */
const MAX_GROWTH = 16 * 1024 * 1024

const databases = useTestDatabases()
let api: TestApi
beforeAll(async () => {
  api = await startApi(await databases.create())
}, 60_000)
afterAll(() => api?.stop())

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly text: string
  /** Of the status line. */
  readonly reason: string
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
afterAll(() => agent.destroy())

const send = (fuzz: Pick<FuzzCase, "method" | "path" | "headers" | "body">): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url)
    let answered = false
    // Node's client says the length of what it sends only by methods that usually send something.
    const length = fuzz.body === null ? {} : { "content-length": String(fuzz.body.length) }
    const headers = { ...fuzz.headers, ...length }
    const call = request({ agent, hostname, port, method: fuzz.method, path: fuzz.path, headers }, (response) => {
      answered = true
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers["content-type"] ?? "",
        reason: response.statusMessage ?? "",
        text
      }))
    })
    // A server that doesn't read on may close the connection once it has answered.
    call.on("error", (error) => answered || reject(error))
    call.end(fuzz.body ?? undefined)
  })

/** What is wrong with a refusal as such; null where nothing is. */
const badRefusal = ({ contentType, reason, status, text }: Answer): string | null => {
  // Whose head is too large is told by the parser, before there is a request.
  if (status === 431 && text === "") return reason === "" ? "a status line without a reason" : null
  if (/node_modules|\.ts:\d|^\s+at /m.test(text)) return "tells of the server's insides"
  if (contentType.startsWith("text/plain")) return /^\d{3}: \S/.test(text) ? null : "a text without a reason"
  if (!contentType.startsWith("application/json")) return `a refusal of type ${contentType}`
  const error = JSON.parse(text) as Readonly<Record<string, unknown>>
  if (error["type"] !== "/std-errors" || error["status"] !== status || !error["title"]) return "isn't Kuma's error"
  const causes = error["causes"]
  return error["detail"] || (Array.isArray(causes) && causes.length > 0) ? null : "an error without a reason"
}

const warnings = ({ text }: Answer): ReadonlyArray<string> => {
  const { warnings: told } = JSON.parse(text) as { readonly warnings?: ReadonlyArray<string> }
  return told ?? []
}

/** What was taken can be read, and written again as it was read. Of many of a kind the first ones tell. */
const badlyTaken = async (fuzz: FuzzCase, before: number): Promise<string | null> => {
  if (fuzz.method !== "PUT" || before > MOST_READ) return null
  const read = await send({ method: "GET", path: fuzz.path, headers: {}, body: null })
  if (read.status !== 200) return `was taken, and reading it gives ${read.status}`
  const headers = { "content-type": "application/json" }
  const again = await send({ method: "PUT", path: fuzz.path, headers, body: Buffer.from(read.text) })
  return again.status === 200 || again.status === 409 ? null : `was taken, and what is read isn't: ${again.text}`
}

const judge = async (fuzz: FuzzCase, answer: Answer, taken: Map<string, number>): Promise<string | null> => {
  const { status } = answer
  if (status >= 400 && status < 500) {
    const isOther = fuzz.statuses !== undefined && !fuzz.statuses.includes(status)
    return isOther ? `not one of ${fuzz.statuses.join(", ")}` : badRefusal(answer)
  }
  if (status < 200 || status >= 300) return "is no 4xx"
  if (fuzz.expect === "refused") return "was taken"
  if (fuzz.expect === "warned" && !warnings(answer).some((warning) => warning.includes(fuzz.names ?? "?"))) {
    return `was taken without a warning of ${fuzz.names}`
  }
  const before = taken.get(fuzz.kind) ?? 0
  taken.set(fuzz.kind, before + 1)
  return badlyTaken(fuzz, before)
}

const heapAfterGc = async (): Promise<number> => {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void
  for (let times = 0; times < 3; times += 1) {
    collect()
    await new Promise((resume) => setImmediate(resume))
  }
  return process.memoryUsage().heapUsed
}

describe("the API", () => {
  it(`refuses ${CASES} requests that nobody should send, with a reason each, and keeps nothing of them`, async () => {
    const random = new Random(SEED)
    const wrong: Array<string> = []
    const kinds = new Map<string, number>()
    const taken = new Map<string, number>()
    let at = 0
    const work = async (until: number): Promise<void> => {
      while (at < until && wrong.length < 20) {
        const number = at
        at += 1
        const fuzz = fuzzCase(random)
        const kind = fuzz.kind
        const answer = await send(fuzz).catch((error: Error) => error)
        const problem = answer instanceof Error ? `no answer: ${answer.message}` : await judge(fuzz, answer, taken)
        const refused = !(answer instanceof Error) && answer.status >= 400
        kinds.set(kind, (kinds.get(kind) ?? 0) + (refused ? 1 : 0))
        if (problem === null) continue
        const told = answer instanceof Error ? "" : `${answer.status} ${answer.text.slice(0, 300)}`
        wrong.push(`${number} of seed ${SEED}, ${kind}: ${problem}\n  ${fuzz.method} ${fuzz.path.slice(0, 200)} ` +
          `${JSON.stringify(fuzz.headers).slice(0, 300)}\n  ${fuzz.body?.toString().slice(0, 600) ?? ""}\n  -> ${told}`)
      }
    }
    const run = (until: number) => Promise.all(Array.from({ length: AT_ONCE }, () => work(until)))
    await run(Math.min(WARM, CASES))
    const before = await heapAfterGc()
    await run(CASES)
    expect(wrong.join("\n\n")).toBe("")
    expect(at).toBe(CASES)
    expect(await heapAfterGc() - before).toBeLessThan(MAX_GROWTH)
    // No kind is one that is taken as it comes.
    expect([...kinds].filter(([kind, refused]) => refused === 0 && !/field|key/.test(kind))).toEqual([])
    expect(kinds.size).toBe(18)
  }, 300_000)

  it("serves all that was taken meanwhile", async () => {
    for (const { paths } of Object.values<ResourceDescriptor>(descriptors)) {
      const answer = await send({ method: "GET", path: `/${paths[0]}?size=1000`, headers: {}, body: null })
      expect([paths[0], answer.status]).toEqual([paths[0], 200])
    }
  })
})

/** What is no HTTP at all, or not to the end. */
const RAW: ReadonlyArray<readonly [name: string, bytes: string]> = [
  ["no request", "hello\r\n\r\n"],
  ["another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a TLS hello", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"],
  ["a version that isn't", "GET / HTTP/9.9\r\n\r\n"],
  ["no host", "GET /meshes HTTP/1.1\r\n\r\n"],
  ["two hosts", "GET /meshes HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["a header without a colon", "GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n"],
  ["a space before the colon", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc"],
  ["a folded header", "PUT /meshes/x HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nContent-Length: x\r\n\r\n"],
  ["a length that isn't one", "PUT /meshes/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"],
  ["two lengths", "PUT /meshes/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
  ["a length and chunks", "PUT /meshes/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["chunks that aren't", "PUT /meshes/x HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
  ["another encoding", "PUT /meshes/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, identity\r\n\r\n"],
  ["too many bytes of headers", `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(200_000)}\r\n\r\n`],
  ["a NUL in a header", "GET / HTTP/1.1\r\nHost: x\r\nA: a\0b\r\n\r\n"],
  ["a bare line feed", "GET / HTTP/1.1\nHost: x\r\nContent-Length: x\n\n"]
]

describe("on the wire", () => {
  it.each(RAW)("%s is refused, and nobody else notices", async (_, bytes) => {
    const { hostname, port } = new URL(api.url)
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      let text = ""
      socket.setEncoding("latin1").on("data", (chunk: string) => {
        text += chunk
        // What is refused in the middle may be waited for the rest of.
        if (text.includes("\r\n\r\n")) socket.end()
      })
      socket.on("error", (error) => text === "" ? reject(error) : resolve(text))
      socket.on("close", () => resolve(text))
      socket.write(Buffer.from(bytes, "latin1"))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d \S/)
    expect(answer).not.toMatch(/node_modules|\.ts:\d/)
    expect((await send({ method: "GET", path: "/", headers: {}, body: null })).status).toBe(200)
  })
})
