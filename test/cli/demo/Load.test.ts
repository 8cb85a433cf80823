import { createServer, type ServerResponse } from "node:http"
import { expect, it } from "vitest"
import { Load } from "../../../src/cli/demo/Load.ts"
import { until } from "../../support/until.ts"
import { useCleanups } from "../../support/useCleanups.ts"

const cleanups = useCleanups()

/** Answers none but those that it is told to, the oldest first. */
const heldServer = async () => {
  const held: Array<ServerResponse> = []
  const server = createServer((_, response) => void held.push(response))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("there is no port on loopback")
  const holding = (count: number) => until("requests", () => held.length, (now) => now === count)
  const answer = (status = 200) => void held.shift()?.writeHead(status).end("")
  return { answer, holding, url: `http://127.0.0.1:${address.port}/` }
}

it("a round of a load is over once each lane has ended what it began since", async () => {
  const { answer, holding, url } = await heldServer()
  const load = new Load(url, { concurrency: 2, pauseMillis: 0 })
  await holding(2)
  let isOver = false
  const round = load.anotherRound().then(() => (isOver = true))
  answer()
  // The lane that was answered goes on, and the other still has what it began before.
  await holding(2)
  answer()
  await holding(2)
  expect(isOver).toBe(false)
  answer()
  await holding(2)
  expect(isOver).toBe(false)
  // However it ends.
  answer(503)
  await round
  await holding(2)
  const finished = load.finish()
  answer()
  answer()
  expect(await finished).toMatchObject({ sent: 6, answered: 5, failures: [{ why: "503 " }] })
})
