import { expect, it } from "vitest"
import { readDiscoveryRequest, readFetchTimeout } from "../../../src/cp/mads/discoveryRequest.ts"

it("reads what Prometheus writes, and the same in camel case", () => {
  const request = { clientId: "prom-1", version: "v1", names: new Set(["a"]) }
  expect(readDiscoveryRequest(JSON.stringify({
    version_info: "v1", node: { id: "prom-1" }, resource_names: ["a"], type_url: "t", response_nonce: "n"
  }))).toEqual({ request })
  expect(readDiscoveryRequest(JSON.stringify({
    versionInfo: "v1", node: { id: "prom-1" }, resourceNames: ["a"]
  }))).toEqual({ request })
  expect(readDiscoveryRequest("{}")).toEqual({ request: { clientId: "", version: "", names: new Set() } })
})

it.each([
  "", "null", "[]", "7", "{", "{\"node\": 1}", "{\"node\": {\"id\": 1}}", "{\"version_info\": {}}",
  "{\"resource_names\": \"a\"}", "{\"resource_names\": [1]}", "{\"node\": {}, \"node\": {}}"
])("says what is wrong with %s", (body) => {
  expect(readDiscoveryRequest(body)).toHaveProperty("problem")
})

it("takes a hundred names, and no more", () => {
  const naming = (count: number) =>
    readDiscoveryRequest(JSON.stringify({ resource_names: Array.from({ length: count }, (_, index) => `${index}`) }))
  expect(naming(100)).toHaveProperty("request")
  expect(naming(101)).toHaveProperty("problem", "resource_names has more than 100 names: leave it out to be told of all")
})

it.each([
  [null, 30_000], ["", 30_000], ["5s", 5_000], ["2m", 120_000], ["1m30s", 90_000], ["0", 0], ["0s", 0], ["-1s", -1_000],
  ["1d", 86_400_000], ["soon", null], ["5", null]
])("takes the wait %s for %s ms", (text, millis) => {
  expect(readFetchTimeout(text, 30_000)).toBe(millis)
})
