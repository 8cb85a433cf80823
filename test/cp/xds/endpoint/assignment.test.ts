import { describe, expect, it } from "vitest"
import type { Tags } from "../../../../src/model/Tags.ts"
import type { Endpoint, ServiceView } from "../../../../src/cp/snapshot/MeshView.ts"
import { assignment } from "../../../../src/cp/xds/endpoint/assignment.ts"
import { lbEndpoint } from "../../../../src/cp/xds/endpoint/lbEndpoint.ts"
import { serviceUse } from "../../../../src/cp/xds/endpoint/serviceUse.ts"
import { serviceClusterName } from "../../../../src/cp/xds/names.ts"
import { renderResource } from "../../../../src/cp/xds/renderSnapshot.ts"

const endpoint = (dataplane: string, zone: string | null): Endpoint => ({
  dataplane,
  address: "10.0.0.1",
  port: 80,
  zone,
  tags: { "kuma.io/service": "kv", version: "v1" }
})

const [near, far, nowhere] = [endpoint("near", "a"), endpoint("far", "b"), endpoint("nowhere", null)]

const service = (...endpoints: ReadonlyArray<Endpoint>): ServiceView => ({ name: "kv", protocol: "http", endpoints })

const kv = { clusterName: "kv", tags: { "kuma.io/service": "kv" } }

describe("an assignment", () => {
  it("is put together from endpoints that were serialised once, each for its kind of cluster", () => {
    expect(lbEndpoint(near, null)).toBe(lbEndpoint(near, null))
    expect(lbEndpoint(near, "default")).toBe(lbEndpoint(near, "default"))
    expect(lbEndpoint(near, "default")).not.toEqual(lbEndpoint(near, null))
    expect(lbEndpoint(near, "other")).not.toEqual(lbEndpoint(near, "default"))
    expect(lbEndpoint({ ...near, port: 81 }, null)).not.toEqual(lbEndpoint(near, null))
  })

  it("is the same bytes in whatever order its parts were made", () => {
    const before = assignment(service(near, far, nowhere), kv)
    assignment(service(far, near), kv)
    const copies = [near, far, nowhere].map((one) => structuredClone(one))
    expect(assignment(service(...copies), kv).bytes).toEqual(before.bytes)
  })

  it("reads as what it was made of: each zone's endpoints, those without a zone first", () => {
    const tags = { version: "v1" }
    const one = {
      endpoint: { address: { socketAddress: { address: "10.0.0.1", portValue: 80 } } },
      metadata: { filterMetadata: { "envoy.lb": tags, "envoy.transport_socket_match": tags } },
      loadBalancingWeight: 1
    }
    expect(renderResource(assignment(service(far, near, nowhere), kv))).toEqual({
      clusterName: "kv",
      endpoints: [
        { lbEndpoints: [one] },
        { locality: { zone: "a" }, lbEndpoints: [one] },
        { locality: { zone: "b" }, lbEndpoints: [one] }
      ]
    })
  })

  it("is another's nowhere, also where other tags make the same name of a cluster", () => {
    const use = (tags: Tags) => {
      const all = { "kuma.io/service": "kv", ...tags }
      const endpoints = { clusterName: serviceClusterName(all), tags: all }
      return serviceUse({ mesh: "default", service: "kv", endpoints })
    }
    const [one, other] = [{ a: "bc" }, { ab: "c" }]
    const services = new Map([["kv", service(
      { ...near, address: "10.0.0.2", tags: { "kuma.io/service": "kv", ...one } },
      { ...far, address: "10.0.0.3", tags: { "kuma.io/service": "kv", ...other } }
    )]])
    const [first, second] = [use(one), use(other)].map((of) => of.assignment(services))
    expect(first?.name).toBe(second?.name)
    expect(JSON.stringify(renderResource(first!))).toContain("10.0.0.2")
    expect(JSON.stringify(renderResource(second!))).toContain("10.0.0.3")
  })

  it("is built once for a service as it is", () => {
    const use = serviceUse({ mesh: "default", service: "kv", endpoints: kv })
    const services = new Map([["kv", service(near, far)]])
    const before = use.assignment(services)
    expect(use.assignment(new Map(services))).toBe(before)
    services.set("kv", service(near))
    expect(use.assignment(services).version).not.toBe(before.version)
  })
})
