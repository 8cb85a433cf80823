import { describe, expect, it } from "vitest"
import { completeResource } from "../../src/model/completeResource.ts"
import type { Mesh } from "../../src/model/Mesh.ts"
import type { DesiredResource } from "../../src/model/Resource.ts"
import { tagSets, tagValues } from "../../src/model/tagSets.ts"

const dataplane = (networking: NonNullable<DesiredResource<"Dataplane">["spec"]["networking"]>) =>
  ({ type: "Dataplane", mesh: "default", name: "kv-1", labels: { team: "a" }, spec: { networking } }) as const

const completed = (networking: Parameters<typeof dataplane>[0], mesh: Mesh = {}) =>
  completeResource<DesiredResource<"Dataplane">>(dataplane(networking), "zone-1", mesh)

describe("a Dataplane", () => {
  it("gets its zone on every tag set, and labels beside its author's", () => {
    const { labels, spec } = completed({
      address: "10.0.0.1",
      inbound: [{ port: 80, tags: { "kuma.io/service": "kv", "kuma.io/zone": "elsewhere" } }, { port: 81 }]
    })
    expect(tagSets(spec)).toEqual([{ "kuma.io/service": "kv", "kuma.io/zone": "zone-1" }, { "kuma.io/zone": "zone-1" }])
    expect(labels).toEqual({
      team: "a",
      "kuma.io/mesh": "default",
      "kuma.io/origin": "zone",
      "kuma.io/zone": "zone-1",
      "kuma.io/env": "universal",
      "kuma.io/proxy-type": "sidecar"
    })
  })

  it.each([["BUILTIN", "gateway"], ["DELEGATED", "sidecar"]] as const)(
    "that is a %s gateway is of proxy type %s",
    (type, proxyType) => {
      const { labels, spec } = completed({ gateway: { type, tags: { "kuma.io/service": "edge" } } })
      expect(labels["kuma.io/proxy-type"]).toBe(proxyType)
      expect(tagSets(spec)).toEqual([{ "kuma.io/service": "edge", "kuma.io/zone": "zone-1" }])
    }
  )

  it("keeps an inbound without tags so where MeshServices are all that counts", () => {
    const inbound = [{ port: 80 }, { port: 81, tags: { "kuma.io/service": "kv" } }]
    expect(tagSets(completed({ inbound }, { meshServices: { mode: "Exclusive" } }).spec)).toEqual([
      {},
      { "kuma.io/service": "kv", "kuma.io/zone": "zone-1" }
    ])
  })

  it("with a probe takes no requests until its proxy says that it passed, unless its author says otherwise", () => {
    const { spec } = completed({
      inbound: [{ port: 80, serviceProbe: { tcp: {} } }, { port: 81, serviceProbe: { tcp: {} }, state: "Ready" }]
    })
    expect(spec.networking?.inbound).toMatchObject([{ state: "NotReady", health: {} }, { state: "Ready" }])
  })
})

describe("what isn't a Dataplane", () => {
  it.each([["ZoneIngress", "zoneingress"], ["ZoneEgress", "zoneegress"]] as const)(
    "a %s says what kind of proxy it is, and belongs to no mesh",
    (type, proxyType) => {
      const { labels } = completeResource({ type, mesh: "", name: "z", labels: {}, spec: {} }, "zone-1", {})
      expect(labels).toMatchObject({ "kuma.io/proxy-type": proxyType, "kuma.io/zone": "zone-1" })
      expect(labels).not.toHaveProperty("kuma.io/mesh")
    }
  )

  it("a Mesh gets no labels, as it is no zone's", () => {
    const mesh: DesiredResource<"Mesh"> = { type: "Mesh", mesh: "", name: "m", labels: {}, spec: {} }
    expect(completeResource(mesh, "zone-1", {})).toEqual(mesh)
  })

  it("what came from the global control plane keeps its zone and is given none", () => {
    const labels = { "kuma.io/origin": "global" }
    const policy: DesiredResource = { type: "MeshTimeout", mesh: "default", name: "t", labels, spec: {} }
    expect(completeResource(policy, "zone-1", {}).labels).toEqual({ ...labels, "kuma.io/mesh": "default" })
  })
})

it("a tag's values are those of all sets, each once", () => {
  expect(tagValues([{ a: "1", b: "1" }, { a: "2" }, { a: "1" }])).toEqual(
    new Map([["a", new Set(["1", "2"])], ["b", new Set(["1"])]])
  )
})

it("takes the mark of what a proxy brought from what somebody else writes", () => {
  const { labels } = completeResource(
    { type: "ZoneEgress", mesh: "", name: "egress", labels: { "ecs-mesh.io/brought": "true", team: "a" }, spec: {} },
    "zone-1",
    {}
  )
  expect(labels).not.toHaveProperty(["ecs-mesh.io/brought"])
  expect(labels).toMatchObject({ team: "a" })
})
