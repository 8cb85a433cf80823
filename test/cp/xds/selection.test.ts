/** Whom a policy is about, what it calls by its `to`, and which of two has the later word. */
import { describe, expect, it } from "vitest"
import { refersTo } from "../../../src/cp/xds/policies/Callee.ts"
import {
  bySpecificity, refersToPolicy, selectsDataplane, selectsInbound, tagsMatch
} from "../../../src/cp/xds/policies/selection.ts"
import { Selections } from "../../../src/cp/xds/policies/Selections.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import type { TargetRef } from "../../../src/model/TargetRef.ts"
import { resource } from "../snapshot/resources.ts"

type Labels = Readonly<Record<string, string>>

const policy = (targetRef: TargetRef, labels: Labels = {}, name = "p"): Resource<"MeshTimeout"> =>
  resource("MeshTimeout", "default", name, { targetRef }, labels)
const route = (targetRef: TargetRef, labels: Labels = {}, name = "route"): Resource<"MeshHTTPRoute"> =>
  resource("MeshHTTPRoute", "default", name, { targetRef }, labels)

const named = { port: 8080, name: "main", tags: { "kuma.io/service": "kv", version: "v1" } }
const unnamed = { port: 9090, tags: { "kuma.io/service": "admin", version: "v2" } }
const proxy = (labels: Labels = {}) =>
  resource("Dataplane", "default", "kv-1", { networking: { address: "10.0.0.1", inbound: [named, unnamed] } }, labels)

type Routes = ReadonlyArray<Resource<"MeshHTTPRoute">>
const ofInbounds = (one: Resource<"MeshTimeout">, labels: Labels = {}, routes: Routes = []) =>
  [named, unnamed].map((inbound) => selectsInbound(one, proxy(labels), inbound, routes))
const ofProxy = (one: Resource<"MeshTimeout">, labels: Labels = {}, routes: Routes = []) =>
  selectsDataplane(one, proxy(labels), routes)

describe("tags", () => {
  it.each<readonly [Labels, Labels, boolean]>([
    [{}, {}, true],
    [{ a: "1" }, { a: "1", b: "2" }, true],
    [{ a: "1" }, { a: "2" }, false],
    [{ a: "1", b: "2" }, { a: "1" }, false],
    [{ a: "*" }, { a: "2" }, true],
    [{ a: "*" }, {}, false]
  ])("%j of %j match: %s", (wanted, tags, holds) => {
    expect(tagsMatch(wanted, tags)).toBe(holds)
  })
})

describe("a policy is about", () => {
  it.each<readonly [TargetRef, boolean, ReadonlyArray<boolean>]>([
    [{ kind: "Mesh" }, true, [true, true]],
    [{ kind: "Mesh", proxyTypes: ["Sidecar"] }, true, [true, true]],
    [{ kind: "Mesh", proxyTypes: ["Gateway"] }, false, [false, false]],
    [{ kind: "MeshSubset", tags: { version: "v2" } }, true, [false, true]],
    [{ kind: "MeshSubset", tags: {} }, true, [true, true]],
    [{ kind: "MeshService", name: "kv" }, true, [true, false]],
    [{ kind: "MeshServiceSubset", name: "kv", tags: { version: "v1" } }, true, [true, false]],
    [{ kind: "MeshServiceSubset", name: "kv", tags: { version: "v2" } }, false, [false, false]],
    [{ kind: "MeshGateway", name: "kv" }, false, [false, false]],
    [{ kind: "Dataplane" }, true, [true, true]],
    [{ kind: "Dataplane", name: "kv-1" }, true, [true, true]],
    [{ kind: "Dataplane", name: "kv-2" }, false, [false, false]],
    [{ kind: "Dataplane", sectionName: "main" }, true, [true, false]],
    [{ kind: "Dataplane", sectionName: "9090" }, true, [false, true]],
    [{ kind: "Dataplane", sectionName: "8080" }, true, [false, false]],
    [{ kind: "Dataplane", labels: { team: "x" } }, true, [true, true]],
    [{ kind: "Dataplane", labels: { team: "x", tier: "y" } }, false, [false, false]]
  ])("%j: the proxy %s, its inbounds %j", (targetRef, whole, inbounds) => {
    expect(ofProxy(policy(targetRef), { team: "x" })).toBe(whole)
    expect(ofInbounds(policy(targetRef), { team: "x" })).toEqual(inbounds)
  })

  it("a proxy without inbounds that all of the mesh is", () => {
    const lone = resource("Dataplane", "default", "lone", { networking: { address: "10.0.0.1" } })
    expect(selectsDataplane(policy({ kind: "Mesh" }), lone, [])).toBe(true)
    expect(selectsDataplane(policy({ kind: "MeshSubset", tags: { version: "v1" } }), lone, [])).toBe(false)
  })

  it("a gateway as such", () => {
    const gateway = resource("Dataplane", "default", "gw", {
      networking: { address: "10.0.0.1", gateway: { type: "DELEGATED", tags: { "kuma.io/service": "gw" } } }
    })
    const about = (proxyTypes: ReadonlyArray<"Sidecar" | "Gateway">) =>
      selectsDataplane(policy({ kind: "Mesh", proxyTypes: [...proxyTypes] }), gateway, [])
    expect([about(["Gateway"]), about(["Sidecar"]), about([])]).toEqual([true, false, true])
  })

  it("nobody as a shadow", () => {
    const shadow = policy({ kind: "Mesh" }, { "kuma.io/effect": "shadow" })
    expect([ofProxy(shadow), ofInbounds(shadow)]).toEqual([false, [false, false]])
    expect(new Selections([shadow, policy({ kind: "Mesh" })], []).dataplane(proxy())).toHaveLength(1)
  })

  it.each<readonly [Labels, Labels, boolean]>([
    [{ "kuma.io/origin": "zone", "kuma.io/zone": "z1" }, { "kuma.io/origin": "zone", "kuma.io/zone": "z1" }, true],
    [{ "kuma.io/origin": "zone", "kuma.io/zone": "z1" }, { "kuma.io/origin": "zone", "kuma.io/zone": "z2" }, false],
    [{ "kuma.io/origin": "zone" }, { "kuma.io/origin": "zone", "kuma.io/zone": "z2" }, true],
    [{ "kuma.io/origin": "global", "kuma.io/zone": "z1" }, { "kuma.io/origin": "zone", "kuma.io/zone": "z2" }, true],
    [{ "kuma.io/origin": "zone", "kuma.io/zone": "z1" }, { "kuma.io/zone": "z2" }, true]
  ])("its own zone: %j and a proxy of %j: %s", (labels, of, holds) => {
    expect(ofProxy(policy({ kind: "Mesh" }, labels), of)).toBe(holds)
  })

  it("whom a route is about that it names", () => {
    const about = policy({ kind: "MeshHTTPRoute", name: "route" })
    const some = [route({ kind: "MeshService", name: "kv" })]
    expect([ofProxy(about, {}, some), ofInbounds(about, {}, some)]).toEqual([true, [true, false]])
    const others = [route({ kind: "MeshService", name: "web" })]
    expect([ofProxy(about, {}, others), ofInbounds(about, {}, others)]).toEqual([false, [false, false]])
    expect(ofProxy(about, {}, [route({ kind: "Mesh" }, {}, "another")])).toBe(false)
  })
})

describe("a route is meant", () => {
  const display = { "kuma.io/display-name": "shown", team: "x", tier: "y" }
  it.each<readonly [TargetRef, boolean]>([
    [{ kind: "MeshHTTPRoute", name: "route" }, true],
    [{ kind: "MeshHTTPRoute", name: "shown" }, true],
    [{ kind: "MeshHTTPRoute", name: "other" }, false],
    [{ kind: "MeshTCPRoute", name: "route" }, false],
    [{ kind: "MeshHTTPRoute", labels: { team: "x", tier: "y" } }, true],
    [{ kind: "MeshHTTPRoute", labels: { team: "x", tier: "z" } }, false],
    [{ kind: "MeshHTTPRoute" }, false]
  ])("by %j: %s", (ref, holds) => {
    expect(refersToPolicy(ref, route({ kind: "Mesh" }, display))).toBe(holds)
    expect(refersToPolicy(ref, route({ kind: "Mesh" }, { ...display, "kuma.io/effect": "shadow" }))).toBe(false)
  })
})

describe("a callee is meant", () => {
  const byTag = { service: "kv", resource: null }
  const labels = { team: "x", tier: "y" }
  const resource = { kind: "MeshService", name: "kv", labels, sections: ["main", "80"] }
  const byReference = { service: "kv_msvc_80", resource }

  it.each<readonly [TargetRef, boolean, boolean]>([
    [{ kind: "Mesh" }, true, true],
    [{ kind: "MeshService", name: "kv" }, true, true],
    [{ kind: "MeshService", name: "web" }, false, false],
    [{ kind: "MeshExternalService", name: "kv" }, false, false],
    [{ kind: "MeshService", name: "kv", sectionName: "main" }, false, true],
    [{ kind: "MeshService", name: "kv", sectionName: "other" }, false, false],
    [{ kind: "MeshService", name: "kv", labels: {} }, false, true],
    [{ kind: "MeshService", name: "web", labels: {} }, false, false],
    [{ kind: "MeshService", labels: { team: "x", tier: "y" } }, false, true],
    [{ kind: "MeshService", labels: { team: "x", tier: "z" } }, false, false],
    [{ kind: "MeshService", name: "kv", labels: { team: "x" } }, false, true]
  ])("by %j: by its tag %s, as a resource %s", (ref, tag, reference) => {
    expect([refersTo(ref, byTag), refersTo(ref, byReference)]).toEqual([tag, reference])
  })
})

describe("the more specific of two policies has the later word:", () => {
  const mesh = { kind: "Mesh" } as const
  const dataplane = { kind: "Dataplane" } as const
  const ofRefs = (...refs: ReadonlyArray<TargetRef>) => refs.map((ref) => policy(ref))
  const ofLabels = (...all: ReadonlyArray<Labels>) => all.map((labels) => policy(mesh, labels))

  it.each<readonly [string, ReadonlyArray<Resource<"MeshTimeout">>]>([
    ["by kind", ofRefs(
      mesh, dataplane, { kind: "MeshSubset" }, { kind: "MeshGateway", name: "g" }, { kind: "MeshService", name: "s" },
      { kind: "MeshServiceSubset", name: "s" }, { kind: "MeshHTTPRoute", name: "r" }
    )],
    ["by how a proxy is named", ofRefs(
      dataplane, { ...dataplane, sectionName: "main" },
      { ...dataplane, labels: { a: "b" } }, { ...dataplane, labels: { a: "b" }, sectionName: "main" },
      { ...dataplane, name: "kv-1" }, { ...dataplane, name: "kv-1", sectionName: "main" }
    )],
    ["by origin", ofLabels({ "kuma.io/origin": "global" }, {}, { "kuma.io/origin": "zone" })],
    ["by role", ["system", "producer", "consumer", "workload-owner"].map((role) =>
      policy(mesh, { "kuma.io/policy-role": role }))],
    ["by name, the first of them", ["c", "b", "a"].map((name) => policy(mesh, {}, name))],
    ["by the name that is shown", [
      policy(mesh, { "kuma.io/display-name": "b" }, "a"), policy(mesh, { "kuma.io/display-name": "a" }, "b")
    ]],
    ["by kind before origin", [
      policy(mesh, { "kuma.io/origin": "zone" }),
      policy({ kind: "MeshService", name: "s" }, { "kuma.io/origin": "global" })
    ]],
    ["by origin before name", [
      policy(mesh, { "kuma.io/origin": "global" }, "a"), policy(mesh, { "kuma.io/origin": "zone" }, "b")
    ]]
  ])("%s", (_, policies) => {
    expect([...policies].reverse().sort(bySpecificity)).toEqual(policies)
    expect([...policies].sort(bySpecificity)).toEqual(policies)
  })
})
