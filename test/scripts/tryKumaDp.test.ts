// What scripts/try-kuma-dp.ts makes of what it sees: a check has to fail where the mesh does, and where nobody looked.
import { createServer } from "node:http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { callTimes, type Calls, startLoad } from "../../scripts/kuma-dp/Calls.ts"
import { checkTable } from "../../scripts/kuma-dp/Check.ts"
import { judgeCalls } from "../../scripts/kuma-dp/judgeCalls.ts"
import { judgeZero } from "../../scripts/kuma-dp/judgeCounters.ts"
import { lookUntil } from "../../scripts/kuma-dp/lookUntil.ts"
import { freePort } from "../support/freePort.ts"

const calls = (answers: Record<string, number>, failures: Record<string, number> = {}): Calls => ({
  answers: new Map(Object.entries(answers)),
  failures: new Map(Object.entries(failures))
})

const wanted = { instances: ["b1", "b2"], least: 10 }

describe("calls", () => {
  it("hold where all were answered, by each instance", () => {
    expect(judgeCalls("calls", calls({ b2: 6, b1: 5 }), wanted)).toEqual({
      what: "calls",
      seen: "0 failed of 11; b1 5, b2 6",
      holds: true
    })
  })

  it.each([
    ["one failed", calls({ b1: 50, b2: 50 }, { "503 no healthy upstream": 1 }),
      "1 failed of 101; b1 50, b2 50; 503 no healthy upstream 1"],
    ["there were too few", calls({ b1: 5, b2: 4 }), "0 failed of 9; b1 5, b2 4; too few: 10 are wanted"],
    ["there were none", calls({}), "0 failed of 0; too few: 10 are wanted; no answer of b1, b2"],
    ["one instance never answered", calls({ b1: 50 }), "0 failed of 50; b1 50; no answer of b2"],
    ["somebody else answered", calls({ b1: 5, b2: 5, b3: 5 }),
      "0 failed of 15; b1 5, b2 5, b3 5; b3 shouldn't have answered"]
  ])("don't hold where %s", (_, made, seen) => {
    expect(judgeCalls("calls", made, wanted)).toEqual({ what: "calls", seen, holds: false })
  })
})

describe("counters", () => {
  const judge = (statistics: Record<string, string>) =>
    judgeZero("updates rejected", new Map(Object.entries(statistics)), /\.update_rejected$/)

  it("hold where each proxy has some, and all are zero", () => {
    expect(judge({
      front: "cluster_manager.cds.update_rejected: 0\nlistener_manager.lds.update_rejected: 0\n",
      b1: "listener_manager.lds.update_rejected: 0\nlistener_manager.lds.update_success: 7\n"
    })).toEqual({ what: "updates rejected", seen: "0 in 3 counters of 2 proxies", holds: true })
  })

  it.each([
    ["one was raised", { front: "cds.update_rejected: 0\nlds.update_rejected: 2" },
      "2 in 2 counters of 1 proxies; front: lds.update_rejected 2"],
    ["a proxy has none", { front: "cds.update_rejected: 0", b1: "" },
      "0 in 1 counters of 2 proxies; not counted by b1"],
    ["nobody was asked", {}, "0 in 0 counters of 0 proxies"]
  ])("don't hold where %s", (_, statistics, seen) => {
    expect(judge(statistics)).toEqual({ what: "updates rejected", seen, holds: false })
  })
})

describe("the load", () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === "/ill" ? 503 : 200).end("b1")
  })
  let url: string
  beforeAll(async () => {
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve))
    url = `http://127.0.0.1:${port}`
  })
  afterAll(() => void server.close())

  it("tells who answered", async () => {
    expect(await callTimes(url, 3)).toEqual(calls({ b1: 3 }))
  })

  it("counts what isn't a 200 as failed", async () => {
    expect(await callTimes(`${url}/ill`, 2)).toEqual(calls({}, { "503 b1": 2 }))
  })

  it("counts a port that is closed as failed, each call", async () => {
    const port = await freePort()
    const load = startLoad(`http://127.0.0.1:${port}`)
    const { answers, failures } = await load.stop()
    expect(answers).toEqual(new Map())
    expect([...failures]).toEqual([[`connect ECONNREFUSED 127.0.0.1:${port}`, 4]])
  })
})

describe("a look", () => {
  it("gives what holds, and what was seen last where nothing did", async () => {
    let times = 0
    expect(await lookUntil(() => ++times, (seen) => seen === 2)).toBe(2)
    expect(await lookUntil(() => "no", (seen) => seen === "yes", 0)).toBe("no")
    expect(await lookUntil(() => Promise.reject(new Error("closed")), () => true, 0)).toBeNull()
  })
})

it("the table marks each check that doesn't hold", () => {
  expect(checkTable([{ what: "a", seen: "1", holds: true }, { what: "longer", seen: "2", holds: false }])).toBe(
    "ok      a       1\nFAILED  longer  2"
  )
})
