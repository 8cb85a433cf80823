import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { encodeServed } from "../../../src/cp/api/encodeServed.ts"
import { findRoute } from "../../../src/cp/api/Route.ts"
import { parseRange } from "../../../src/cp/services/AddressRange.ts"
import { ServiceStatuses } from "../../../src/cp/services/ServiceStatuses.ts"
import { StatusReader } from "../../../src/cp/services/StatusReader.ts"
import { ResourceIndex } from "../../../src/cp/snapshot/ResourceIndex.ts"
import type { Resource, SpecByType } from "../../../src/model/Resource.ts"
import { dataplane, mesh, resource } from "../snapshot/resources.ts"

const LOCAL = { "kuma.io/origin": "zone", "kuma.io/zone": "zone-1" }

const kv = (name = "kv", selector: SpecByType["MeshService"]["selector"] = { dataplaneTags: { "kuma.io/service": "kv" } }) =>
  resource("MeshService", "default", name, {
    state: "Unavailable", selector, ports: [{ name: "main", port: 80, targetPort: 8_080, appProtocol: "http" }]
  }, LOCAL)

const generator = (name: string, template: string, creationTime = "2026-01-01", labels = LOCAL): Resource<"HostnameGenerator"> => ({
  ...resource("HostnameGenerator", "", name, { selector: { meshService: { matchLabels: {} } }, template }, labels),
  creationTime
})

const insight = (name: string, online: boolean, issued: boolean) =>
  resource("DataplaneInsight", "default", name, {
    subscriptions: [{
      id: "1", controlPlaneInstanceId: "1", connectTime: "2026-01-01T00:00:00Z",
      ...(online ? {} : { disconnectTime: "2026-01-01T00:00:01Z" }),
      status: { total: {}, cds: {}, eds: {}, lds: {}, rds: {} }
    }],
    ...(issued
      ? { mTLS: { certificateExpirationTime: "", lastCertificateRegeneration: "", certificateRegenerations: 1, issuedBackend: "ca-1" } }
      : {})
  })

const address = (ip: string, service: string, kind: SpecByType["ServiceAddress"]["kind"] = "MeshService") =>
  resource("ServiceAddress", "", ip, { kind, mesh: "default", service })

const small = parseRange("127.3.0.0/30")
const ranges = small === undefined ? null : { MeshService: small, MeshExternalService: small, MeshMultiZoneService: small }

const statusesOf = (...resources: ReadonlyArray<Resource>) => {
  const index = new ResourceIndex()
  index.replaceAll([mesh(), ...resources])
  return new ServiceStatuses({ list: (type, inMesh) => index.list(type, inMesh) }, { zone: "zone-1", ranges })
}

describe("what is known of a MeshService", () => {
  const instances = [
    dataplane("a", "10.0.0.1", [{ service: "kv" }]),
    dataplane("b", "10.0.0.2", [{ service: "kv", ready: false }]),
    dataplane("c", "10.0.0.3", [{ service: "other" }])
  ]

  it("is who stands for it, who of them is well and connected, and whose certificate it is", () => {
    const { spec, status } = statusesOf(
      ...instances, insight("a", true, true), insight("b", false, false), insight("c", true, true),
      address("127.4.0.1", "kv"), generator("names", "{{ .DisplayName }}.svc.mesh.local")
    ).of(kv())
    expect(spec).toMatchObject({ state: "Available", identities: [{ type: "ServiceTag", value: "kv" }] })
    const hostnameGeneratorRef = { coreName: "names" }
    // The generator finds what it is about in the resources: the service isn't among them here.
    expect(status).toEqual({
      vips: [{ ip: "127.4.0.1" }],
      tls: { status: "NotReady" },
      dataplaneProxies: { connected: 1, healthy: 1, total: 2 }
    })
    const named = statusesOf(kv(), generator("names", "{{ .DisplayName }}.svc.mesh.local")).of(kv()).status
    expect(named).toMatchObject({
      addresses: [{ hostname: "kv.svc.mesh.local", origin: "HostnameGenerator", hostnameGeneratorRef }],
      hostnameGenerators: [{
        hostnameGeneratorRef,
        conditions: [{ type: "Generated", status: "True", reason: "Generated", message: "" }]
      }]
    })
  })

  it("says Ready once all of them have certificates, and never without mTLS", () => {
    const all = [...instances, insight("a", true, true), insight("b", true, true)]
    expect(statusesOf(...all).of(kv()).status).toMatchObject({ tls: { status: "Ready" } })
    const open = resource("Mesh", "", "default", {})
    expect(statusesOf(...all, open).of(kv()).status).toMatchObject({ tls: { status: "NotReady" } })
  })

  it("is nobody and nothing where nobody stands for it", () => {
    expect(statusesOf().of(kv("kv", {}))).toEqual({
      spec: kv("kv", {}).spec, status: { tls: { status: "Ready" }, dataplaneProxies: {} }
    })
  })

  it.each([
    [{ dataplaneRef: { name: "a" } }, ["a"]],
    [{ dataplaneTags: { "kuma.io/service": "*" } }, ["a", "b", "c"]],
    [{ dataplaneTags: { "kuma.io/protocol": "http", "kuma.io/service": "other" } }, ["c"]],
    [{ dataplaneLabels: { matchLabels: { team: "blue" } } }, []]
  ])("has the Dataplanes that %j selects", (selector, names) => {
    expect(statusesOf(...instances).dataplanes(kv("kv", selector)).map(({ name }) => name)).toEqual(names)
  })

  it("says that no address is free", () => {
    const full = [address("127.3.0.1", "one"), address("127.3.0.2", "two")]
    expect(statusesOf(...full).of(kv()).status).toMatchObject({
      conditions: [{ type: "VipAllocated", status: "False", reason: "Exhausted", message: expect.stringContaining("127.3.0.0/30") }]
    })
    expect(statusesOf(full[0] ?? mesh()).of(kv()).status).not.toHaveProperty("conditions")
  })
})

describe("hostnames", () => {
  const [first, second] = [kv("first"), { ...kv("second"), creationTime: "2026-06-01" }]
  const hostnames = (...resources: ReadonlyArray<Resource>) => (service: Resource<"MeshService">) =>
    statusesOf(first, second, ...resources).hostnames("MeshService", service)

  it("are the older service's where two have the same, and the other is told of it", () => {
    const of = hostnames(generator("g", "same.local"))
    expect(of(first).addresses.map(({ hostname }) => hostname)).toEqual(["same.local"])
    expect(of(second)).toMatchObject({
      addresses: [],
      hostnameGenerators: [{ conditions: [{ reason: "Collision", message: expect.stringContaining("first") }] }]
    })
  })

  it("are the oldest service's where some of several kinds or meshes have one that is kept", () => {
    const extension = { type: "Route53" }
    const spec = (selector: SpecByType["HostnameGenerator"]["selector"], template = "{{ .Name }}.mesh.local") =>
      resource("HostnameGenerator", "", JSON.stringify(selector).slice(2, 12), { selector, template, extension }, LOCAL)
    const bank = resource("MeshExternalService", "default", "bank", {
      match: { type: "HostnameGenerator", port: 80, protocol: "tcp" }
    })
    const june = { ...kv("bank"), creationTime: "2026-06-01" }
    const away = { ...june, mesh: "other", creationTime: "2026-07-01" }
    const resources = [
      bank, june, away, spec({ meshService: {} }), spec({ meshExternalService: {} }),
      address("127.3.0.1", "bank", "MeshExternalService"), address("127.4.0.1", "bank")
    ]
    const kept = statusesOf(...resources)
    expect(kept.hostnames("MeshService", june)).toMatchObject({ addresses: [{ hostname: "bank.mesh.local" }] })
    const index = new ResourceIndex()
    index.replaceAll([mesh(), ...resources])
    const inDns = new ServiceStatuses({ list: (type, inMesh) => index.list(type, inMesh) }, {
      zone: "zone-1", ranges, keptIn: (one) => one.extension === undefined ? [] : ["Z1"]
    })
    const addressesOf = (status: Readonly<Record<string, unknown>>) => status["addresses"]
    expect(addressesOf(inDns.of(bank).status)).toMatchObject([{ hostname: "bank.mesh.local" }])
    expect(addressesOf(inDns.of(june).status)).toBeUndefined()
    const collision = (message: string) => ({
      addresses: [],
      hostnameGenerators: [{ conditions: [{ type: "Generated", status: "False", reason: "Collision", message }] }]
    })
    expect(inDns.hostnames("MeshService", june))
      .toMatchObject(collision("Hostname collision with MeshExternalService: bank"))
    expect(inDns.hostnames("MeshService", away))
      .toMatchObject(collision("Hostname collision with MeshExternalService: bank of mesh default"))
  })

  it("are those of this zone's generators before others', of older ones before newer ones", () => {
    const away = generator("a", "{{ .Name }}.local", "2020-01-01", { "kuma.io/origin": "global", "kuma.io/zone": "" })
    const of = hostnames(away, generator("b", "same.local", "2026-02-01"), generator("c", "same.local", "2026-01-01"))
    expect(of(first).addresses.map(({ hostname }) => hostname)).toEqual(["first.local", "same.local", "same.local"])
  })

  it("are none where a template can't be filled, which is told", () => {
    const of = hostnames(generator("g", "{{ label \"team\" }}.local"))
    expect(of(first)).toMatchObject({ addresses: [], hostnameGenerators: [{ conditions: [{ reason: "TemplateError" }] }] })
  })

  it("are for whom the selector is about alone", () => {
    const others: Resource<"HostnameGenerator"> = {
      ...generator("g", "x.local"), spec: { selector: { meshExternalService: {} }, template: "x.local" }
    }
    const labelled: Resource<"HostnameGenerator"> = {
      ...generator("h", "x.local"), spec: { selector: { meshService: { matchLabels: { no: "1" } } }, template: "x.local" }
    }
    expect(hostnames(others, labelled)(first)).toEqual({ addresses: [], hostnameGenerators: [] })
  })
})

describe("what is known of a MeshMultiZoneService", () => {
  it("is which MeshServices it is made of", () => {
    const union = resource("MeshMultiZoneService", "default", "all", {
      selector: { meshService: { matchLabels: { "kuma.io/zone": "zone-1" } } }, ports: [{ port: 80, appProtocol: "http" }]
    })
    expect(statusesOf(kv(), union).of(union).status).toMatchObject({
      meshServices: [{ name: "kv", namespace: "", zone: "zone-1", mesh: "default" }],
      conditions: [{ type: "MeshServicesMatched", status: "True", message: "Matched 1 MeshService(s)" }]
    })
    expect(statusesOf(union).of(union).status).toMatchObject({
      conditions: [{ type: "MeshServicesMatched", status: "False", reason: "NoMatchesFound" }]
    })
  })
})

describe("what the API answers of a service", () => {
  it("has its newer SNIs and its status, in Kuma's order", () => {
    const reader = { read: () => statusesOf(kv(), address("127.4.0.1", "kv")) }
    const encode = Effect.runSync(Effect.provideService(encodeServed, StatusReader, reader))
    const answered = encode(kv())
    expect(Object.keys(answered).slice(-4)).toEqual(["kri", "snis", "spec", "status"])
    expect(answered).toMatchObject({
      snis: [{ port: 80, sni: "sni.msvc.default.zone-1.kv.main" }], status: { vips: [{ ip: "127.4.0.1" }] }
    })
    expect(encode(mesh())).not.toHaveProperty("status")
  })

  it("is found with its parts", () => {
    const found = (path: string) => findRoute(path.split("/"))
    expect(found("meshes/default/meshservices/kv/_hostnames")).toMatchObject({ _tag: "ServicePart", part: "hostnames" })
    expect(found("meshes/default/meshservices/kv/_dataplanes")).toMatchObject({ _tag: "ServicePart", part: "dataplanes" })
    expect(found("meshes/default/meshexternalservices/kv/_dataplanes")).toBeNull()
    expect(found("meshservices/kv/_hostnames")).toBeNull()
    expect(found("meshes/default/dataplanes/kv/_hostnames")).toBeNull()
  })
})
