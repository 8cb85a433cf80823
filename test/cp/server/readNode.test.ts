import { expect, it } from "vitest"
import { readNode } from "../../../src/cp/server/readNode.ts"

it("tells a proxy's version and what its sidecar can do", () => {
  const version = { envoy: { version: "1.40.0" } }
  expect(readNode({ version, features: ["feature-x"], "dataplane.resource": "{}" }))
    .toEqual({ version, features: ["feature-x"] })
  expect(readNode({})).toEqual({ version: null, features: [] })
})

it("leaves out of features what no sidecar says: what is no text, or long, or beyond the first of many", () => {
  const features = ["b", 1, null, { deep: "x" }, "x".repeat(257), "a", "b"]
  expect(readNode({ features }).features).toEqual(["a", "b"])
  expect(readNode({ features: "feature-x" }).features).toEqual([])
  expect(readNode({ features: Array.from({ length: 1_000 }, (_, count) => `f-${count}`) }).features).toHaveLength(64)
})
