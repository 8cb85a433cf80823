// How much of one caller the API takes: requests, bytes, levels, seconds.
import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { placeOf } from "../../../src/cp/door/placeOf.ts"
import { RateLimit } from "../../../src/cp/api/RateLimit.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { loopbackTls } from "../server/startControlPlane.ts"
import { put, request, startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
const limits = { requestsPerSecond: 1, connections: 100, connectionsOfOne: 100, readHeaderMillis: 300, readMillis: 500, writeMillis: 5_000, idleMillis: 5_000 }
let api: TestApi
beforeAll(async () => {
  api = await start(await databases.create(), { config: { limits } })
}, 60_000)
afterAll(() => api?.stop())

const from = (address: string) => ({ "x-forwarded-for": address })

describe("a rate limit", () => {
  it("takes ten seconds' worth at once, then so many a second, each caller for itself", () => {
    const limit = new RateLimit(2)
    const taken = (caller: string, now: number) => Array.from({ length: 30 }, () => limit.take(caller, now))
      .filter((allowed) => allowed).length
    expect([taken("a", 0), taken("a", 0), taken("b", 0)]).toEqual([20, 0, 20])
    expect([taken("a", 3_000), taken("a", 60_000)]).toEqual([6, 20])
    // A clock that goes back gives nothing.
    expect(taken("a", 0)).toBe(0)
  })

  it("keeps no more than so many callers, and without a limit none", () => {
    const limit = new RateLimit(1)
    for (let index = 0; index < 20_000; index += 1) limit.take(`caller ${index}`, 0)
    expect(limit.callers).toBe(10_000)
    const none = new RateLimit(0)
    expect([none.take("a", 0), none.take("a", 0), none.callers]).toEqual([true, true, 0])
  })
})

describe("a place", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8::a:b:c:d", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"]
  ])("of %s is %s", (address, place) => expect(placeOf(address)).toBe(place))
})

describe("callers", () => {
  it("who ask too often are told so, while this machine goes on, and each user has its own", async () => {
    const statuses = async (headers: Readonly<Record<string, string>>, times: number) => {
      const all: Array<number> = []
      for (let index = 0; index < times; index += 1) {
        all.push((await request(`${api.url}/who-am-i`, { headers })).status)
      }
      return all
    }
    const token = async (name: string) => (await request(`${api.url}/tokens/user`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, validFor: "1h" })
    })).text
    const [ann, bob] = [await token("ann"), await token("bob")]
    const withToken = (text: string) => ({ ...from("192.0.2.1"), authorization: `Bearer ${text}` })
    const often = await statuses(withToken(ann), 40)
    expect(often.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 200))
    expect(often).toContain(429)
    expect((await statuses(withToken(bob), 1))).toEqual([200])
    expect(await statuses({}, 40)).not.toContain(429)
    const ask = () => request(`${api.url}/`, { headers: from("192.0.2.1") })
    const answers = await Promise.all(Array.from({ length: 30 }, ask))
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.headers.get("retry-after")).toBe("1")
    expect(refused?.json).toMatchObject({ type: "/std-errors", status: 429, title: "Too Many Requests" })
  })

  it("who guess tokens are stopped before each guess is judged", async () => {
    const guesses = await start(await databases.create())
    const token = async (name: string) => (await request(`${guesses.url}/tokens/user`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, validFor: "1h" })
    })).text
    try {
      const known = await token("known")
      const statusOf = async (text: string) => {
        const headers = { ...from("192.0.2.1"), authorization: `Bearer ${text}` }
        return (await request(`${guesses.url}/meshes`, { headers })).status
      }
      expect(await statusOf(known)).toBe(200)
      const revoked = await token("revoked")
      expect(await statusOf(revoked)).toBe(200)
      const all: Array<number> = []
      for (let index = 0; index < 300 && !all.includes(429); index += 1) {
        all.push(await statusOf(`guess-${index}`))
      }
      expect(all.slice(0, 90)).not.toContain(429)
      expect(all.at(-1)).toBe(429)
      // Who was known before goes on, though it comes from the same place.
      expect(await statusOf(known)).toBe(200)
      expect((await request(`${guesses.url}/meshes`)).status).toBe(200)
      // A token that was good once is a guess like any other when it is revoked.
      const { jti } = JSON.parse(Buffer.from(revoked.split(".")[1] ?? "", "base64url").toString())
      const data = Buffer.from(String(jti)).toString("base64")
      const name = "user-token-revocations"
      await put(`${guesses.url}/global-secrets/${name}`, JSON.stringify({ type: "GlobalSecret", name, data }))
      const after = await Promise.all(Array.from({ length: 300 }, () => statusOf(revoked)))
      expect([after.includes(200), after.includes(429)]).toEqual([false, true])
    } finally {
      await guesses.stop()
    }
  })
})

describe("guesses", () => {
  it("that come at once are no more than one after the other", async () => {
    const guesses = await start(await databases.create())
    try {
      const { text } = await request(`${guesses.url}/tokens/user`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "a", validFor: "1h" })
      })
      const [head, claims, signature = ""] = text.split(".")
      // Of a key that is there, so that each is judged by what the store holds.
      const guess = (index: number) => {
        const other = Buffer.from(signature, "base64url")
        other.writeUInt16BE((other.readUInt16BE(0) + 1 + index) % 65_536, 0)
        return `Bearer ${head}.${claims}.${other.toString("base64url")}`
      }
      const answers = await Promise.all(Array.from({ length: 300 }, (_, index) =>
        request(`${guesses.url}/meshes`, { headers: { ...from("192.0.2.1"), authorization: guess(index) } })))
      const judged = answers.filter(({ status }) => status === 401)
      expect([judged.length >= 100, judged.length < 200]).toEqual([true, true])
    } finally {
      await guesses.stop()
    }
  })
})

describe("a body", () => {
  it("of YAML may be 32 KiB, one of JSON 1 MiB", async () => {
    const url = `${api.url}/meshes/m`
    const yaml = { "content-type": "application/yaml" }
    expect((await put(url, "type: Mesh\nname: m\n", yaml)).status).toBe(201)
    const large = await put(url, `type: Mesh\nname: m\n# ${"x".repeat(33_000)}\n`, yaml)
    expect([large.status, large.json]).toMatchObject([413, { detail: expect.stringContaining("send it as JSON") }])
    expect((await put(url, `{"type":"Mesh","name":"m"${" ".repeat(33_000)}}`)).status).toBe(200)
  })

  it.each([
    ["arrays", "[", "]"], ["objects", "{\"a\":", "}"]
  ])("that is nested deeply in %s is refused, with no fault of ours", async (_, open, close) => {
    const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`
    const answer = await put(`${api.url}/meshes/m`, `{"type":"Mesh","name":"m","x":${deep}}`)
    expect([answer.status, answer.json]).toMatchObject([400, { detail: "the body is nested deeper than 64 levels" }])
  })

  it.each([
    ["fields", Object.fromEntries(Array.from({ length: 20_001 }, (_, index) => [`f${index}`, 1])), 20_004],
    ["items", Array.from({ length: 20_001 }, () => 1), 20_004],
    ["items of items", Array.from({ length: 10_000 }, () => [1]), 20_003]
  ])("of more %s than any resource has is refused before it is decoded, which would take long", async (_, x, parts) => {
    const detail = `the body holds ${parts} fields and items of lists, and may hold 20000`
    const answer = await put(`${api.url}/meshes/m`, JSON.stringify({ type: "Mesh", name: "m", x }))
    expect([answer.status, answer.json]).toMatchObject([400, { title: "Bad Request", detail }])
    const token = await request(`${api.url}/tokens/zone`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ zone: "a", b: "b", x })
    })
    expect([token.status, token.json]).toMatchObject([400, { detail }])
  })

  it.each([
    ["itself", "x: &a [*a, *a, *a]", "more than 1000000"],
    ["what was said a hundred times over", `x: &a [${"1,".repeat(300)}]\ny: [${"*a,".repeat(90)}]`, "27394"]
  ])("of YAML that says %s again by aliases is refused, too", async (_, x, parts) => {
    const yaml = `type: Mesh\nname: m\n${x}\n`
    const answer = await put(`${api.url}/meshes/m`, yaml, { "content-type": "application/yaml" })
    const detail = `the body holds ${parts} fields and items of lists, and may hold 20000`
    expect([answer.status, answer.json]).toMatchObject([400, { detail }])
  })

  it("of a thousand routes is taken", async () => {
    const rules = Array.from({ length: 1_000 }, (_, index) => ({
      matches: [{
        path: { type: "PathPrefix", value: `/${index}` }, method: "GET", headers: [{ name: "a", value: "b" }]
      }],
      default: { backendRefs: [{ kind: "MeshService", name: "c", weight: 1 }] }
    }))
    const to = [{ targetRef: { kind: "MeshService", name: "b" }, rules }]
    await put(`${api.url}/meshes/m`, `{"type":"Mesh","name":"m"}`)
    const route = { type: "MeshHTTPRoute", mesh: "m", name: "r", spec: { to } }
    const answer = await put(`${api.url}/meshes/m/meshhttproutes/r`, JSON.stringify(route))
    expect([answer.status, answer.json]).toMatchObject([201, {}])
  })

  it.each([
    ["a NUL", "\\u0000"], ["half of a pair", "\\ud800"], ["the other half", "x\\udc00y"]
  ])("with %s in a text or a key is refused, as it couldn't be kept", async (_, text) => {
    for (const part of [`"labels":{"a":"${text}"}`, `"x":[{"${text}":1}]`]) {
      const answer = await put(`${api.url}/meshes/m`, `{"type":"Mesh","name":"m",${part}}`)
      expect([answer.status, answer.json]).toMatchObject([400, { title: "Bad Request" }])
    }
    const token = await request(`${api.url}/tokens/dataplane`, {
      method: "POST", headers: { "content-type": "application/json" }, body: `{"mesh":"${text}"}`
    })
    expect(token.status).toBe(400)
  })

  it("with a number beyond all is refused", async () => {
    const answer = await put(`${api.url}/meshes/m`, `{"type":"Mesh","name":"m","x":1e999}`)
    expect([answer.status, answer.json]).toMatchObject([400, { detail: "the body holds a number that is too large" }])
  })

  it("isn't looked for under a name that can't be", async () => {
    expect((await request(`${api.url}/meshes/%00`)).text).toBe("404: Page Not Found")
    expect((await request(`${api.url}/meshes/a%0ab`)).status).toBe(404)
  })

  it("that isn't UTF-8 is refused, not mended", async () => {
    const text = JSON.stringify({ type: "Mesh", name: "m", labels: { a: "\u00ff" } })
    const bytes = Buffer.from(text, "latin1")
    const answer = await request(`${api.url}/meshes/m`, {
      method: "PUT", headers: { "content-type": "application/json" }, body: new Uint8Array(bytes)
    })
    expect([answer.status, answer.json]).toMatchObject([400, { detail: "the body isn't UTF-8" }])
  })

  it("with thousands of faults is answered with the first of them", async () => {
    const inbound = Array.from({ length: 2_000 }, () => ({ port: 0, tags: {} }))
    const { json, status } = await put(`${api.url}/meshes/default/dataplanes/d`, {
      type: "Dataplane", mesh: "default", name: "d", networking: { address: "10.0.0.1", inbound }
    })
    expect(status).toBe(400)
    const all = typeof json === "object" && json !== null && "causes" in json && Array.isArray(json.causes)
      ? json.causes
      : []
    expect(all).toHaveLength(201)
    expect(all.at(-1)).toMatchObject({ message: expect.stringMatching(/^and \d+ more$/) })
  })
})

const open = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket))
    socket.once("error", reject)
  })

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.on("error", () => {}).on("close", () => resolve()).resume())

describe("a connection", () => {
  /** All that comes back until it's closed. */
  const send = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(api.url).port), "127.0.0.1", () => socket.write(text))
      let answer = ""
      socket.setEncoding("utf8")
      socket.on("data", (part: string) => { answer += part })
      socket.on("close", () => resolve(answer))
      socket.on("error", reject)
    })

  it("on which the head or the body never ends is closed", async () => {
    expect(await send("GET / HTTP/1.1\r\nhost: localhost\r\n")).toMatch(/^HTTP\/1.1 408 /)
    const head = ["PUT /meshes/m HTTP/1.1", "host: localhost", "content-type: application/json", "content-length: 9"]
    expect(await send(`${head.join("\r\n")}\r\n\r\n{`)).not.toMatch(/ 20\d /)
  })

  it("beyond as many as are taken is closed, and the others go on", async () => {
    const few = await start(await databases.create(), { config: { limits: { ...limits, connections: 2 } } })
    const { port } = new URL(few.url)
    try {
      const taken = await Promise.all([0, 1].map(() => open(Number(port))))
      await closed(connect(Number(port), "127.0.0.1"))
      taken[0]?.end("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
      const answer = await new Promise((resolve) => taken[0]?.once("data", (bytes) => resolve(String(bytes))))
      expect(answer).toMatch(/^HTTP\/1.1 200 /)
      taken.forEach((socket) => socket.destroy())
    } finally {
      await few.stop()
    }
  })

  it("of one address beyond as many as it may have is closed, and others are served", async () => {
    const few = await start(await databases.create(), { config: { limits: { ...limits, connectionsOfOne: 1 } } })
    const port = Number(new URL(few.url).port)
    try {
      const taken = await open(port)
      await closed(connect(port, "127.0.0.1"))
      const other = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" })
      other.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
      expect(await new Promise((resolve) => other.once("data", (bytes) => resolve(String(bytes))))).toMatch(/^HTTP\/1.1 200 /)
      taken.destroy()
      other.destroy()
    } finally {
      await few.stop()
    }
  })

  it("to HTTPS on which no handshake comes is closed", async () => {
    const secure = await start(await databases.create(), { config: { limits }, tls: await loopbackTls() })
    try {
      await closed(connect(secure.httpsPort ?? 0, "127.0.0.1"))
    } finally {
      await secure.stop()
    }
  })

  it("on which nonsense comes is answered with no more than that", async () => {
    const answer = await send("nonsense\r\n\r\n")
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request/)
    expect(answer).not.toMatch(/node:|\.ts|at /)
  })
})
