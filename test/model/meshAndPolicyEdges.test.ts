/** The edges of what validators of a whole Mesh, gateway, generator or permission take; see validators.test.ts. */
import { describe, expect, it } from "vitest"
import type { MeshTrafficPermission } from "../../src/model/MeshTrafficPermission.ts"
import type { Mesh } from "../../src/model/Mesh.ts"
import { validateDataplane } from "../../src/model/validate/validateDataplane.ts"
import { validateHostnameGenerator } from "../../src/model/validate/validateHostnameGenerator.ts"
import { validateLogText } from "../../src/model/validate/validateLogFormat.ts"
import { validateMesh } from "../../src/model/validate/validateMesh.ts"
import { validateMeshTrafficPermission } from "../../src/model/validate/validateMeshTrafficPermission.ts"
import type { Violation } from "../../src/model/Violation.ts"

const messages = (violations: ReadonlyArray<Violation>) => violations.map(({ message }) => message)
const fields = (violations: ReadonlyArray<Violation>) => violations.map(({ field }) => field)

describe("a Mesh", () => {
  const withBackend = (backend: NonNullable<NonNullable<Mesh["mtls"]>["backends"]>[number], more: object = {}) =>
    validateMesh("m", { mtls: { enabledBackend: backend.name, backends: [backend], ...more } })
  const provided = (cert: unknown) =>
    withBackend({ name: "ca", type: "provided", conf: { cert, key: { secret: "key" } } })

  it("has a name of 63 letters and no more", () => {
    expect(fields(validateMesh("a".repeat(63), {}))).toEqual([])
    expect(fields(validateMesh("a".repeat(64), {}))).toEqual(["name"])
  })

  it("has certificates from one source each", () => {
    expect(provided({ secret: "cert" })).toEqual([])
    expect(messages(provided({ secret: "cert", file: "/cert" }))).toEqual([expect.stringContaining("has to be chosen")])
    expect(messages(provided({}))).toEqual([expect.stringContaining("has to be chosen")])
    expect(messages(provided({ secret: 5 }))).toEqual(["cannot be empty"])
    expect(withBackend({ name: "ca", type: "provided" }, { skipValidation: true })).toEqual([])
  })

  it("has an authority whose name fits in a secret's", () => {
    const builtin = (name: string) => messages(withBackend({ name, type: "builtin" }))
    const tooLong = "Backend name is too long. Max length: 255"
    const rest = 255 - "m.ca-builtin-cert-".length
    expect([builtin("a".repeat(rest)), builtin("a".repeat(rest + 1))].map((said) => said.includes(tooLong)))
      .toEqual([false, true])
    expect([builtin("ca"), builtin("CA")]).toEqual([[], [expect.stringContaining("must be valid dns name")]])
  })
})

describe("a gateway", () => {
  const gateway = (type: "DELEGATED" | "BUILTIN", networking: object, more: object = {}) =>
    fields(validateDataplane({ networking: { address: "10.0.0.1", gateway: { type }, ...networking }, ...more }))
  const outbound = [{ port: 10_001, tags: { "kuma.io/service": "kv" } }]

  it("calls others unless it is builtin", () => {
    expect(gateway("DELEGATED", { outbound })).toEqual([])
    expect(gateway("BUILTIN", { outbound })).toEqual(["networking.outbound"])
  })

  it("is told once of what it can't have", () => {
    expect(gateway("BUILTIN", {}, { probes: { port: 0 } })).toEqual(["networking.probes"])
    expect(gateway("DELEGATED", {}, { probes: { port: 0 } })).toEqual(["probes.port"])
    expect(gateway("DELEGATED", { listeners: [{}] })).toEqual(["networking.listeners"])
  })
})

it("a format is told once of what it has twice", () => {
  expect(messages(validateLogText("%KUMA_X% %KUMA_X%", "f"))).toEqual([expect.stringContaining("%KUMA_X%")])
  expect(messages(validateLogText("%KUMA_MESH:5% %KUMA_MESH:5%", "f")))
    .toEqual([expect.stringContaining("no parameters and no length")])
})

it("a HostnameGenerator names hosted zones that have ids", () => {
  const generator = (config: object) => fields(validateHostnameGenerator({
    selector: { meshService: {} }, template: "{{ .Name }}.local", extension: { type: "Route53", config }
  }))
  expect(generator({ hostedZones: [{ hostedZoneId: "Z1" }] })).toEqual([])
  expect(generator({ hostedZoneId: "" })).toEqual(["spec.extension.config.hostedZoneId"])
  expect(generator({ hostedZones: [{ hostedZoneId: "" }] }))
    .toEqual(["spec.extension.config.hostedZones[0].hostedZoneId"])
})

describe("a MeshTrafficPermission", () => {
  const judge = (spec: MeshTrafficPermission) => validateMeshTrafficPermission(spec)
  const all = { targetRef: { kind: "Mesh" }, default: { action: "Allow" as const } }

  it("may allow with nothing but a shadow's denial, and be about one inbound", () => {
    const allowWithShadowDeny = [{ spiffeID: { type: "Exact" as const, value: "spiffe://m/a" } }]
    expect(judge({ rules: [{ default: { allowWithShadowDeny } }] })).toEqual([])
    expect(fields(judge({ rules: [{ default: {} }] }))).toEqual(["spec.rules[0]"])
    expect(judge({ targetRef: { kind: "Dataplane", sectionName: "main" }, from: [all] })).toEqual([])
  })

  it("is told once of a caller's labels", () => {
    const from = fields(judge({ from: [{ ...all, targetRef: { kind: "Mesh", labels: { a: "b" } } }] }))
    expect(from.filter((field) => field.endsWith(".labels"))).toEqual(["spec.from[0].targetRef.labels"])
  })
})
