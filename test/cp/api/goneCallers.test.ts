import { Effect } from "effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { request as ask, type ServerResponse } from "node:http"
import { afterAll, beforeAll, expect, it } from "vitest"
import { useTestDatabases } from "../store/testDatabases.ts"
import { request, startApi, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
/** Reads that the store was asked for and hasn't answered. */
const held: Array<() => void> = []
let read = 0
let isHeld = true
let api: TestApi

beforeAll(async () => {
  api = await startApi(await databases.create(), {
    between: (store) => ({
      ...store,
      list: (type, mesh) => {
        if (type !== "Dataplane") return store.list(type, mesh)
        read += 1
        const answer = Effect.callback<void>((resume) => {
          if (isHeld) held.push(() => resume(Effect.void))
          else resume(Effect.void)
        })
        return Effect.andThen(answer, store.list(type, mesh))
      }
    })
  })
}, 60_000)
afterAll(() => api.stop())

it("who goes away leaves the line, and nothing is read for them", async () => {
  const path = `${api.url}/dataplanes?name=a`
  const first = [1, 2, 3].map(() => request(path))
  await expect.poll(() => held.length, { timeout: 20_000 }).toBe(3)
  let closed = 0
  const noteClose = (message: unknown): void => {
    const { response } = message as { readonly response: ServerResponse }
    response.once("close", () => {
      closed += 1
    })
  }
  subscribe("http.server.request.start", noteClose)
  // A hundred wait, and the last to come is refused.
  const statuses: Array<number | undefined> = []
  const waiting = Array.from({ length: 101 }, () => {
    const asked = ask(path, { agent: false }, (response) => {
      statuses.push(response.statusCode)
      response.resume()
    })
    asked.on("error", () => undefined).end()
    return asked
  })
  await expect.poll(() => [...statuses], { timeout: 20_000 }).toEqual([503])
  for (const one of waiting) one.destroy()
  await expect.poll(() => closed, { timeout: 20_000 }).toBe(101)
  unsubscribe("http.server.request.start", noteClose)
  isHeld = false
  const later = request(path)
  for (const answer of held) answer()
  expect((await Promise.all([...first, later])).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(read).toBe(4)
})
