import { describe, expect, it } from "vitest"
import { isEmpty } from "../../../src/cp/snapshot/Impact.ts"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import type { Resource, SpecByType } from "../../../src/model/Resource.ts"
import { CERTIFICATE } from "./pems.ts"
import { created, dataplane, mesh, resource } from "./resources.ts"

const LOCAL = { "kuma.io/origin": "zone", "kuma.io/zone": "zone-1", "kuma.io/display-name": "kv" }

const kv = (labels: Readonly<Record<string, string>> = LOCAL, tag = "kv"): Resource<"MeshService"> =>
  resource("MeshService", "default", "kv", {
    state: "Unavailable",
    selector: { dataplaneTags: { "kuma.io/service": tag } },
    ports: [{ port: 8_080, targetPort: 8_080, appProtocol: "http" }]
  }, labels)

const union = resource("MeshMultiZoneService", "default", "all", {
  selector: { meshService: { matchLabels: { "kuma.io/display-name": "kv" } } },
  ports: [{ port: 8_080, appProtocol: "http" }]
})

const instance = (name: string, ready = true) => dataplane(name, `10.0.0.${name}`, [{ service: "kv", ready }])

const setUp = (...resources: ReadonlyArray<Resource>) => {
  const views = new MeshViews()
  views.apply([mesh(), ...resources].map(created))
  const view = views.view("default")
  if (view === undefined) throw new Error("there is no such mesh")
  return {
    view,
    put: (...changed: ReadonlyArray<Resource>) => views.apply(changed.map(created)),
    remove: (gone: Resource) => views.apply([{ key: gone, before: gone, after: undefined }])
  }
}

const changedServices = ({ services }: { readonly services: ReadonlyArray<{ readonly name: string }> }) =>
  services.map(({ name }) => name).sort()

describe("destinations", () => {
  it("have the very endpoints that their tag has", () => {
    const { view } = setUp(kv(), instance("1"), instance("2"))
    const [byTag, byRef] = [view.services.get("kv")?.endpoints, view.services.get("MeshService/kv/8080")?.endpoints]
    expect(byRef).toHaveLength(2)
    byRef?.forEach((endpoint, at) => expect(endpoint).toBe(byTag?.[at]))
  })

  it("are the same whichever comes first", () => {
    const { put, view } = setUp(instance("1"))
    put(kv())
    expect(view.services.get("MeshService/kv/8080")?.endpoints[0]).toBe(view.services.get("kv")?.endpoints[0])
  })

  it("hear of an endpoint as of endpoints alone, with those that are made of them", () => {
    const { put } = setUp(kv(), union, instance("1"))
    const impact = put(instance("2"))
    expect(changedServices(impact)).toEqual(["MeshMultiZoneService/all/8080", "MeshService/kv/8080", "kv"])
    expect(impact.destinations).toEqual([])
  })

  it("hear of nothing that isn't said of them", () => {
    const { put } = setUp(kv(), union, instance("1"))
    expect(isEmpty(put(kv({ ...LOCAL, "kuma.io/deletion-grace-period-started-at": "2026-01-01T00:00:00Z" })))).toBe(true)
    expect(isEmpty(put(resource("HostnameGenerator", "", "g", { selector: { meshService: {} }, template: "x" })))).toBe(true)
    expect(isEmpty(put(resource("DataplaneInsight", "default", "1", { subscriptions: [] })))).toBe(true)
  })

  it("lose what no longer belongs to them", () => {
    const { put, remove, view } = setUp(kv(), union, instance("1"))
    put(kv({ ...LOCAL, "kuma.io/display-name": "another" }))
    expect(view.services.get("MeshMultiZoneService/all/8080")?.endpoints).toEqual([])
    put(kv(LOCAL, "nothing"))
    expect(view.services.get("MeshService/kv/8080")?.endpoints).toEqual([])
    remove(kv())
    expect(view.destinations.has("MeshService/kv")).toBe(false)
    expect(view.services.has("MeshService/kv/8080")).toBe(false)
  })

  it("are others where the Secret is that they name, and no others are", () => {
    const external = (name: string, secret: string) => resource("MeshExternalService", "default", name, {
      match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
      endpoints: [{ address: "1.1.1.1", port: 443 }],
      tls: { enabled: true, allowRenegotiation: false, verification: { mode: "Secured", caCert: { secret } } }
    })
    const older = resource("ExternalService", "default", "old", {
      tags: { "kuma.io/service": "old" },
      networking: { address: "a.b:1", tls: { enabled: true, caCert: { secret: "mine" } } }
    } satisfies SpecByType["ExternalService"])
    const { put, view } = setUp(external("one", "mine"), external("two", "theirs"), older)
    expect(view.destinations.get("MeshExternalService/one")?.external?.problem).toContain("\"mine\"")
    const pem = CERTIFICATE
    const data = Buffer.from(pem).toString("base64")
    const { destinations } = put(resource("Secret", "default", "mine", { data }))
    expect(destinations.map(({ key }) => key).sort()).toEqual(["ExternalService/old", "MeshExternalService/one"])
    expect(view.destinations.get("MeshExternalService/one")?.external).toMatchObject({
      problem: null, tls: { trust: { _tag: "Pem", pem } }
    })
  })

  it("give an instance that is to stop traffic only where there is no other", () => {
    const stopping = { ...instance("1", false), labels: { "ecs-mesh.io/last-resort": "true" } }
    const { put, view } = setUp(kv(), stopping)
    expect(view.services.get("MeshService/kv/8080")?.endpoints.map((one) => one.dataplane)).toEqual(["1"])
    put(instance("2"))
    expect(view.services.get("MeshService/kv/8080")?.endpoints.map((one) => one.dataplane)).toEqual(["2"])
  })

  it("of several zones give one that is to stop traffic only where none of them has another", () => {
    const another = resource("MeshService", "default", "kv-2", {
      state: "Unavailable",
      selector: { dataplaneTags: { "kuma.io/service": "kv-2" } },
      ports: [{ port: 8_080, targetPort: 8_080, appProtocol: "http" }]
    }, LOCAL)
    const elsewhere = resource("MeshService", "default", "kv-3", {
      state: "Available", selector: {}, ports: [{ port: 8_080, targetPort: 8_080, appProtocol: "http" }]
    }, { ...LOCAL, "kuma.io/origin": "global", "kuma.io/zone": "zone-2" })
    const gate = resource("ZoneIngress", "", "gate", {
      zone: "zone-2", networking: { address: "10.9.0.1", port: 10_001, advertisedAddress: "1.2.3.4", advertisedPort: 10_001 }
    })
    const stopping = { ...instance("1", false), labels: { "ecs-mesh.io/last-resort": "true" } }
    const other = dataplane("2", "10.0.0.2", [{ service: "kv-2" }])
    const { put, remove, view } = setUp(kv(), another, union, stopping)
    const used = () => view.services.get("MeshMultiZoneService/all/8080")?.endpoints.map((one) => one.dataplane)
    expect(used()).toEqual(["1"])
    put(other)
    expect(used()).toEqual(["2"])
    remove(other)
    expect(used()).toEqual(["1"])
    put(elsewhere, gate)
    expect(used()).toEqual(["gate"])
  })
})
