import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Principal, RBAC } from "../../../src/cp/proto/envoy/config/rbac/v3/rbac_pb.js"
import { permissionsOf } from "../../../src/cp/xds/policies/MeshTrafficPermission.ts"
import type { MeshTrafficPermission } from "../../../src/model/MeshTrafficPermission.ts"
import type { Inbound } from "../../../src/model/Dataplane.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { dataplane, resource } from "../snapshot/resources.ts"

const target = dataplane("kv-1", "10.0.0.1", [{ service: "kv" }])
const inbound: Inbound = target.spec.networking?.inbound?.[0] ?? { port: 0 }

const permission = (
  name: string,
  spec: MeshTrafficPermission,
  labels: Readonly<Record<string, string>> = {}
): Resource<"MeshTrafficPermission"> => resource("MeshTrafficPermission", "default", name, spec, labels)

/** What Envoy makes of a principal, for a caller with these URIs in its certificate. */
const isPrincipal = (principal: Principal, uris: ReadonlyArray<string>): boolean => {
  const { identifier } = principal
  switch (identifier.case) {
    case "any":
      return identifier.value
    case "notId":
      return !isPrincipal(identifier.value, uris)
    case "andIds":
      return identifier.value.ids.every((id) => isPrincipal(id, uris))
    case "authenticated": {
      const pattern = identifier.value.principalName?.matchPattern
      return uris.some((uri) =>
        pattern?.case === "exact" ? uri === pattern.value : pattern?.case === "prefix" && uri.startsWith(pattern.value)
      )
    }
    default:
      throw new Error(`no reading of ${identifier.case ?? "nothing"}`)
  }
}

const matches = (rbac: RBAC | undefined, uris: ReadonlyArray<string>): boolean =>
  Object.values(rbac?.policies ?? {}).some(({ principals }) => principals.some((one) => isPrincipal(one, uris)))

const judge = (policies: ReadonlyArray<Resource<"MeshTrafficPermission">>, uris: ReadonlyArray<string>) => {
  const { rules, shadowRules } = permissionsOf("default", { MeshTrafficPermission: policies }, target, inbound)
  return { allowed: matches(rules, uris), shadowDenied: matches(shadowRules, uris) }
}

const uris = (service: string, tags: Readonly<Record<string, string>> = {}): ReadonlyArray<string> => [
  `spiffe://default/${service}`,
  ...Object.entries(tags).map(([key, value]) => `kuma://${key}/${value}`)
]

const allow = (kind: string, name?: string): MeshTrafficPermission => ({
  from: [{ targetRef: { kind, ...(name === undefined ? {} : { name }) }, default: { action: "Allow" } }]
})
const deny = (kind: string, name?: string): MeshTrafficPermission => ({
  from: [{ targetRef: { kind, ...(name === undefined ? {} : { name }) }, default: { action: "Deny" } }]
})

describe("a traffic permission", () => {
  it("is needed: without one nobody gets in", () => {
    expect(judge([], uris("demo-app")).allowed).toBe(false)
  })

  it("lets in whom it names and nobody else", () => {
    const policies = [permission("p", allow("MeshService", "demo-app"))]
    expect(judge(policies, uris("demo-app")).allowed).toBe(true)
    expect(judge(policies, uris("demo")).allowed).toBe(false)
    expect(judge(policies, uris("other")).allowed).toBe(false)
  })

  it("of a more specific target has the last word", () => {
    const policies = [
      permission("a", { ...deny("Mesh"), targetRef: { kind: "MeshService", name: "kv" } }),
      permission("b", { ...allow("Mesh"), targetRef: { kind: "Mesh" } })
    ]
    expect(judge(policies, uris("demo-app")).allowed).toBe(false)
    expect(judge([...policies].reverse(), uris("demo-app")).allowed).toBe(false)
  })

  it("of the name that comes first has the last word among equals", () => {
    expect(judge([permission("a", allow("Mesh")), permission("b", deny("Mesh"))], uris("x")).allowed).toBe(true)
    expect(judge([permission("a", deny("Mesh")), permission("b", allow("Mesh"))], uris("x")).allowed).toBe(false)
  })

  it("of a zone outweighs one of the global control plane", () => {
    const policies = [
      permission("a", allow("Mesh"), { "kuma.io/origin": "global" }),
      permission("z", deny("Mesh"), { "kuma.io/origin": "zone", "kuma.io/zone": "default" })
    ]
    expect(judge(policies, uris("x")).allowed).toBe(false)
  })

  it("for another service, in shadow, or for gateways says nothing here", () => {
    const others = [
      permission("a", { ...allow("Mesh"), targetRef: { kind: "MeshService", name: "other" } }),
      permission("b", allow("Mesh"), { "kuma.io/effect": "shadow" }),
      permission("c", { ...allow("Mesh"), targetRef: { kind: "Mesh", proxyTypes: ["Gateway"] } }),
      permission("d", { ...allow("Mesh"), targetRef: { kind: "Dataplane", name: "kv-2" } }),
      permission("e", { ...allow("Mesh"), targetRef: { kind: "Dataplane", name: "kv-1", sectionName: "9999" } })
    ]
    expect(judge(others, uris("x")).allowed).toBe(false)
    const selecting = permission("f", { ...allow("Mesh"), targetRef: { kind: "Dataplane", name: "kv-1" } })
    expect(judge([...others, selecting], uris("x")).allowed).toBe(true)
  })

  it("by rules lets any deny outweigh every allow, and leaves `from` aside", () => {
    const policies = [
      permission("a", deny("Mesh")),
      permission("b", {
        rules: [{ default: { allow: [{ spiffeID: { type: "Prefix", value: "spiffe://default/" } }] } }]
      }),
      permission("c", {
        rules: [{ default: { deny: [{ spiffeID: { type: "Exact", value: "spiffe://default/x" } }] } }]
      })
    ]
    expect(judge(policies, uris("demo-app")).allowed).toBe(true)
    expect(judge(policies, uris("x")).allowed).toBe(false)
  })

  it("by SNI lets nobody in", () => {
    const sni = { type: "Exact", value: "kv" } as const
    const spiffeID = { type: "Exact", value: "spiffe://default/x" } as const
    const policies = [permission("a", { rules: [{ default: { allow: [{ sni }, { sni, spiffeID }] } }] })]
    expect(judge(policies, uris("x")).allowed).toBe(false)
  })

  it("gives every caller the action of the last rule that matches it", () => {
    const tag = fc.constantFrom("one", "two")
    const targetRef = fc.oneof(
      fc.constant({ kind: "Mesh" }),
      fc.record({ kind: fc.constant("MeshService"), name: fc.constantFrom("a", "b") }),
      fc.record({ kind: fc.constant("MeshSubset"), tags: fc.record({ v: tag, w: tag }, { requiredKeys: [] }) }),
      fc.record({
        kind: fc.constant("MeshServiceSubset"),
        name: fc.constantFrom("a", "b"),
        tags: fc.record({ v: tag })
      })
    )
    const rule = fc.record({
      targetRef,
      default: fc.record({ action: fc.constantFrom("Allow", "Deny", "AllowWithShadowDeny") })
    })
    const caller = fc.record({
      service: fc.constantFrom("a", "b", "c"),
      tags: fc.record({ v: tag, w: tag }, { requiredKeys: [] })
    })
    fc.assert(fc.property(fc.array(rule, { maxLength: 6 }), caller, (from, { service, tags }) => {
      const known: Readonly<Record<string, string | undefined>> = { ...tags, "kuma.io/service": service }
      const last = from.findLast(({ targetRef: ref }) =>
        Object.entries({
          ...("tags" in ref ? ref.tags : {}),
          ...("name" in ref ? { "kuma.io/service": ref.name } : {})
        }).every(([key, value]) => known[key] === value)
      )
      const action = last?.default.action ?? "Deny"
      expect(judge([permission("p", { from })], uris(service, tags))).toEqual({
        allowed: action !== "Deny",
        shadowDenied: action === "AllowWithShadowDeny"
      })
    }), { numRuns: 1000 })
  })
})
