import { describe, expect, it } from "vitest"
import { globalInsight } from "../../../src/cp/inspect/globalInsight.ts"
import { insightTimes } from "../../../src/cp/inspect/insightTimes.ts"
import type { Resources } from "../../../src/cp/inspect/Inspector.ts"
import { encodeMeshInsight, meshInsight } from "../../../src/cp/inspect/meshInsight.ts"
import { proxyStatus } from "../../../src/cp/inspect/proxyStatus.ts"
import { encodeServiceInsight, serviceInsights } from "../../../src/cp/inspect/serviceInsights.ts"
import type { Mesh } from "../../../src/model/Mesh.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { AT, inbound, indexOf, insight, kept, proxy } from "./meshOf.ts"

const mesh = (spec: Mesh = {}): Resource<"Mesh"> => kept("Mesh", "default", spec, { mesh: "" })
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe("a proxy's status", () => {
  const connected = insight("kv").spec
  it("is offline without a stream, however ready its inbounds are", () => {
    expect(proxyStatus(proxy("kv", inbound("kv")), undefined)).toBe("offline")
    expect(proxyStatus(proxy("kv", inbound("kv")), insight("kv", { connected: false }).spec)).toBe("offline")
  })

  it("is what its inbounds are while it has one", () => {
    const notReady = inbound("kv", { state: "NotReady" })
    const unhealthy = inbound("kv", { health: { ready: false } })
    expect(proxyStatus(proxy("kv", inbound("kv")), connected)).toBe("online")
    expect(proxyStatus(proxy("kv", inbound("kv"), notReady), connected)).toBe("partiallyDegraded")
    expect(proxyStatus(proxy("kv", inbound("kv"), unhealthy), connected)).toBe("partiallyDegraded")
    expect(proxyStatus(proxy("kv", unhealthy), connected)).toBe("offline")
    expect(proxyStatus(proxy("kv"), connected)).toBe("offline")
  })

  it("of a gateway is its stream's alone", () => {
    const gateway = kept("Dataplane", "gw", { networking: { gateway: { tags: { "kuma.io/service": "gw" } } } })
    expect(proxyStatus(gateway, connected)).toBe("online")
    expect(proxyStatus(gateway, undefined)).toBe("offline")
  })
})

const resources = indexOf([
  mesh(),
  proxy("kv-1", inbound("kv"), inbound("kv", { state: "NotReady", port: 8081 })),
  proxy("kv-2", inbound("kv")),
  proxy("web-1", inbound("web")),
  proxy("ghost", inbound("nothing", { state: "Ignored" })),
  kept("Dataplane", "gw-1", { networking: { gateway: { tags: { "kuma.io/service": "gw" } } } }),
  insight("kv-1", { backend: "ca-1" }),
  insight("kv-2", { backend: "ca-1" }),
  insight("web-1", { connected: false, version: "2.13.0" }),
  kept("OutboundPort", "kv", { port: 20001 }),
  kept("ExternalService", "pay-1", {
    tags: { "kuma.io/service": "pay" }, networking: { address: "pay.example:443" }
  }),
  kept("MeshTimeout", "t", { targetRef: { kind: "Mesh" } }),
  kept("Secret", "s", { data: "" }),
  kept("ZoneIngressInsight", "zi", insight("zi").spec, { mesh: "" }),
  kept("ZoneEgressInsight", "ze", insight("ze", { connected: false }).spec, { mesh: "" })
])

describe("a mesh's insight", () => {
  const times = insightTimes(resources, mesh())
  const body = plain(encodeMeshInsight(meshInsight(resources, mesh()), times))

  it("counts proxies by state, kind, version and certificate, and leaves out what is 0", () => {
    expect(body).toMatchObject({
      type: "MeshInsight",
      name: "default",
      dataplanes: { total: 5, online: 1, offline: 3, partiallyDegraded: 1 },
      dataplanesByType: {
        standard: { total: 4, online: 1, offline: 2, partiallyDegraded: 1 },
        gateway: { total: 1, offline: 1 }, gatewayBuiltin: {}, gatewayDelegated: { total: 1, offline: 1 }
      },
      dpVersions: {
        kumaDp: {
          "2.13.0": { total: 1, offline: 1 },
          "2.14.3": { total: 2, online: 1, partiallyDegraded: 1 },
          unknown: { total: 2, offline: 2 }
        },
        envoy: { "1.40.0": { total: 3 }, unknown: { total: 2 } }
      },
      mTLS: {
        issuedBackends: { "ca-1": { total: 2, online: 1, partiallyDegraded: 1 } },
        supportedBackends: { "ca-1": { total: 2 } }
      }
    })
    expect(body).toHaveProperty("dataplanesByType.gatewayBuiltin", {})
  })

  it("counts what the mesh holds, but for insights and what only this control plane has", () => {
    expect(body).toMatchObject({
      policies: { MeshTimeout: { total: 1 } },
      resources: {
        Dataplane: { total: 5 }, ExternalService: { total: 1 }, MeshTimeout: { total: 1 }, Secret: { total: 1 }
      },
      services: { total: 4, internal: 3, external: 1 }
    })
    expect(JSON.stringify(body)).not.toMatch(/OutboundPort|DataplaneInsight/)
  })

  it("is as old as its mesh, and changed when the newest of what it is made of did", () => {
    expect(times).toEqual({ creationTime: AT, modificationTime: "2026-01-02T00:00:00.000Z" })
  })

  it("counts no services where MeshServices are all that counts", () => {
    const exclusive = mesh({ meshServices: { mode: "Exclusive" } })
    expect(encodeMeshInsight(meshInsight(resources, exclusive), times)).not.toHaveProperty("services")
    expect(serviceInsights(resources, exclusive).map(({ name }) => name)).toEqual(["gw"])
  })
})

describe("a service's insight", () => {
  const services = serviceInsights(resources, mesh())
  const of = (name: string) => {
    const found = services.find((one) => one.name === name)
    return found === undefined ? undefined : plain(encodeServiceInsight(found, {}))
  }

  it("says how many of its proxies are wholly there, where it is called, and with whose certificates", () => {
    expect(services.map(({ name }) => name)).toEqual(["gw", "kv", "pay", "web"])
    expect(of("kv")).toEqual({
      type: "ServiceInsight", mesh: "default", name: "kv", status: "partially_degraded",
      dataplanes: { total: 3, online: 1, offline: 2 }, issuedBackends: { "ca-1": 3 },
      addressPort: "127.0.0.1:20001", zones: ["zone-1"]
    })
    expect(of("web")).toMatchObject({ status: "offline", dataplanes: { total: 1, offline: 1 } })
    expect(of("web")).not.toHaveProperty("addressPort")
  })

  it("of something outside says no more than where it is", () => {
    expect(of("pay")).toEqual({
      type: "ServiceInsight", mesh: "default", name: "pay", status: "not_available", dataplanes: {},
      serviceType: "external", addressPort: "pay.example:443"
    })
    expect(of("gw")).toMatchObject({ serviceType: "gateway_delegated", status: "offline" })
  })
})

it("the insight of everything is the sum of the meshes'", () => {
  expect(plain(globalInsight(resources, AT))).toEqual({
    createdAt: AT,
    dataplanes: {
      gatewayBuiltin: { offline: 0, online: 0, partiallyDegraded: 0, total: 0 },
      gatewayDelegated: { offline: 1, online: 0, partiallyDegraded: 0, total: 1 },
      standard: { offline: 2, online: 1, partiallyDegraded: 1, total: 4 }
    },
    meshes: { total: 1 },
    policies: { total: 1 },
    resources: {
      Dataplane: { total: 5 }, ExternalService: { total: 1 }, MeshTimeout: { total: 1 }, Secret: { total: 1 }
    },
    services: {
      external: { total: 1 },
      gatewayBuiltin: { offline: 0, online: 0, partiallyDegraded: 0, total: 0 },
      gatewayDelegated: { offline: 1, online: 0, partiallyDegraded: 0, total: 1 },
      internal: { offline: 1, online: 0, partiallyDegraded: 1, total: 2 }
    },
    zones: {
      controlPlanes: { online: 0, total: 0 },
      zoneEgresses: { online: 0, total: 1 },
      zoneIngresses: { online: 1, total: 1 }
    }
  })
})

it("however many meshes there are, each type is looked through a few times for all of them", () => {
  const meshes = Array.from({ length: 50 }, (_, at) => kept("Mesh", `mesh-${at}`, {}, { mesh: "" }))
  const many = indexOf([...meshes, ...meshes.map(({ name }) => ({ ...proxy("kv", inbound("kv")), mesh: name }))])
  const looks = new Map<string, number>()
  const counting: Resources = {
    get: (key) => many.get(key),
    list: (type, inMesh) => {
      looks.set(type, (looks.get(type) ?? 0) + 1)
      return many.list(type, inMesh)
    }
  }
  expect(globalInsight(counting, AT)).toMatchObject({ meshes: { total: 50 }, dataplanes: { standard: { total: 50 } } })
  expect(Math.max(...looks.values())).toBeLessThanOrEqual(2)
})
