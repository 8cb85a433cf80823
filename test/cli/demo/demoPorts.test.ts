import { createServer } from "node:net"
import { describe, expect, it } from "vitest"
import { type DemoPorts, demoPorts } from "../../../src/cli/demo/demoPorts.ts"
import { whatToTry } from "../../../src/cli/demo/whatToTry.ts"
import { freePort } from "../../support/freePort.ts"
import { useCleanups } from "../../support/useCleanups.ts"

const cleanups = useCleanups()

const listenAt = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    cleanups.push(() => new Promise<void>((closed) => void server.close(() => closed())))
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => resolve())
  })

describe("the demo's ports", () => {
  it("are others where the usual ones are taken, which is said of each", async () => {
    const usual: DemoPorts = {
      dataplaneServer: await freePort(),
      api: await freePort(),
      diagnostics: await freePort(),
      monitoring: await freePort(),
      loadBalancer: await freePort()
    }
    await listenAt(usual.api)
    await listenAt(usual.loadBalancer)
    const said: Array<string> = []
    const ports = await demoPorts((line) => said.push(line), usual)
    expect(ports).toEqual({ ...usual, api: expect.any(Number), loadBalancer: expect.any(Number) })
    expect([ports.api, ports.loadBalancer]).not.toContain(usual.api)
    expect(said).toEqual([
      `  port ${usual.api} is in use: the API is on ${ports.api}`,
      `  port ${usual.loadBalancer} is in use: the load balancer is on ${ports.loadBalancer}`
    ])
  })
})

it("what to try begins with kumactl, at the port that the API has", () => {
  const ports = { dataplaneServer: 1, api: 18_278, diagnostics: 2, monitoring: 3, loadBalancer: 4 }
  const text = whatToTry({ balancer: { url: "http://127.0.0.1:4" }, folder: "f", journal: "j", ports })
  expect(text).toContain(
    "  kumactl config control-planes add --name demo --address http://127.0.0.1:18278 --overwrite"
  )
})
