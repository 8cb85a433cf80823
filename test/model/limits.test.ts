/** What is just long, low or high enough; one step further is in contract/badResources. */
import { expect, it } from "vitest"
import { decodeResource } from "../../src/model/decodeResource.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"

const letters = (length: number) => "a".repeat(length)
const timeout = { spec: { to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1s" } }] } }
const dataplane = (inbound: object) => ({
  networking: { address: "192.0.2.1", inbound: [{ tags: { "kuma.io/service": "a" }, ...inbound }] }
})
const external = (endpoint: object, match: object = {}) => ({
  spec: { match: { port: 80, ...match }, endpoints: [{ address: "example.com", port: 80, ...endpoint }] }
})

it.each<[string, object]>([
  ["MeshTimeout", { name: letters(253), ...timeout }],
  ["MeshTimeout", { name: `${letters(100)}.${letters(152)}`, ...timeout }],
  ["MeshTimeout", { name: "1", ...timeout }],
  ["MeshTimeout", { labels: { [letters(63)]: letters(63) }, ...timeout }],
  ["MeshTimeout", { labels: { [`${letters(253)}/b`]: "" }, ...timeout }],
  ["Mesh", { name: letters(63), mesh: undefined }],
  ["MeshService", { name: letters(63), spec: { ports: [{ port: 1 }, { port: 65535, targetPort: 65535 }] } }],
  ["Dataplane", dataplane({ port: 1 })],
  ["Dataplane", dataplane({ port: 65535, servicePort: 65535 })],
  ["MeshExternalService", external({ port: 65535, priority: 128 }, { port: 65535 })],
  ["MeshExternalService", external({ port: 1, priority: 0 }, { port: 1 })],
  ["ExternalService", { networking: { address: "[2001:db8::1]:65535" }, tags: { "kuma.io/service": "a" } }],
  ["ZoneIngress", {
    mesh: undefined,
    networking: { address: "192.0.2.1", port: 65535, advertisedAddress: "a.b", advertisedPort: 65535 }
  }]
])("a %s at its limit is taken: %j", (type, rest) => {
  const decoded = decodeResource({ type, mesh: "default", name: "a", ...rest })
  expect(decoded).toHaveProperty("warnings", [])
  expect("resource" in decoded ? validateResource(decoded.resource) : decoded).toEqual([])
})
