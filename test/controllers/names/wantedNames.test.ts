import { describe, expect, it } from "vitest"
import { hostedZonesOf, wantedNames } from "../../../src/controllers/names/wantedNames.ts"
import type { Resource, ResourceType, SpecByType } from "../../../src/model/Resource.ts"

const resource = <T extends ResourceType>(
  type: T, mesh: string, name: string, spec: SpecByType[T], creationTime = "2026-01-01"
): Resource<T> => ({
  type, mesh, name, spec, creationTime, modificationTime: creationTime, version: 1, labels: { "kuma.io/origin": "zone" }
})

const service = (mesh: string, name: string, creationTime?: string) =>
  resource("MeshService", mesh, name, { state: "Unavailable", selector: {}, ports: [] }, creationTime)

const generator = (name: string, template: string, extension?: SpecByType["HostnameGenerator"]["extension"]) =>
  resource("HostnameGenerator", "", name, {
    selector: { meshService: {} }, template, ...(extension === undefined ? {} : { extension })
  })

const address = (ip: string, mesh: string, name: string, more: Partial<SpecByType["ServiceAddress"]> = {}) =>
  resource("ServiceAddress", "", ip, { kind: "MeshService", mesh, service: name, ...more })

const wanted = (
  generators: ReadonlyArray<Resource<"HostnameGenerator">>,
  services: ReadonlyArray<Resource<"MeshService">>,
  addresses: ReadonlyArray<Resource<"ServiceAddress">>
) => {
  const { doubled, places } = wantedNames(
    { generators, addresses, services: { MeshService: services, MeshExternalService: [], MeshMultiZoneService: [] } },
    "zone-1",
    hostedZonesOf("zone-1", "OWN", new Set(["Z1", "ALL"]))
  )
  return { doubled, places: Object.fromEntries([...places].map(([place, names]) => [place, Object.fromEntries(names)])) }
}

const route53 = { type: "Route53" }

describe("hostnames that are wanted", () => {
  it("are those of generators with the extension, for services with an address", () => {
    expect(wanted(
      [generator("a", "{{ .Name }}.local", route53), generator("b", "{{ .Name }}.unkept")],
      [service("default", "kv"), service("default", "new")],
      [address("127.4.0.1", "default", "kv"), address("127.4.0.9", "default", "kv", { releasedAt: "2026-01-01" })]
    )).toEqual({ doubled: [], places: { OWN: { "kv.local": "127.4.0.1" } } })
  })

  it("are kept in the hosted zones that are listed for this zone or for all", () => {
    const config = { hostedZones: [
      { name: "zone-1", hostedZoneId: "Z1" }, { name: "zone-2", hostedZoneId: "Z2" }, { hostedZoneId: "ALL" }
    ] }
    expect(wanted([generator("a", "{{ .Name }}.local", { ...route53, config })], [service("default", "kv")], [
      address("127.4.0.1", "default", "kv")
    ]).places).toEqual({ Z1: { "kv.local": "127.4.0.1" }, ALL: { "kv.local": "127.4.0.1" } })
  })

  it("are kept in no hosted zone but those that the control plane may touch, and its own", () => {
    const named = (config: unknown) => hostedZonesOf("zone-1", "OWN", new Set(["Z1"]))({
      selector: {}, template: "x", extension: { ...route53, config }
    })
    const three = ["Z1", "Z9", "/hostedzone/OWN"].map((hostedZoneId) => ({ hostedZoneId }))
    expect(named({ hostedZones: three })).toEqual({ places: ["Z1", "OWN"], refused: ["Z9"] })
    // As Kong Mesh had it first.
    expect(named({ hostedZoneId: "Z1" })).toEqual({ places: ["Z1"], refused: [] })
    expect(named({ hostedZones: [{ name: "zone-2", hostedZoneId: "Z9" }] })).toEqual({ places: [], refused: [] })
  })

  it("are those of services of several zones, as if they came from a global control plane", () => {
    const union = resource("MeshMultiZoneService", "default", "kv", { selector: { meshService: {} }, ports: [] })
    const global = resource("HostnameGenerator", "", "g", {
      selector: { meshMultiZoneService: { matchLabels: { "kuma.io/origin": "global" } } },
      template: "{{ .DisplayName }}.mzms.mesh.local",
      extension: route53
    })
    const { places } = wantedNames({
      generators: [global],
      addresses: [address("127.2.0.1", "default", "kv", { kind: "MeshMultiZoneService" })],
      services: { MeshService: [], MeshExternalService: [], MeshMultiZoneService: [{ ...union, labels: {} }] }
    }, "zone-1", hostedZonesOf("zone-1", "OWN", new Set(["Z1", "ALL"])))
    expect([...places.get("OWN") ?? []]).toEqual([["kv.mzms.mesh.local", "127.2.0.1"]])
  })

  it("lead to the oldest of several services that have them", () => {
    expect(wanted([generator("a", "{{ .Name }}.local", route53)], [service("a", "kv", "2026-02-01"), service("b", "kv")], [
      address("127.4.0.1", "a", "kv"), address("127.4.0.2", "b", "kv")
    ])).toEqual({ doubled: ["kv.local"], places: { OWN: { "kv.local": "127.4.0.2" } } })
  })

  it("lead to the oldest also where services of several kinds have them", () => {
    const january = resource("MeshExternalService", "default", "bank", {
      match: { type: "HostnameGenerator", port: 80, protocol: "tcp" }
    }, "2026-01-01")
    const two: ReadonlyArray<Resource<"HostnameGenerator">> = [
      generator("a", "{{ .Name }}.mesh.local", route53),
      resource("HostnameGenerator", "", "b", {
        selector: { meshExternalService: {} }, template: "{{ .Name }}.mesh.local", extension: route53
      })
    ]
    const ledTo = (june: string) => {
      const { doubled, places } = wantedNames({
        generators: two,
        addresses: [
          address("127.4.0.1", "default", "bank"),
          address("127.3.0.1", "default", "bank", { kind: "MeshExternalService" })
        ],
        services: {
          MeshService: [service("default", "bank", june)], MeshExternalService: [january], MeshMultiZoneService: []
        }
      }, "zone-1", hostedZonesOf("zone-1", "OWN", new Set()))
      expect(doubled).toEqual(["bank.mesh.local"])
      return places.get("OWN")?.get("bank.mesh.local")
    }
    expect(ledTo("2026-06-01")).toBe("127.3.0.1")
    expect(ledTo("2025-06-01")).toBe("127.4.0.1")
    // Of one moment, by kind.
    expect(ledTo("2026-01-01")).toBe("127.3.0.1")
  })
})
