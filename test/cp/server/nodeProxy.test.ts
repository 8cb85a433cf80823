import { expect, it } from "vitest"
import { nodeProxy } from "../../../src/cp/server/nodeProxy.ts"

it("a node is of the mesh before its first dot, and of the name behind it", () => {
  expect(nodeProxy({ id: "default.kv-1.b", metadata: {} })).toEqual({
    _tag: "Proxy", proxy: { proxyType: "dataplane", mesh: "default", name: "kv-1.b" }
  })
})

it("a node id that is longer than names can be is neither taken nor quoted", () => {
  const longest = `${"m".repeat(253)}.${"n".repeat(253)}`
  expect(nodeProxy({ id: longest, metadata: {} })).toMatchObject({ _tag: "Proxy" })
  const refused = nodeProxy({ id: `${longest}n`, metadata: {} })
  expect(refused).toMatchObject({ _tag: "Invalid" })
  expect(JSON.stringify(refused).length).toBeLessThan(100)
})
