/** What is said to the author of what is accepted, in Kuma's words where it has some. */
import { describe, expect, it } from "vitest"
import { decodeResource } from "../../src/model/decodeResource.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"
import { warnResource } from "../../src/model/validate/warnResource.ts"
import { violationText } from "../../src/model/Violation.ts"

const judged = (input: unknown) => {
  const decoded = decodeResource(input)
  if ("violations" in decoded) return decoded
  return {
    refused: validateResource(decoded.resource).map(violationText),
    warned: warnResource(decoded.resource).map(violationText)
  }
}

const RFC_1035 = "It does not conform to the DNS format (RFC 1035). This is deprecated. Errors:"

describe("names that don't fit a hostname", () => {
  it.each([
    ["Zone", "1a", /^Invalid Zone resource name: '1a'\. .* Errors: a DNS-1035 label must consist/],
    ["Mesh", "a.b", /^Invalid Mesh resource name: 'a\.b'\./],
    ["Zone", `a${"1".repeat(63)}`, /Errors: must be no more than 63 characters$/]
  ])("%s %s", (type, name, text) => {
    expect(judged({ type, name })).toEqual({ refused: [], warned: [expect.stringMatching(text)] })
    expect(judged({ type, name })).toHaveProperty("warned.0", expect.stringContaining(RFC_1035))
  })

  it("don't matter where nothing is called so", () => {
    expect(judged({ type: "Secret", mesh: "default", name: "1.a", data: "YWJj" })).toEqual({ refused: [], warned: [] })
  })
})

it("ports whose SNI is none", () => {
  const service = (name: string, ports: ReadonlyArray<object>) => ({
    type: "MeshMultiZoneService", mesh: "default", name,
    spec: { selector: { meshService: { matchLabels: { a: "b" } } }, ports }
  })
  expect(judged(service("a", [{ port: 80, name: "Web_1" }, { port: 81 }]))).toHaveProperty("warned", [
    expect.stringMatching(/^Invalid MeshMultiZoneService SNI \(port "Web_1"\): a lowercase RFC 1123 label must consist/)
  ])
  expect(judged(service("a.b", [{ port: 80 }]))).toHaveProperty("warned.1",
    "Invalid MeshMultiZoneService SNI (port \"80\"): name \"a.b\" does not conform to RFC 1123: must not contain " +
      "dots. This is deprecated.")
})

it("fields of a CA's configuration that nobody knows", () => {
  const conf = { caCert: { rsaBits: 4096, expiration: "1y" }, key: {} }
  const mtls = { backends: [{ name: "a", type: "builtin", conf }] }
  expect(judged({ type: "Mesh", name: "a", mtls })).toEqual({
    refused: [],
    warned: [
      "mtls.backends[0].conf.key: unknown field",
      "mtls.backends[0].conf.caCert.rsaBits: unknown field; did you mean \"RSAbits\"?"
    ]
  })
})

describe("fields that do nothing here", () => {
  const inbound = { port: 80, tags: { "kuma.io/service": "a" } }
  const dataplane = (networking: object, rest: object = {}) => ({
    type: "Dataplane", mesh: "default", name: "a", ...rest,
    networking: { address: "192.0.2.1", inbound: [inbound], ...networking }
  })
  const mesh = (rest: object) => ({ type: "Mesh", name: "a", ...rest })

  it.each([
    ["routing.localityAwareLoadBalancing", mesh({ routing: { localityAwareLoadBalancing: true } })],
    ["routing.defaultForbidMeshExternalServiceAccess",
      mesh({ routing: { defaultForbidMeshExternalServiceAccess: true } })],
    ["networking.transparentProxying.redirectPortInbound",
      dataplane({ transparentProxying: { redirectPortInbound: 15006 } })],
    ["networking.transparentProxying.redirectPortOutbound",
      dataplane({ transparentProxying: { redirectPortOutbound: 15001 } })],
    ["networking.listeners",
      dataplane({ listeners: [{ type: "ZoneIngress", address: "192.0.2.1", port: 10001, name: "z" }] })],
    ["enabled", { type: "Zone", name: "a", enabled: false }]
  ])("%s is refused", (path, input) => {
    expect(judged(input)).toMatchObject({ refused: [expect.stringMatching(`^${path.replaceAll(".", "\\.")}: `)] })
  })

  it.each([
    ["networking.outbound.passthrough", mesh({ networking: { outbound: { passthrough: false } } })],
    ["logging", mesh({ logging: {} })],
    ["tracing", mesh({ tracing: {} })],
    ["probes", dataplane({}, { probes: { port: 9000, endpoints: [] } })]
  ])("%s is told of", (path, input) => {
    expect(judged(input)).toEqual({ refused: [], warned: [expect.stringContaining(`${path}: has no effect`)] })
  })

  it("are neither where they ask for nothing", () => {
    const inputs = [
      mesh({
        routing: { localityAwareLoadBalancing: false, defaultForbidMeshExternalServiceAccess: false },
        networking: { outbound: { passthrough: true } }
      }),
      dataplane({ transparentProxying: { redirectPortInbound: 0 }, listeners: [] }),
      { type: "Zone", name: "a", enabled: true }
    ]
    expect(inputs.map(judged)).toEqual(inputs.map(() => ({ refused: [], warned: [] })))
  })
})
