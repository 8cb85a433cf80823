import fc from "fast-check"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { decodeResource } from "../../src/model/decodeResource.ts"
import { encodeResource } from "../../src/model/encodeResource.ts"
import { parseYaml } from "../../src/model/parseYaml.ts"
import { resourceTypes } from "../../src/model/ResourceDescriptor.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"
import { warnResource } from "../../src/model/validate/warnResource.ts"

const timeout = (conf: unknown, rest: Record<string, unknown> = {}) => ({
  type: "MeshTimeout",
  mesh: "default",
  name: "a",
  ...rest,
  spec: { to: [{ targetRef: { kind: "Mesh" }, default: conf }] }
})

const dataplane = (inbound: unknown, rest: Record<string, unknown> = {}) => ({
  type: "Dataplane",
  mesh: "default",
  name: "a",
  ...rest,
  networking: { address: "192.0.2.1", inbound: [inbound] }
})

const warningsOf = (input: unknown) => {
  const decoded = decodeResource(input)
  return "violations" in decoded ? decoded : decoded.warnings.map(({ field, message }) => `${field}: ${message}`)
}

const specOf = (input: unknown) => {
  const decoded = decodeResource(input)
  return "violations" in decoded ? decoded : decoded.resource.spec
}

describe("a field that nobody knows is left out, and told of", () => {
  it.each<[string, unknown, Array<string>]>([
    ["nothing unknown", timeout({ idleTimeout: "1s" }), []],
    ["with the name that was meant", timeout({ idleTimeout: "1s", idleTimout: "2s" }), [
      "spec.to[0].default.idleTimout: unknown field; did you mean \"idleTimeout\"?"
    ]],
    ["without a name where none is near", timeout({ idleTimeout: "1s", colour: "red" }), [
      "spec.to[0].default.colour: unknown field"
    ]],
    ["beside the spec", timeout({ idleTimeout: "1s" }, { lables: {}, spek: {} }), [
      "lables: unknown field; did you mean \"labels\"?",
      "spek: unknown field; did you mean \"spec\"?"
    ]],
    ["in an older type", dataplane({ port: 80, prot: 81, tags: {} }, { metric: {}, lables: {} }), [
      "metric: unknown field; did you mean \"metrics\"?",
      "lables: unknown field; did you mean \"labels\"?",
      "networking.inbound[0].prot: unknown field; did you mean \"port\"?"
    ]],
    ["shortened where it's long", dataplane({ port: 80, ["x".repeat(1000)]: 81 }), [
      `networking.inbound[0].${"x".repeat(100)}…: unknown field`
    ]],
    ["called __proto__", JSON.parse(`{"type":"Zone","name":"a","__proto__":{"enabled":false}}`), [
      "__proto__: unknown field"
    ]],
    ["a mesh of what belongs to none", { type: "Zone", name: "a", mesh: "default" }, [
      "mesh: left out: a Zone belongs to no mesh"
    ]]
  ])("%s", (_, input, warnings) => {
    expect(warningsOf(input)).toEqual(expect.arrayContaining(warnings))
    expect(warningsOf(input)).toHaveLength(warnings.length)
  })

  it("and isn't in the resource", () => {
    expect(specOf(timeout({ idleTimeout: "1s", idleTimout: "2s" }))).toEqual(timeout({ idleTimeout: "1s" }).spec)
  })

  it("is a violation beside others: whoever gets an error is told everything", () => {
    expect(decodeResource(timeout({ idleTimeout: 1, idleTimout: "2s" }))).toEqual({
      violations: [
        { field: "spec.to[0].default.idleTimout", message: "unknown field; did you mean \"idleTimeout\"?" },
        { field: "spec.to[0].default.idleTimeout", message: "in body must be of type string: \"number\"" }
      ]
    })
  })
})

describe("a name that is spelled otherwise is read as Kuma reads it", () => {
  it.each<[string, unknown, unknown, Array<string>]>([
    ["other cases", timeout({ IdleTimeout: "1s" }), timeout({ idleTimeout: "1s" }).spec, [
      "spec.to[0].default.IdleTimeout: read as \"idleTimeout\""
    ]],
    ["underscores", dataplane({ port: 80, service_port: 81 }), {
      networking: { address: "192.0.2.1", inbound: [{ port: 80, servicePort: 81 }] }
    }, ["networking.inbound[0].service_port: read as \"servicePort\""]],
    ["and what is in it is read too", timeout({ HTTP: { requestTimout: "1s", requestTimeout: "2s" } }),
      timeout({ http: { requestTimeout: "2s" } }).spec, [
        "spec.to[0].default.HTTP: read as \"http\"",
        "spec.to[0].default.http.requestTimout: unknown field; did you mean \"requestTimeout\"?"
      ]],
    ["but not over the right one", timeout({ idleTimeout: "1s", IDLETIMEOUT: "2s" }),
      timeout({ idleTimeout: "1s" }).spec, [
        "spec.to[0].default.IDLETIMEOUT: unknown field; did you mean \"idleTimeout\"?"
      ]],
    ["and not twice", timeout({ IdleTimeout: "1s", IDLETIMEOUT: "2s" }), timeout({ idleTimeout: "1s" }).spec, [
      "spec.to[0].default.IdleTimeout: read as \"idleTimeout\"",
      "spec.to[0].default.IDLETIMEOUT: unknown field; did you mean \"idleTimeout\"?"
    ]]
  ])("%s", (_, input, spec, warnings) => {
    expect(specOf(input)).toEqual(spec)
    expect(warningsOf(input)).toEqual(warnings)
  })
})

it("a number in quotes is one, in the older types alone", () => {
  expect(specOf(dataplane({ port: "80" }))).toEqual({ networking: { address: "192.0.2.1", inbound: [{ port: 80 }] } })
  expect(decodeResource(dataplane({ port: "http" }))).toEqual({
    violations: [{ field: "networking.inbound[0].port", message: "in body must be of type integer: \"string\"" }]
  })
  const service = { type: "MeshService", mesh: "default", name: "a", spec: { ports: [{ port: "80" }] } }
  expect(decodeResource(service)).toEqual({
    violations: [{ field: "spec.ports[0].port", message: "in body must be of type integer: \"string\"" }]
  })
})

it("what the control plane computes is left out without a word", () => {
  const input = {
    type: "MeshService", mesh: "default", name: "a", kri: "kri_msvc_default___a_", creationTime: "2026-01-01T00:00:00Z",
    modificationTime: "2026-01-01T00:00:00Z", snis: [{ port: 80, sni: "a" }], status: { vips: [] }, spec: { ports: [] }
  }
  expect(warningsOf(input)).toEqual([])
})

it("a newer type without its spec is refused", () => {
  expect(decodeResource({ type: "MeshService", mesh: "default", name: "a" })).toEqual({
    violations: [{ field: "spec", message: "in body is required" }]
  })
})

it("ten thousand unknown fields are left out in good time", () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, index]))
  expect(warningsOf({ type: "Zone", name: "a", ...many })).toHaveLength(10_000)
})

it("of a hundred unknown fields it is told which may have been meant, of others that they are unknown", () => {
  const slips = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`networkin${index}`, 1]))
  const networking = { address: "10.0.0.1" }
  const told = warningsOf({ type: "Dataplane", mesh: "default", name: "a", networking, ...slips })
  expect(told).toHaveLength(300)
  expect(told).toEqual(Array.from({ length: 300 }, (_, index) =>
    `networkin${index}: unknown field${index < 100 ? "; did you mean \"networking\"?" : ""}`))
})

describe("whatever comes in", () => {
  const GOLDEN = join(import.meta.dirname, "../golden/model/resources")
  const valid = readdirSync(GOLDEN).map((file) => {
    const parsed = parseYaml(readFileSync(join(GOLDEN, file), "utf8"))
    return "values" in parsed ? parsed.values[0] : undefined
  })

  /** One of a resource's values in another's place, or one of its keys otherwise. */
  const disturb = (value: unknown, path: ReadonlyArray<number>, key: string, put: unknown): unknown => {
    const [at, ...rest] = path
    if (typeof value !== "object" || value === null || at === undefined) return put
    const entries = Object.entries(value)
    if (entries.length === 0) return { [key]: put }
    const chosen = at % entries.length
    const mended = entries.map(([name, item], index): [string, unknown] =>
      index !== chosen ? [name, item] : at % 3 === 0 ? [key, item] : [name, disturb(item, rest, key, put)])
    return Array.isArray(value) ? mended.map(([, item]) => item) : Object.fromEntries(mended)
  }

  const judge = (input: unknown): void => {
    const decoded = decodeResource(input)
    if ("violations" in decoded) {
      expect(decoded.violations.length).toBeGreaterThan(0)
      return
    }
    const { resource } = decoded
    validateResource(resource)
    warnResource(resource)
    // What is kept is read again without a word.
    expect(decodeResource(encodeResource(resource))).toEqual({ resource, warnings: [] })
  }

  it("is answered, and what is taken is read again as it is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...valid), fc.array(fc.nat(50), { maxLength: 8 }), fc.string(), fc.jsonValue(),
        (resource, path, key, put) => judge(disturb(resource, path, key, put))
      ),
      { seed: 1, numRuns: 5000 }
    )
  })

  it("is answered, were it nonsense", () => {
    fc.assert(
      fc.property(fc.constantFrom(...resourceTypes), fc.dictionary(fc.string(), fc.jsonValue()), (type, rest) =>
        judge({ ...rest, type, name: "a" })),
      { seed: 1, numRuns: 2000 }
    )
  })
})
