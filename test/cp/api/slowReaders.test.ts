// Who asks and doesn't read what is answered: how much of it is kept for them.
import { Effect } from "effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { ServerResponse } from "node:http"
import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, expect, it } from "vitest"
import { UntakenAnswers } from "../../../src/cp/api/UntakenAnswers.ts"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { request, startApi, type TestApi } from "./testApi.ts"

const MEGABYTE = 1024 * 1024
const databases = useTestDatabases()
let api: TestApi
/** How many lists were begun, and what they wait for. */
let reading = { begun: 0, gate: Promise.resolve() }

beforeAll(async () => {
  api = await startApi(await databases.create(), {
    untaken: new UntakenAnswers(4 * MEGABYTE),
    between: (store) => ({
      ...store,
      page: (type, part) =>
        Effect.andThen(Effect.promise(() => (reading.begun++, reading.gate)), store.page(type, part))
    })
  })
  // A list of some 3 MB.
  const data = Buffer.alloc(225 * 1024, "x").toString("base64")
  await api.run(Effect.flatMap(Store, (store) =>
    Effect.forEach(Array.from({ length: 10 }, (_, index) => `s-${index}`), (name) =>
      store.put({ type: "GlobalSecret", mesh: "", name, labels: {}, spec: { data } }))))
}, 90_000)
afterAll(() => api.stop())

/** Asks so many times over one connection before it reads anything. */
const ask = (path: string, times: number): Socket => {
  const { host, hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname).pause()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(times))
  return socket
}

it("a caller who doesn't read is made a few answers and no more, and is served again once it is gone", async () => {
  const answers: Array<{ readonly status: number }> = []
  const note = (message: unknown): void => {
    const { response } = message as { readonly response: ServerResponse }
    const end = response.end.bind(response)
    Object.assign(response, {
      end: (text: string) => {
        answers.push({ status: response.statusCode })
        return end(text)
      }
    })
  }
  subscribe("http.server.request.start", note)
  const socket = ask("/global-secrets?size=1000", 20)
  await expect.poll(() => answers.length, { timeout: 50_000 }).toBe(20)
  unsubscribe("http.server.request.start", note)
  // Of the first ones the kernel takes some.
  const statuses = answers.map(({ status }) => status)
  expect([statuses[0], statuses.slice(10)]).toEqual([200, new Array(10).fill(503)])
  expect((await request(`${api.url}/global-secrets`)).status).toBe(503)
  socket.destroy()
  await expect.poll(async () => (await request(`${api.url}/global-secrets`)).status, { timeout: 20_000 }).toBe(200)
}, 90_000)

it("a caller who goes away while its answer is made is kept nothing of it", async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  reading = { begun: 0, gate: promise }
  const seen = { closed: 0, ended: 0 }
  const note = (message: unknown): void => {
    const { response } = message as { readonly response: ServerResponse }
    response.once("close", () => seen.closed++)
    const end = response.end.bind(response)
    Object.assign(response, { end: (text: string) => (seen.ended++, end(text)) })
  }
  subscribe("http.server.request.start", note)
  const sockets = [1, 2, 3].map(() => ask("/global-secrets", 1))
  await expect.poll(() => reading.begun, { timeout: 20_000 }).toBe(3)
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => seen.closed, { timeout: 20_000 }).toBe(3)
  resolve()
  await expect.poll(() => seen.ended, { timeout: 20_000 }).toBe(3)
  unsubscribe("http.server.request.start", note)
  expect((await request(`${api.url}/global-secrets`)).status).toBe(200)
}, 90_000)

it("a caller who reads is answered however often it asks", async () => {
  for (let time = 0; time < 8; time++) {
    expect((await request(`${api.url}/global-secrets?size=1000`)).status).toBe(200)
  }
}, 90_000)
