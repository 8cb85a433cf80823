import { Context, Effect, Layer, ManagedRuntime } from "effect"
import { once } from "node:events"
import { connect } from "node:net"
import { afterEach, expect, it } from "vitest"
import { Diagnostics } from "../../../src/cp/diagnostics/Diagnostics.ts"
import { count, pushes, pushLatency } from "../../../src/cp/diagnostics/metrics.ts"
import { Journal } from "../../../src/model/Journal.ts"

const cleanups: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const start = async () => {
  const layer = Diagnostics.layer({
    listen: { address: "127.0.0.1", port: 0 },
    parts: ["journal", "data plane server"],
    version: "1.2.3",
    instanceId: "cp-1"
  })
  const runtime = ManagedRuntime.make(
    Diagnostics.readyWith("journal", Journal).pipe(Layer.provide(Journal.none), Layer.provideMerge(layer))
  )
  cleanups.push(() => runtime.dispose())
  const context = await runtime.runPromise(Effect.context<Diagnostics>())
  const diagnostics = Context.get(context, Diagnostics)
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${diagnostics.port}${path}`)
    return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.text() }
  }
  return { context, diagnostics, get }
}

it("is healthy at once, ready once every part is, and says which isn't", async () => {
  const { diagnostics, get } = await start()
  expect((await get("/healthy")).status).toBe(200)
  expect(await get("/ready")).toMatchObject({ status: 503, body: "data plane server: not started yet\n" })
  diagnostics.ready("data plane server")
  expect((await get("/ready")).status).toBe(200)
  diagnostics.notReady("data plane server", "the store is gone")
  expect((await get("/ready")).body).toContain("the store is gone")
})

it("tells metrics as Prometheus reads them, with the process' own", async () => {
  const { context, get } = await start()
  const plain = Context.omit(Diagnostics)(context) as Context.Context<never>
  count(pushes, 2, plain, { type: "Cluster" })
  count(pushLatency, 0.004, plain)
  const { body, type } = await get("/metrics")
  expect(type).toContain("version=0.0.4")
  expect(body).toMatch(/# TYPE ecs_mesh_xds_pushes_total counter/)
  expect(body).toMatch(/ecs_mesh_xds_pushes_total\{[^}]*type="Cluster"[^}]*\} 2/)
  expect(body).toMatch(/ecs_mesh_xds_push_latency_seconds_bucket\{[^}]*le="0.005"[^}]*\} 1/)
  expect(body).toMatch(/process_resident_memory_bytes\S* [1-9]/)
  expect(body).toMatch(/ecs_mesh_build_info\{[^}]*version="1.2.3"[^}]*\} 1/)
  // Prometheus' own labels of a target: ours would be called `exported_instance` beside them.
  expect(body).not.toMatch(/[{,](instance|job)=/)
  const seconds = (text: string) => Number(/^process_cpu_seconds_total\S* (\S+)$/m.exec(text)?.[1])
  const again = (await get("/metrics")).body
  expect(seconds(again)).toBeGreaterThanOrEqual(seconds(body))
  expect(Math.abs(seconds(again) - (process.cpuUsage().user + process.cpuUsage().system) / 1e6)).toBeLessThan(1)
})

it("has room for others when one address takes all that it may have", async () => {
  const { diagnostics } = await start()
  const come = (localAddress: string) => {
    const socket = connect({ host: "127.0.0.1", port: diagnostics.port, localAddress })
    cleanups.push(async () => void socket.destroy())
    return socket.on("error", () => {}).resume()
  }
  const taken = Array.from({ length: 64 }, () => come("127.0.0.1"))
  await Promise.all(taken.map((socket) => once(socket, "connect")))
  await once(come("127.0.0.1"), "close")
  const other = come("127.0.0.2")
  other.write("GET /healthy HTTP/1.1\r\nhost: localhost\r\n\r\n")
  expect(String(await once(other, "data"))).toMatch(/^HTTP\/1.1 200 /)
})

it("knows no other path", async () => {
  expect((await (await start()).get("/")).status).toBe(404)
})
