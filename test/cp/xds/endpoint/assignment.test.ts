import { describe, expect, it } from "vitest"
import type { Endpoint, ServiceView } from "../../../../src/cp/snapshot/MeshView.ts"
import { assignment } from "../../../../src/cp/xds/endpoint/assignment.ts"
import { lbEndpoint } from "../../../../src/cp/xds/endpoint/lbEndpoint.ts"
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
})
