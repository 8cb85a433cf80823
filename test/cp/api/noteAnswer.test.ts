import { Context } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it } from "vitest"
import { noteAnswer } from "../../../src/cp/api/noteAnswer.ts"

it("counts answers by method and status, and methods that nobody knows as one", async () => {
  const context = Context.empty()
  const server = createServer((incoming, outgoing) => {
    noteAnswer(context, incoming, outgoing)
    outgoing.writeHead(incoming.method === "PUT" ? 201 : 404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    for (const method of ["PUT", "PUT", "GET", "PATCH", "OPTIONS"]) await (await fetch(url, { method })).text()
    const text = PrometheusMetrics.formatUnsafe(context)
    expect(text).toMatch(/ecs_mesh_api_requests_total\{method="PUT",status="201"\} 2/)
    expect(text).toMatch(/ecs_mesh_api_requests_total\{method="other",status="404"\} 2/)
    expect(text).toMatch(/ecs_mesh_api_request_seconds_count\{method="GET"\} 1/)
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
