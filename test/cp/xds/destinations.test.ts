import { describe, expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { destinationSni } from "../../../src/cp/snapshot/Destination.ts"
import { renderSnapshot } from "../../../src/cp/xds/renderSnapshot.ts"
import { translateEndpoints, translateProxy } from "../../../src/cp/xds/translateProxy.ts"
import { defaultTranslateSettings, type TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { Outbound } from "../../../src/model/Dataplane.ts"
import type { Resource, SpecByType } from "../../../src/model/Resource.ts"
import { CERTIFICATE, KEY } from "../snapshot/pems.ts"
import { created, resource } from "../snapshot/resources.ts"

const LOCAL = { "kuma.io/origin": "zone", "kuma.io/zone": "zone-1" }

const mesh = (spec: SpecByType["Mesh"]): Resource<"Mesh"> => resource("Mesh", "", "default", spec)

const mtls = { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] }

const instance = (name: string, address: string, port = 15_050): Resource<"Dataplane"> =>
  resource("Dataplane", "default", name, {
    networking: {
      address,
      inbound: [{
        port, name: "main", tags: { "kuma.io/service": "kv", "kuma.io/protocol": "http", "kuma.io/zone": "zone-1" }
      }]
    }
  })

const kv = (labels: Readonly<Record<string, string>> = LOCAL, ports: SpecByType["MeshService"]["ports"] = [
  { name: "main", port: 15_050, targetPort: 15_050, appProtocol: "http" }
]): Resource<"MeshService"> =>
  resource("MeshService", "default", "kv", {
    state: "Unavailable", selector: { dataplaneTags: { "kuma.io/service": "kv" } }, ...(ports === undefined ? {} : { ports })
  }, labels)

const caller = (outbound: ReadonlyArray<Outbound>, transparentProxying?: Record<string, unknown>) =>
  resource("Dataplane", "default", "caller", {
    networking: { address: "10.0.0.9", outbound, ...(transparentProxying === undefined ? {} : { transparentProxying }) }
  })

const address = (ip: string, kind: SpecByType["ServiceAddress"]["kind"], service: string) =>
  resource("ServiceAddress", "", ip, { kind, mesh: "default", service })

const external = (name: string, spec: SpecByType["MeshExternalService"]) =>
  resource("MeshExternalService", "default", name, spec, LOCAL)

const translate = (resources: ReadonlyArray<Resource>, settings: Partial<TranslateSettings> = {}) => {
  const views = new MeshViews()
  views.apply(resources.map(created))
  const proxy = { proxyType: "dataplane", mesh: "default", name: "caller" } as const
  const translation = translateProxy(views, proxy, { ...defaultTranslateSettings, zone: "zone-1", ...settings })
  if (translation === null) throw new Error("the caller isn't there")
  const rendered = renderSnapshot([...translation.resources, ...translateEndpoints(views, translation)])
  return {
    conditions: translation.conditions,
    named: (type: "clusters" | "listeners" | "endpoints", name: string) =>
      rendered[type].find((one) => JSON.stringify(one).includes(JSON.stringify(name))),
    names: (type: "clusters" | "listeners") => rendered[type].map((one) =>
      typeof one === "object" && one !== null && "name" in one ? one["name"] : null),
    rendered
  }
}

const toKv: Outbound = { port: 20_001, backendRef: { kind: "MeshService", name: "kv", port: 15_050 } }

describe("an outbound with a backendRef", () => {
  it("to a MeshService has Kuma's names, its proxies' endpoints and their identities", () => {
    const { names, rendered, conditions } = translate([
      mesh({ mtls }), kv(), instance("one", "10.0.0.1"), instance("two", "10.0.0.2"), caller([toKv])
    ])
    expect(conditions).toEqual([])
    expect(names("clusters")).toEqual(["default_kv__zone-1_msvc_15050"])
    expect(names("listeners")).toEqual(["outbound:127.0.0.1:20001"])
    const text = JSON.stringify(rendered)
    expect(text).toContain("\"exact\":\"spiffe://default/kv\"")
    expect(text).toMatch(/"sni":"a[0-9a-f]{16}\.kv\.15050\.default\.ms"/)
    expect(JSON.stringify(rendered.endpoints)).toContain("10.0.0.1")
    expect(JSON.stringify(rendered.endpoints)).toContain("10.0.0.2")
  })

  it("finds the port by its number on the proxies that have its target", () => {
    const service = kv(LOCAL, [
      { name: "main", port: 80, targetPort: "main", appProtocol: "http" },
      { name: "other", port: 81, targetPort: 16_000, appProtocol: "tcp" }
    ])
    const ref = (port: number): Outbound => ({ port, backendRef: { kind: "MeshService", name: "kv", port } })
    const { rendered } = translate([
      mesh({}), service, instance("one", "10.0.0.1"), instance("two", "10.0.0.2", 16_000), caller([ref(80), ref(81)])
    ])
    const [eighty, other] = rendered.endpoints.map((one) => JSON.stringify(one))
    expect(eighty).toContain("10.0.0.1")
    expect(eighty).toContain("10.0.0.2")
    expect(other).toContain("\"portValue\":16000")
    expect(other).not.toContain("10.0.0.1")
  })

  it("says what it can't find", () => {
    const nothing = translate([mesh({}), caller([toKv])])
    expect(nothing.conditions).toMatchObject([{ reason: "BackendMissing", message: expect.stringContaining("\"kv\"") }])
    expect(nothing.names("listeners")).toEqual([])
    const noPort = { port: 1, backendRef: { kind: "MeshService", name: "kv", port: 1 } }
    const { conditions } = translate([mesh({}), kv(), caller([noPort])])
    expect(conditions).toMatchObject([{ reason: "BackendPortMissing", message: expect.stringContaining("15050") }])
  })

  it("by labels leads to the oldest that has them", () => {
    const named = (name: string, creationTime: string) => ({
      ...kv({ ...LOCAL, team: "blue", "kuma.io/display-name": name }), name, creationTime
    })
    const ref: Outbound = { port: 1, backendRef: { kind: "MeshService", labels: { team: "blue" }, port: 15_050 } }
    const { names } = translate([mesh({}), named("a", "2026-01-02"), named("z", "2026-01-01"), caller([ref])])
    expect(names("clusters")).toEqual(["default_z__zone-1_msvc_15050"])
  })

  it("to a MeshMultiZoneService has this zone's instances first, then the ingresses of zones that have some", () => {
    const remote = (name: string, zone: string, state: "Available" | "Unavailable") => ({
      ...kv({ "kuma.io/origin": "global", "kuma.io/zone": zone, "kuma.io/display-name": "kv" }),
      name,
      spec: { ...kv().spec, state, identities: [{ type: "ServiceTag" as const, value: "kv-there" }] }
    })
    const gate = (zone: string, ip: string) => resource("ZoneIngress", "", `gate-${zone}`, {
      zone, networking: { address: ip, port: 1, advertisedAddress: ip, advertisedPort: 10_001 }
    })
    const labelled = kv({ ...LOCAL, "kuma.io/display-name": "kv" })
    const union = resource("MeshMultiZoneService", "default", "kv", {
      selector: { meshService: { matchLabels: { "kuma.io/display-name": "kv" } } },
      ports: [{ port: 15_050, appProtocol: "http" }]
    })
    const ref: Outbound = { port: 1, backendRef: { kind: "MeshMultiZoneService", name: "kv", port: 15_050 } }
    const others = [remote("kv-x", "zone-2", "Available"), remote("kv-y", "zone-3", "Unavailable")]
    const gates = [gate("zone-2", "2.2.2.2"), gate("zone-3", "3.3.3.3")]
    const both = translate([mesh({ mtls }), labelled, ...others, union, ...gates, instance("one", "10.0.0.1"), caller([ref])])
    expect(both.names("clusters")).toEqual(["default_kv___mzsvc_15050"])
    const [assignment] = both.rendered.endpoints
    expect(assignment).toMatchObject({
      endpoints: [{ locality: { zone: "zone-1" } }, { locality: { zone: "zone-2" }, priority: 1 }]
    })
    expect(JSON.stringify(both.rendered.clusters)).toContain("spiffe://default/kv-there")
    expect(JSON.stringify(both.rendered.clusters)).toContain("spiffe://default/kv\"")
    expect(JSON.stringify(assignment)).not.toContain("3.3.3.3")
    const away = translate([mesh({ mtls }), labelled, ...others, union, ...gates, caller([ref])])
    // Envoy counts from 0.
    expect(JSON.stringify(away.rendered.endpoints)).not.toContain("priority")
    expect(JSON.stringify(away.rendered.endpoints)).toContain("2.2.2.2")
  })
})

describe("outbounds that are bound", () => {
  const bound = { bindOutbounds: true }
  const other = { ...kv(), name: "other" }
  const given = [address("127.4.0.1", "MeshService", "kv"), address("127.4.0.2", "MeshService", "other")]

  it("are those of all destinations, on their addresses", () => {
    const all = [mesh({}), kv(), other, ...given, caller([])]
    expect(translate(all, bound).names("listeners")).toEqual(["outbound:127.4.0.1:15050", "outbound:127.4.0.2:15050"])
    expect(translate(all).names("listeners")).toEqual([])
  })

  it("are those that the Dataplane may reach", () => {
    const only = (refs: ReadonlyArray<unknown>) => caller([], { reachableBackends: { refs } })
    const of = (refs: ReadonlyArray<unknown>) => translate([mesh({}), kv(), other, ...given, only(refs)], bound).names("listeners")
    expect(of([{ kind: "MeshService", name: "kv" }])).toEqual(["outbound:127.4.0.1:15050"])
    expect(of([{ kind: "MeshService", name: "kv", port: 15_050 }])).toEqual(["outbound:127.4.0.1:15050"])
    expect(of([])).toEqual([])
    expect(translate([mesh({ meshServices: { mode: "ReachableBackends" } }), kv(), ...given, caller([])], bound)
      .names("listeners")).toEqual([])
  })

  it("aren't those whose port or name isn't there, which is told", () => {
    const reaching = (...refs: ReadonlyArray<unknown>) =>
      translate([mesh({}), kv(), other, ...given, caller([], { reachableBackends: { refs } })], bound)
    const unknownPort = reaching({ kind: "MeshService", name: "kv", port: 1 })
    expect(unknownPort.names("listeners")).toEqual([])
    expect(unknownPort.conditions).toMatchObject([{
      reason: "BackendPortMissing",
      message: "reachableBackends names the port 1 of the MeshService \"kv\", which has 15050"
    }])
    const byLabels = reaching({ kind: "MeshService", labels: {}, name: "nobody" }, { kind: "MeshService", labels: { a: "b" } })
    expect(byLabels.names("listeners")).toEqual([])
    expect(byLabels.conditions.map(({ reason }) => reason)).toEqual(["BackendMissing"])
  })

  it("leave out addresses that no host has, and say which setting gives others", () => {
    const { conditions, names } = translate([mesh({}), kv(), address("241.0.0.1", "MeshService", "kv"), caller([])], bound)
    expect(names("listeners")).toEqual([])
    expect(conditions).toMatchObject([
      { reason: "AddressUnbindable", message: expect.stringContaining("KUMA_IPAM_MESH_SERVICE_CIDR") }
    ])
  })

  it("are on the older address where a service was given two, and on none that was taken back", () => {
    const two = { ...address("127.4.0.9", "MeshService", "kv"), creationTime: "2020-01-01" }
    expect(translate([mesh({}), kv(), ...given, two, caller([])], bound).names("listeners"))
      .toEqual(["outbound:127.4.0.9:15050"])
    const released = { ...two, spec: { ...two.spec, releasedAt: "2026-01-01T00:00:00Z" } }
    expect(translate([mesh({}), kv(), released, caller([])], bound).names("listeners")).toEqual([])
  })
})

describe("an external service", () => {
  const ref: Outbound = { port: 1, backendRef: { kind: "MeshExternalService", name: "api" } }
  const match = { type: "HostnameGenerator", port: 443, protocol: "http" } as const
  const tls = (verification: NonNullable<SpecByType["MeshExternalService"]["tls"]>["verification"]) => ({
    enabled: true, allowRenegotiation: false, ...(verification === undefined ? {} : { verification })
  })

  it("by a hostname is looked up, told its own name, and must prove it", () => {
    const data = Buffer.from(CERTIFICATE).toString("base64")
    const secret = resource("Secret", "default", "its-ca", { data })
    const service = external("api", {
      match,
      endpoints: [{ address: "api.example.com", port: 8_443 }, { address: "10.9.9.9", port: 8_444, priority: 3 }],
      tls: tls({ mode: "Secured", caCert: { secret: "its-ca" }, subjectAltNames: [{ type: "Prefix", value: "api." }] })
    })
    const { rendered, names, conditions } = translate([mesh({}), secret, service, caller([ref])])
    expect(conditions).toEqual([])
    expect(names("clusters")).toEqual(["default_api__zone-1_extsvc_443"])
    expect(rendered.clusters[0]).toMatchObject({
      type: "STRICT_DNS",
      loadAssignment: { endpoints: [{ locality: { subZone: "priority-0" } }, { priority: 1 }] },
      transportSocket: {
        typedConfig: {
          sni: "api.example.com",
          commonTlsContext: {
            validationContext: {
              trustedCa: { inlineBytes: data },
              matchTypedSubjectAltNames: expect.arrayContaining([
                { sanType: "DNS", matcher: { exact: "api.example.com" } }, { sanType: "DNS", matcher: { prefix: "api." } }
              ])
            }
          }
        }
      }
    })
    expect(JSON.stringify(rendered.listeners)).toContain("\"autoHostRewrite\":true")
    expect(rendered.endpoints).toEqual([])
  })

  it("is called by nobody while its Secret isn't there, and again once it is", () => {
    const service = external("api", {
      match, endpoints: [{ address: "10.9.9.9", port: 8_443 }], tls: tls({ mode: "Secured", caCert: { secret: "its-ca" } })
    })
    const { conditions, names } = translate([mesh({}), service, caller([ref])])
    expect(names("clusters")).toEqual([])
    expect(conditions).toMatchObject([
      { reason: "ExternalUnreadable", message: expect.stringContaining("names the Secret \"its-ca\"") }
    ])
  })

  it.each([
    ["SkipCA", false, false],
    ["SkipAll", false, false],
    ["SkipSAN", true, false],
    ["Secured", true, true]
  ] as const)("with the mode %s checks CA: %s, names: %s", (mode, ca, names) => {
    const service = external("api", { match, endpoints: [{ address: "a.example.com", port: 1 }], tls: tls({ mode }) })
    const text = JSON.stringify(translate([mesh({}), service, caller([ref])], { systemCaPath: "/ca.pem" }).rendered.clusters)
    expect(text.includes("\"filename\":\"/ca.pem\"")).toBe(ca)
    expect(text.includes("matchTypedSubjectAltNames")).toBe(names)
  })

  it("has its caller's certificate printed, and never the key to it", () => {
    const service = external("api", {
      match,
      endpoints: [{ address: "10.9.9.9", port: 1 }],
      tls: tls({ mode: "SkipCA", clientCert: { inlineString: CERTIFICATE }, clientKey: { inlineString: KEY } })
    })
    const text = JSON.stringify(translate([mesh({}), service, caller([ref])]).rendered)
    expect(text).toContain(Buffer.from(CERTIFICATE).toString("base64"))
    expect(text).not.toContain(Buffer.from(KEY).toString("base64"))
  })

  it("isn't called past the zone egress that its mesh asks for", () => {
    const service = external("api", { match, endpoints: [{ address: "10.9.9.9", port: 1 }] })
    const { conditions, names } = translate([mesh({ routing: { zoneEgress: true } }), service, caller([ref])])
    expect(names("listeners")).toEqual([])
    expect(conditions).toMatchObject([{ reason: "ZoneEgressUnsupported" }])
  })

  it("of the older type is called by its tag, each of several with its own TLS", () => {
    const older = (name: string, host: string, enabled: boolean) => resource("ExternalService", "default", name, {
      tags: { "kuma.io/service": "api", "kuma.io/protocol": "http" },
      networking: { address: `${host}:443`, tls: { enabled } }
    })
    const byTag: Outbound = { port: 1, tags: { "kuma.io/service": "api" } }
    const { names, rendered } = translate([mesh({ mtls }), older("one", "a.example.com", true), older("two", "10.1.1.1", false), caller([byTag])])
    expect(names("clusters")).toEqual(["api"])
    expect(rendered.clusters[0]).toMatchObject({
      type: "STRICT_DNS",
      transportSocketMatches: [{ match: { "kuma.io/external-service-name": "one" } }]
    })
  })
})

describe("what a destination is asked for by", () => {
  it("is Kuma's hash, name, port, mesh and kind", () => {
    const sni = (kind: "MeshService" | "MeshExternalService" | "MeshMultiZoneService", name: string) =>
      destinationSni({
        kind, name, core: { mesh: "default", name, namespace: "", zone: "" }, labels: {}, creationTime: "", ports: [],
        identities: [], external: null
      }, 8_080)
    expect(sni("MeshService", "backend")).toMatch(/^a[0-9a-f]{16}\.backend\.8080\.default\.ms$/)
    expect(sni("MeshExternalService", "backend")).toMatch(/\.mes$/)
    expect(sni("MeshMultiZoneService", "b".repeat(70))).toContain(`.${"b".repeat(62)}x.8080.`)
  })
})
