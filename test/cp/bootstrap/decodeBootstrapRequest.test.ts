import { describe, expect, it } from "vitest"
import { decodeBootstrapRequest } from "../../../src/cp/bootstrap/decodeBootstrapRequest.ts"
import { dialledHost } from "../../../src/cp/bootstrap/dialledHost.ts"

const decode = (value: unknown) => decodeBootstrapRequest(JSON.stringify(value))

describe("a bootstrap request", () => {
  it("is of a dataplane in mesh default where it says neither", () => {
    expect(decode({ name: "kv-1" })).toMatchObject({ proxy: { proxyType: "dataplane", mesh: "default", name: "kv-1" } })
    expect(decode({ name: "kv-1", mesh: "", proxyType: "" })).toMatchObject({ proxy: { mesh: "default" } })
  })

  it("of a zone proxy is of no mesh, whatever it says", () => {
    expect(decode({ name: "in-1", mesh: "default", proxyType: "ingress" })).toMatchObject({
      proxy: { proxyType: "ingress", mesh: "", name: "in-1" }
    })
  })

  it("may have fields that nobody here knows, and nulls as Go writes them", () => {
    expect(decode({ name: "kv-1", transparentProxy: { enabled: true }, features: null, dynamicMetadata: null })).toHaveProperty("proxy")
  })

  it("with a key that stands twice is refused", () => {
    expect(decodeBootstrapRequest('{"name": "a", "name": "b"}')).toHaveProperty("malformed")
    expect(decodeBootstrapRequest('{"name": "a", "n\\u0061me": "b"}')).toHaveProperty("malformed")
  })

  it.each([
    ["features", (parts: number) => ({ name: "a", features: Array.from({ length: parts - 2 }, () => "f") })],
    ["metadata", (parts: number) => ({
      name: "a",
      dynamicMetadata: Object.fromEntries(Array.from({ length: parts - 2 }, (_, index) => [`k${index}`, "v"]))
    })],
    ["what nobody knows", (parts: number) => ({ name: "a", x: [Array.from({ length: parts - 3 }, () => 1)] })]
  ])("has so much of %s and no more, before it is decoded", (_, of) => {
    expect(decode(of(2_000))).toHaveProperty("proxy")
    const malformed = "the body holds 2001 fields and items of lists, and may hold 2000"
    expect(decode(of(2_001))).toEqual({ malformed })
  })

  it.each([["nothing", ""], ["half an object", '{"name": "a"'], ["text", "hello"]])("that is %s is malformed", (_, body) => {
    expect(decodeBootstrapRequest(body)).toHaveProperty("malformed")
  })

  it.each([
    ["no name", {}, "name"],
    ["an empty name", { name: "" }, "name"],
    ["a name that is none", { name: 1 }, "name"],
    ["a name that nobody can have", { name: "a".repeat(254) }, "name"],
    ["a mesh that nobody can have", { name: "a", mesh: "a".repeat(254) }, "mesh"],
    ["an unknown type", { name: "a", proxyType: "gateway" }, "proxyType"],
    ["a port out of range", { name: "a", adminPort: 70_000 }, "adminPort"],
    ["half a port", { name: "a", readinessPort: 1.5 }, "readinessPort"],
    ["a list", [], ""]
  ])("with %s says which field", (_, value, field) => {
    expect(decode(value)).toMatchObject({ violations: [{ field }] })
  })
})

describe("the host that was dialled", () => {
  it.each([
    ["cp.example.test:5678", { host: "cp.example.test", port: 5678 }],
    ["10.0.0.1", { host: "10.0.0.1", port: null }],
    ["[fd00::1]:5678", { host: "fd00::1", port: 5678 }],
    ["a b", null],
    ["evil.test/x:1", null],
    ["[not-an-address]:1", null],
    [undefined, null]
  ])("of %s", (header, expected) => {
    expect(dialledHost(header)).toEqual(expected)
  })
})
