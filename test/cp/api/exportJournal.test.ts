// The API in front of a real journal file.
import { mkdtempSync, rmSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer } from "effect"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { FileJournal } from "../../../src/controllers/lifecycle/FileJournal.ts"
import { Journal, JournalExport } from "../../../src/model/Journal.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { until } from "../../support/until.ts"
import { request, startApi, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-export-"))
let journal: Journal["Service"]
let api: TestApi
/** Pieces that were asked for, of what the journal would give. */
let taken = 0

const exporting = Layer.effectContext(
  Effect.gen(function*() {
    journal = yield* Journal
    const { read } = yield* JournalExport
    return Context.make(JournalExport, {
      read: (filter) => Effect.map(read(filter), async function*(pieces) {
        for await (const piece of pieces) {
          taken += 1
          yield piece
        }
      })
    })
  })
).pipe(Layer.provide(FileJournal.layer({ path: join(folder, "journal.jsonl") })))

beforeAll(async () => {
  api = await startApi(await databases.create(), { journal: exporting })
}, 60_000)
afterEach(() => {
  taken = 0
})
afterAll(async () => {
  await api?.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Line {
  readonly kind: string
  readonly key: string
  readonly name?: string
}

const read = async (query: string): Promise<ReadonlyArray<Line>> => {
  const { status, text } = await request(`${api.url}/journal${query}`)
  expect(status).toBe(200)
  return text.split("\n").slice(0, -1).map((line): Line => JSON.parse(line))
}

describe("the journal's export", () => {
  it("gives what was written up to now, also what waited for the disk, and says whose it is", async () => {
    journal.append({ kind: "replica", key: "replica", instance: "instance-1", version: "0.0.0", leads: true })
    journal.append({ kind: "event", key: "task/demo/aa11" })
    journal.append({ kind: "stored", key: "task/demo/bb22", name: "ünïcode" })
    const answer = await request(`${api.url}/journal`)
    expect(answer.headers.get("content-type")).toBe("application/jsonl")
    expect(answer.headers.get("x-ecs-mesh-instance")).toBe("instance-1")
    expect((await read("")).map(({ key }) => key)).toEqual(["replica", "task/demo/aa11", "task/demo/bb22"])
    expect((await read("")).at(-1)?.name).toBe("ünïcode")
  })

  it("gives one task's by the beginning of its id, and a role's by its key, with who wrote them", async () => {
    journal.append({ kind: "pushed", key: "Dataplane/default/aa11" })
    journal.append({ kind: "event", key: "role/1234/aa-role" })
    expect((await read("?key=aa1")).map(({ key }) => key)).toEqual(["part", "replica", "task/demo/aa11", "Dataplane/default/aa11"])
    expect((await read("?key=bb22&key=role/1234/aa-role")).map(({ key }) => key)).toEqual(
      ["part", "replica", "task/demo/bb22", "role/1234/aa-role"]
    )
  })

  it("gives nothing from before a time, and refuses what is none", async () => {
    expect((await read(`?since=${new Date(Date.now() + 60_000).toISOString()}`)).map(({ kind }) => kind)).toEqual(["part", "replica"])
    expect((await read("?since=2020-01-01T00:00:00Z")).length).toBeGreaterThan(2)
    const refused = await request(`${api.url}/journal?since=yesterday`)
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("2025-01-31T12:00:00Z")])
  })

  it("is for administrators alone", async () => {
    const refused = await request(`${api.url}/journal`, { headers: { "x-forwarded-for": "10.0.0.1" } })
    expect(refused.status).toBe(401)
    expect(refused.text).toContain("Authentication required")
    expect(refused.text).not.toContain("aa11")
    expect((await request(`${api.url}/journal`, { method: "POST", body: "{}" })).status).toBe(405)
    expect((await request(`${api.url}/journal/more`)).status).toBe(404)
  })

  it("reads on only as fast as its client takes it, and lets go of a client that leaves", async () => {
    for (let index = 0; index < 9_000; index++) journal.append({ kind: "stored", key: `task/demo/${index}`, text: "x".repeat(2_000) })
    const whole = (await read("")).length
    const pieces = taken
    expect([whole > 9_000, pieces > 200]).toEqual([true, true])
    taken = 0
    await new Promise<void>((resolve, reject) => {
      const asked = httpRequest(`${api.url}/journal`, (answer) => {
        answer.once("readable", () => {
          // Nothing is taken out of the socket for a while: what the kernel's buffers hold is all that is read.
          setTimeout(() => {
            const sofar = taken
            asked.destroy()
            if (sofar < pieces / 2) resolve()
            else reject(new Error(`${sofar} of ${pieces} pieces were read for nobody`))
          }, 500)
        })
      })
      asked.on("error", () => {})
      asked.end()
    })
    expect((await read("?key=8999")).length).toBe(3)
  })

  it("is bounded in how many run at a time, and runs again when they are over", async () => {
    const slow: Array<ReturnType<typeof httpRequest>> = []
    const ask = (): Promise<number> =>
      new Promise((resolve) => {
        const asked = httpRequest(`${api.url}/journal`, (answer) => resolve(answer.pause().statusCode ?? 0))
        asked.on("error", () => {})
        asked.end()
        slow.push(asked)
      })
    // The one that was left before may not be over yet.
    await until("the refusal", ask, (status) => status === 503, 15_000)
    expect(slow.length).toBeGreaterThanOrEqual(4)
    for (const one of slow) one.destroy()
    await until("the answer", () => request(`${api.url}/journal?key=none`), ({ status }) => status === 200, 10_000)
  })
})
