// Labels of what is called by reference. Those that a proxy's configuration is made of are others' words, which come
// and go: what isn't told for too little here is held by `incremental`.
import { describe, expect, it } from "vitest"
import { defaultTranslateSettings, type TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { dataplane, mesh, resource } from "../snapshot/resources.ts"
import { type Consequences, FollowedMesh } from "./followedMesh.ts"

type Labels = Readonly<Record<string, string>>

const meshService = (name: string, labels: Labels): Resource<"MeshService"> =>
  resource("MeshService", "default", name, {
    state: "Available",
    selector: { dataplaneTags: { "kuma.io/service": name } },
    ports: [{ port: 80, targetPort: 8_080, appProtocol: "http" }]
  }, labels)

const external = (labels: Labels): Resource<"MeshExternalService"> =>
  resource("MeshExternalService", "default", "outside", {
    match: { type: "HostnameGenerator", port: 443, protocol: "http" },
    endpoints: [{ address: "10.7.7.7", port: 443 }]
  }, labels)

const union = (matchLabels: Labels, labels: Labels = {}): Resource<"MeshMultiZoneService"> =>
  resource("MeshMultiZoneService", "default", "all", {
    selector: { meshService: { matchLabels } },
    ports: [{ port: 80, appProtocol: "http" }]
  }, labels)

interface Ref {
  readonly kind: "MeshService" | "MeshExternalService" | "MeshMultiZoneService"
  readonly name?: string
  readonly labels?: Labels
  readonly port?: number
}

const caller = (name: string, ...refs: ReadonlyArray<Ref>): Resource<"Dataplane"> =>
  resource("Dataplane", "default", name, {
    networking: {
      address: "10.0.1.1",
      inbound: [],
      outbound: refs.map((backendRef, at) => ({ port: 20_001 + at, backendRef: { port: 80, ...backendRef } }))
    }
  })

const kv: Ref = { kind: "MeshService", name: "kv" }

/** One proxy for each way to call, and one that calls nothing of it. */
const callers = [
  caller("of-kv", kv),
  caller("of-outside", { kind: "MeshExternalService", name: "outside", port: 443 }),
  caller("of-all", { kind: "MeshMultiZoneService", name: "all" }),
  caller("picker", { kind: "MeshService", labels: { team: "x" } }),
  caller("of-another", { kind: "MeshService", name: "another" }),
  caller("of-idle", { kind: "MeshService", name: "idle" })
]

const connected = (...more: ReadonlyArray<Resource>): FollowedMesh => connectedWith({}, ...more)

const connectedWith = (settings: Partial<TranslateSettings>, ...more: ReadonlyArray<Resource>): FollowedMesh =>
  new FollowedMesh(
    [
      mesh(),
      dataplane("kv-1", "10.0.0.1", [{ service: "kv" }]),
      dataplane("another-1", "10.0.0.2", [{ service: "another" }]),
      meshService("kv", {}),
      meshService("another", { team: "x" }),
      external({}),
      union({ "kuma.io/display-name": "kv" }),
      ...callers,
      ...more
    ],
    [...callers, { name: "kv-1" }].map(({ name }) => ({ proxyType: "dataplane", mesh: "default", name })),
    0,
    { ...defaultTranslateSettings, ...settings }
  )

const NOTHING: Consequences = { translated: [], told: [] }

/** And how many resources were built. */
const writing = (followed: FollowedMesh, ...changes: ReadonlyArray<Resource>) => {
  const before = followed.built
  const consequences = followed.write(...changes)
  return { ...consequences, built: followed.built - before }
}

const timeout = (labels: Labels): Resource<"MeshTimeout"> =>
  resource("MeshTimeout", "default", "of-labelled", {
    to: [{ targetRef: { kind: "MeshService", labels }, default: { http: { requestTimeout: "7s" } } }]
  })

const route = (labels: Labels): Resource<"MeshHTTPRoute"> =>
  resource("MeshHTTPRoute", "default", "route", {
    targetRef: { kind: "Dataplane", name: "of-another" },
    to: [{
      targetRef: { kind: "MeshService", name: "another" },
      rules: [{
        matches: [{ path: { type: "PathPrefix", value: "/" } }],
        default: { backendRefs: [{ kind: "MeshService", labels, port: 80, weight: 1 }] }
      }]
    }]
  })

describe("a label of what is called by reference", () => {
  it("that nothing is picked by concerns nobody: not as it comes, as it is another, nor as it goes", () => {
    const followed = connected()
    for (const labels of [{ note: "1" }, { note: "2", team: "y" }, { team: "z" }, {}]) {
      expect(writing(followed, meshService("kv", labels))).toEqual({ ...NOTHING, built: 0 })
      expect(writing(followed, external(labels))).toEqual({ ...NOTHING, built: 0 })
      expect(writing(followed, union({ "kuma.io/display-name": "kv" }, labels))).toEqual({ ...NOTHING, built: 0 })
    }
  })

  it("that nothing is picked by concerns none of those either that have everything bound", () => {
    const address = resource("ServiceAddress", "", "127.4.0.1", { kind: "MeshService", mesh: "default", service: "kv" })
    const followed = connectedWith({ bindOutbounds: true }, address)
    expect(writing(followed, meshService("kv", { note: "1" }))).toEqual({ ...NOTHING, built: 0 })
    expect(followed.write(meshService("kv", { "kuma.io/display-name": "shown" })).told).toContain("kv-1")
  })

  it("that a Dataplane picks by concerns that one alone", () => {
    const followed = connected()
    // Of the same age, and so before the other by its name.
    const older = (labels: Labels) => ({ ...meshService("kv", labels), creationTime: "2025-01-01T00:00:00Z" })
    followed.write(older({}))
    expect(followed.write(older({ team: "x" }))).toEqual({ translated: ["picker"], told: ["picker"] })
    expect(followed.write(older({ team: "x", note: "1" }))).toEqual(NOTHING)
    expect(followed.write(older({ team: "y" }))).toEqual({ translated: ["picker"], told: ["picker"] })
  })

  it("that a policy says `to` concerns who calls it, from when the policy comes until it goes", () => {
    const followed = connected()
    followed.write(meshService("kv", { tier: "1" }))
    expect(followed.write(timeout({ tier: "1" })).told).toEqual(["of-kv"])
    const of = (labels: Labels) => followed.write(meshService("kv", labels))
    expect(of({ tier: "1", note: "1" })).toEqual(NOTHING)
    expect(of({ tier: "2" })).toEqual({ translated: ["of-kv", "picker"], told: ["of-kv"] })
    // Neither of them is meant.
    expect(of({ tier: "3" })).toEqual(NOTHING)
    expect(of({ tier: "1" })).toEqual({ translated: ["of-kv", "picker"], told: ["of-kv"] })
    followed.write({ gone: timeout({}) })
    expect(of({})).toEqual(NOTHING)
  })

  it("that a route's backend is picked by concerns who takes that route", () => {
    const followed = connected(route({ tier: "1" }))
    const changed = { translated: ["of-another"], told: ["of-another"] }
    expect(followed.write(meshService("kv", { tier: "1" }))).toEqual(changed)
    expect(followed.write(meshService("kv", { tier: "1", note: "1" }))).toEqual(NOTHING)
    expect(followed.write(meshService("kv", { tier: "2" }))).toEqual(changed)
    followed.write({ gone: route({}) })
    expect(followed.write(meshService("kv", { tier: "1" }))).toEqual(NOTHING)
  })

  it("that a service of several zones is made by concerns who calls that one", () => {
    const followed = connected(union({ tier: "1" }))
    expect(followed.write(meshService("kv", { tier: "1" })).told).toEqual(["of-all"])
    expect(followed.write(meshService("kv", { tier: "1", note: "1" }))).toEqual(NOTHING)
    expect(followed.write(meshService("kv", { tier: "2" })).told).toEqual(["of-all"])
  })

  it("that says where it is from, or how it is shown, concerns who calls it", () => {
    const followed = connected()
    for (const labels of [{ "kuma.io/display-name": "shown" }, { "kuma.io/zone": "zone-1" }]) {
      expect(followed.write(meshService("kv", labels)).told).toContain("of-kv")
      followed.write(meshService("kv", {}))
    }
    // What has no instances is the same to its callers but for what they ask for.
    const idle = (origin: string) =>
      meshService("idle", { "kuma.io/origin": origin, "kuma.io/display-name": "shown" })
    followed.write(idle("zone"))
    expect(followed.write(idle("global"))).toEqual({ translated: ["of-idle", "picker"], told: ["of-idle"] })
  })
})
