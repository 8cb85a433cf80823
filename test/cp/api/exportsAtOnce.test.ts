// How many exports of the journal run at a time: of a journal that is held until a test lets it go.
import { request as httpRequest } from "node:http"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { JournalExport } from "../../../src/model/Journal.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { until } from "../../support/until.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { request, startApi } from "./testApi.ts"

const databases = useTestDatabases()
const cleanups = useCleanups()

/** `held`: where an export waits until it is let go. */
const start = async (held: "before its lines" | "within its lines") => {
  let letGo = (): void => {}
  let begun = 0
  const gate = new Promise<void>((resolve) => { letGo = resolve })
  async function* lines() {
    if (held === "within its lines") await gate
    yield "{}\n"
  }
  const journal = Layer.succeed(JournalExport, {
    read: () =>
      Effect.promise(async () => {
        begun += 1
        if (held === "before its lines") await gate
        return lines()
      })
  })
  const api = await startApi(await databases.create(), { journal })
  cleanups.push(() => api.stop(), letGo)
  return { url: `${api.url}/journal`, begun: () => begun, letGo }
}

it.each(["before its lines", "within its lines"] as const)("are four, held %s", async (held) => {
  const { begun, letGo, url } = await start(held)
  const statuses: Array<number> = []
  const asked = Array.from({ length: 10 }, async () => void statuses.push((await request(url)).status))
  await until("the refusals", () => statuses.length, (count) => count === 6, 15_000)
  expect([new Set(statuses), begun()]).toEqual([new Set([503]), 4])
  letGo()
  await Promise.all(asked)
  expect(statuses.slice(6)).toEqual([200, 200, 200, 200])
  await until("a place", () => request(url), ({ status }) => status === 200, 15_000)
})

it("are each server's own", async () => {
  const [full, other] = [await start("within its lines"), await start("within its lines")]
  const asked = Array.from({ length: 4 }, () => request(full.url))
  await until("the four", full.begun, (count) => count === 4, 15_000)
  expect((await request(full.url)).status).toBe(503)
  other.letGo()
  expect((await request(other.url)).status).toBe(200)
  full.letGo()
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
})

it("are over where clients leave before the first line", async () => {
  const { begun, letGo, url } = await start("before its lines")
  const leavers = Array.from({ length: 4 }, () => httpRequest(url).on("error", () => {}).end())
  await until("the four", begun, (count) => count === 4, 15_000)
  for (const leaver of leavers) leaver.destroy()
  letGo()
  await until("a place", () => request(url), ({ status }) => status === 200, 15_000)
})
