/** The edges of what validators of one value take; whole resources are in badResources. */
import { describe, expect, it } from "vitest"
import { isAddress, validatePort } from "../../src/model/validate/validateAddress.ts"
import { validateGivenLabels, validateLabelChange } from "../../src/model/validate/validateComputedLabels.ts"
import { validateDataplane } from "../../src/model/validate/validateDataplane.ts"
import { validateMatch } from "../../src/model/validate/validateMatch.ts"
import { validateMeta } from "../../src/model/validate/validateMeta.ts"
import {
  greaterThanZero, notNegative, validateDuration, validatePercentage, validateWhole, validateWholePercentage
} from "../../src/model/validate/validateNumber.ts"
import { validateOutbound } from "../../src/model/validate/validateOutbound.ts"
import { validateReachableBackends } from "../../src/model/validate/validateReachableBackends.ts"
import { isProtocol, validateSelector, validateTags } from "../../src/model/validate/validateTags.ts"
import { validateTargetRef } from "../../src/model/validate/validateTargetRef.ts"
import { validateHeaderName, validatePreciseHostname, validateRegex } from "../../src/model/validate/validateText.ts"
import { validateZoneIngress } from "../../src/model/validate/validateZoneProxy.ts"
import { violations as withoutEffect } from "../../src/model/validate/withoutEffect.ts"
import type { TargetRef } from "../../src/model/TargetRef.ts"
import type { Violation } from "../../src/model/Violation.ts"
import { resource } from "../cp/snapshot/resources.ts"

const messages = (violations: ReadonlyArray<Violation>) => violations.map(({ message }) => message)
const fields = (violations: ReadonlyArray<Violation>) => violations.map(({ field }) => field)
const takes = (violations: ReadonlyArray<Violation>) => violations.length === 0

describe("a number", () => {
  it.each([[1, true], [65_535, true], [0, false], [65_536, false], [-1, false], [1.5, false], [undefined, false]])(
    "%s as a port: %s", (port, holds) => expect(takes(validatePort("p", port))).toBe(holds))

  it.each([[0, 0, true], [0, 1, false], [1, 1, true], [2 ** 32 - 1, 0, true], [2 ** 32, 0, false], [0.5, 0, false]])(
    "%s that is %s or more and whole: %s", (value, min, holds) =>
      expect(takes(validateWhole("n", value, min))).toBe(holds))

  it.each([[0, true], [100, true], [101, false], [-1, false], [1.5, false], [undefined, true]])(
    "%s as a whole percentage: %s", (value, holds) => expect(takes(validateWholePercentage("n", value))).toBe(holds))

  it.each([
    [0, true], [100, true], [100.5, false], [-0.5, false], ["0.5", true], ["+1", true], ["-1", false], [".5", true],
    ["1e1", false], ["", false]
  ])("%j as a percentage: %s", (value, holds) => expect(takes(validatePercentage("n", value))).toBe(holds))

  it.each([["0s", true, false], ["1ms", true, true], ["-1s", false, false]])(
    "%s as a time that isn't negative: %s, that is more than nothing: %s", (text, some, more) => {
      expect(takes(validateDuration("d", text, notNegative))).toBe(some)
      expect(takes(validateDuration("d", text, greaterThanZero))).toBe(more)
    })
})

describe("a text", () => {
  it.each([[256, true], [257, false]])("of %i letters as a header's name: %s", (length, holds) =>
    expect(takes(validateHeaderName("h", "h".repeat(length)))).toBe(holds))

  it.each([
    ["a.b", true], ["192.0.2.1", false], ["::1", false], ["A", false], ["", false],
    [`${"a".repeat(63)}.${"b".repeat(189)}`, true], [`${"a".repeat(63)}.${"b".repeat(190)}`, false]
  ])("%s as a hostname: %s", (name, holds) => expect(takes(validatePreciseHostname("h", name))).toBe(holds))

  it("that is an IP address is told to be one, no name", () => {
    expect(messages(validatePreciseHostname("h", "::1"))).toEqual(["cannot be an IP address"])
  })

  it.each([
    ["a+", true], ["(?P<name>a)", true], ["(?i)a", true], ["(?i-s)a", true], ["(?i:a)", true], ["(?U:a)", true],
    ["\\pN", true], ["[[:alpha:]]", true], ["\\Q(\\E", true], ["\\Aa\\z", true], ["(a)\\C", true], ["(", false],
    ["(?=a)", false], ["(?!a)", false], ["(?<=a)b", false], ["(?<!a)b", false], ["(a)\\1", false],
    ["(?<n>a)\\k<n>", false]
  ])("%s as a regular expression: %s", (regex, holds) => expect(takes(validateRegex("r", regex))).toBe(holds))

  it.each([
    [["a".repeat(63), "a".repeat(63), "a".repeat(63), "a".repeat(63), "abc"].join("."), true],
    [["a".repeat(63), "a".repeat(63), "a".repeat(63), "a".repeat(63), "abcd"].join("."), false],
    ["a.", true], ["-a", false], ["a".repeat(64), false], ["2001:db8::1", true]
  ])("%s as an address: %s", (address, holds) => expect(isAddress(address)).toBe(holds))
})

describe("a SPIFFE id", () => {
  it.each([
    ["spiffe://mesh/a", null], ["spiffe://mesh", null], ["", "cannot be empty"],
    ["https://mesh", "scheme is missing or invalid"], ["spiffe://", "trust domain is missing"],
    ["spiffe:///a", "trust domain is missing"], ["spiffe://mesh/a/", "a trailing slash"],
    ["spiffe://mesh/a//b", "empty segments"], ["spiffe://mesh/./a", "dot segments"],
    ["spiffe://mesh/../a", "dot segments"],
    ["spiffe://mesh/a b/c", "path segment characters"], ["spiffe://Mesh", "trust domain characters"]
  ])("%s: %s", (value, problem) => {
    expect(messages(validateMatch({ spiffeID: { type: "Exact", value } }, "m")))
      .toEqual(problem === null ? [] : [expect.stringContaining(problem)])
  })
})

describe("tags", () => {
  it("are told in order, by their names and values", () => {
    expect(fields(validateTags("tags", { b: "", a: "", "c d": "e" })))
      .toEqual(["tags[\"a\"]", "tags[\"b\"]", "tags[\"c d\"]"])
    expect(takes(validateTags("tags", { a: "*" }))).toBe(false)
    expect(takes(validateSelector("tags", { a: "*", b: "c/d" }))).toBe(true)
    expect(takes(validateSelector("tags", { a: "a*" }))).toBe(false)
  })

  it.each([["http", true], ["HTTP2", true], ["tls", true], ["mysql", true], ["smtp", false], ["", false]])(
    "%s is a protocol: %s", (protocol, holds) => expect(isProtocol(protocol)).toBe(holds))
})

describe("labels", () => {
  const given = (labels: Readonly<Record<string, string>>) =>
    fields(validateGivenLabels(resource("MeshTimeout", "default", "a", {}, labels), "zone-1"))

  it("that a control plane computes may be given as they come out", () => {
    expect(given({ "kuma.io/origin": "zone", "kuma.io/zone": "zone-1", "kuma.io/mesh": "default" })).toEqual([])
    expect(given({ "kuma.io/origin": "zone", "kuma.io/zone": "zone-2", "kuma.io/mesh": "other" }))
      .toEqual(["labels[\"kuma.io/zone\"]", "labels[\"kuma.io/mesh\"]"])
    expect(given({ "kuma.io/origin": "global", "kuma.io/zone": "zone-2", "kuma.io/mesh": "other" })).toEqual([])
    expect(given({ "kuma.io/origin": "moon" })).toEqual(["labels[\"kuma.io/origin\"]"])
  })

  it("that say where it is from stay once they are there", () => {
    const before = { "kuma.io/origin": "zone", "kuma.io/display-name": "a", team: "x" }
    expect(validateLabelChange(before, { ...before, "kuma.io/zone": "zone-1", team: "y" })).toEqual([])
    expect(messages(validateLabelChange(before, { "kuma.io/origin": "zone", "kuma.io/display-name": "b" })))
      .toEqual([expect.stringContaining("from \"a\" to \"b\"")])
    expect(messages(validateLabelChange(before, { "kuma.io/display-name": "a" })))
      .toEqual([expect.stringContaining("cannot be removed")])
  })
})

it("labels are told in the order of their names", () => {
  const labels = { b: "-", a: "-" }
  expect(fields(validateMeta(resource("MeshTimeout", "default", "a", {}, labels))))
    .toEqual(["labels[\"a\"]", "labels[\"b\"]"])
})

describe("a target", () => {
  const judge = (ref: TargetRef, gatewayListenerTags = false) =>
    validateTargetRef(ref, "spec.to", { kinds: ["Mesh", "MeshService", "MeshGateway"], gatewayListenerTags })

  it("is told one thing of each field", () => {
    expect(judge({ kind: "Mesh", namespace: "n" })).toEqual([
      { field: "spec.to.namespace", message: "must not be set with kind Mesh" }
    ])
    expect(judge({ kind: "" })).toEqual([{ field: "spec.to.kind", message: "must be defined" }])
  })

  it("is chosen by its labels or by its name, be it its namespace alone", () => {
    expect(fields(judge({ kind: "MeshService", labels: { a: "b" } }))).toEqual([])
    expect(fields(judge({ kind: "MeshService", labels: { a: "b" }, namespace: "n" }))).toContain("spec.to.labels")
  })

  it("that is a gateway has tags only where they are those of its listeners", () => {
    const gateway = { kind: "MeshGateway", name: "g", tags: { a: "b" } }
    expect([fields(judge(gateway)), fields(judge(gateway, true))]).toEqual([["spec.to.tags"], []])
  })
})

describe("a Dataplane", () => {
  const tags = { "kuma.io/service": "kv" }

  it.each([
    ["10.0.0.1", { port: 9901, serviceAddress: "127.0.0.1" }, true],
    ["127.0.0.1", { port: 80, servicePort: 9901 }, true],
    ["10.0.0.1", { port: 9901 }, false],
    ["10.0.0.1", { port: 80, servicePort: 9901 }, false]
  ])("at %s whose inbound %j leaves no room for Envoy's admin interface: %s", (address, inbound, taken) => {
    const networking = { address, admin: { port: 9901 }, inbound: [{ ...inbound, tags }] }
    expect(fields(validateDataplane({ networking }))).toEqual(taken ? ["networking.admin.port"] : [])
  })

  it("that is a gateway needs no tags, and speaks TCP however that is written", () => {
    const gateway = (more: object) => fields(validateDataplane({
      networking: { address: "10.0.0.1", gateway: { type: "DELEGATED", ...more } }
    }))
    expect([gateway({}), gateway({ tags: { ...tags, "kuma.io/protocol": "TCP" } })]).toEqual([[], []])
    expect(gateway({ tags: { version: "1" } })).toEqual(["networking.gateway.tags"])
  })

  it("has probes unless it is a builtin gateway", () => {
    const withProbes = (type: "DELEGATED" | "BUILTIN") => fields(validateDataplane({
      networking: { address: "10.0.0.1", gateway: { type } }, probes: { port: 9000 }
    }))
    expect([withProbes("DELEGATED"), withProbes("BUILTIN")]).toEqual([[], ["networking.probes"]])
  })

  it("isn't refused for what it says and leaves out", () => {
    const transparentProxying = { redirectPortInbound: 0, redirectPortOutbound: 0, directAccessServices: [] }
    expect(withoutEffect(resource("Dataplane", "default", "a", { networking: { transparentProxying, listeners: [] } })))
      .toEqual([])
  })
})

describe("what is called", () => {
  const backend = { kind: "MeshService", name: "kv", port: 80 }

  it("by a reference has a port, but for a MeshExternalService", () => {
    const outbound = (backendRef: { readonly kind: string; readonly name?: string; readonly port?: number }) =>
      fields(validateOutbound({ port: 10_001, backendRef }, "o"))
    expect(outbound(backend)).toEqual([])
    expect(outbound({ kind: "MeshService", name: "kv" })).toEqual(["o.backendRef.port"])
    expect(outbound({ kind: "MeshExternalService", name: "kv" })).toEqual([])
  })

  it("by tags has good ones", () => {
    expect(fields(validateOutbound({ port: 10_001, tags: { "kuma.io/service": "kv", version: "a b" } }, "o")))
      .toEqual(["o.tags[\"version\"]"])
  })

  it("as a reachable backend is named by its name or by labels", () => {
    const ref = (fieldsOfRef: object) => validateReachableBackends({
      reachableBackends: { refs: [{ kind: "MeshService", ...fieldsOfRef }] }
    })
    expect([{ name: "kv" }, { labels: { a: "b" } }, { name: "kv", namespace: "n" }].map(ref)).toEqual([[], [], []])
    expect(messages(ref({}))).toEqual(["name or labels are required"])
    expect(messages(ref({ namespace: "n" }))).toEqual(["name is required, when namespace is defined"])
    expect(fields(ref({ name: "kv", labels: { a: "b" } }))).toEqual([expect.stringMatching(/refs\[0\]\.labels$/)])
    expect(fields(ref({ namespace: "n", labels: { a: "b" } })))
      .toEqual([expect.stringMatching(/refs\[0\]\.name$/), expect.stringMatching(/refs\[0\]\.labels$/)])
    expect(takes(ref({ name: "K V" }))).toBe(false)
  })
})

it("an ingress's admin port differs from the one that others dial where that is on loopback, too", () => {
  const networking = (advertisedAddress: string) => ({
    address: "10.0.0.1", port: 10_001, advertisedAddress, advertisedPort: 10_002, admin: { port: 10_002 }
  })
  expect(fields(validateZoneIngress({ networking: networking("127.0.0.1") }))).toEqual(["networking.admin.port"])
  expect(fields(validateZoneIngress({ networking: networking("192.0.2.1") }))).toEqual([])
})
