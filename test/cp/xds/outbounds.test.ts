import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { OutboundLists } from "../../../src/cp/xds/outbounds.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { created, dataplane, resource } from "../snapshot/resources.ts"

/** Reaches every service; its inbounds are on `address`, its workload behind them on port 5000. */
const everywhere = (
  name: string,
  address: string,
  ports: ReadonlyArray<number>,
  calls: ReadonlyArray<string> = []
): Resource<"Dataplane"> => ({
  ...dataplane(name, address, ports.map((port) => ({ service: name, port })), calls),
  labels: { "ecs-mesh.io/outbounds": "all", "ecs-mesh.io/outbound-address": "loopback" }
})

const portOf = (service: string, port: number): Resource<"OutboundPort"> =>
  resource("OutboundPort", "default", service, { port })

const setUp = (...resources: ReadonlyArray<Resource>) => {
  const views = new MeshViews()
  views.apply(resources.map(created))
  const lists = new OutboundLists()
  const of = (one: Resource<"Dataplane">) => {
    const view = views.view("default")
    if (view === undefined) throw new Error("there is no such mesh")
    return lists.of(view, one)
  }
  return { views, of }
}

describe("the outbounds for every service", () => {
  it("are one list for all proxies with nothing in its way, until a port is another", () => {
    const [one, two] = [everywhere("one", "10.0.0.1", [8_080]), everywhere("two", "10.0.0.2", [10_001])]
    const { of, views } = setUp(portOf("b", 10_002), portOf("a", 10_001))
    const list = of(one).outbounds
    expect(list.map(({ tags }) => tags["kuma.io/service"])).toEqual(["a", "b"])
    expect(of(two).outbounds).toBe(list)
    views.apply([created(portOf("a", 10_003))])
    expect(of(one).outbounds.map(({ port }) => port)).toEqual([10_003, 10_002])
    expect(of(two).outbounds).toBe(of(one).outbounds)
  })

  it("leave out what the proxy's own inbounds and workload have, and two that have the same port", () => {
    const { of } = setUp(portOf("a", 10_001), portOf("b", 10_002), portOf("c", 5_000), portOf("d", 10_002))
    const { outbounds, conditions } = of(everywhere("own", "127.0.0.1", [10_001]))
    expect(outbounds.map(({ tags }) => tags["kuma.io/service"])).toEqual(["b"])
    expect(conditions.map(({ reason }) => reason)).toEqual(["AddressTaken", "AddressTaken", "AddressTaken"])
  })

  it("are what a proxy gets beside a list of its own", () => {
    const port = fc.constantFrom(10_001, 10_002, 10_003, 5_000, 8_080)
    const service = fc.constantFrom("a", "b", "c")
    const services = fc.uniqueArray(fc.tuple(service, port), { selector: ([name]) => name })
    const address = fc.constantFrom("127.0.0.1", "10.0.0.1")
    fc.assert(fc.property(services, address, fc.array(port, { maxLength: 2 }), (ports, own, inbounds) => {
      const { of } = setUp(...ports.map(([service, at]) => portOf(service, at)), portOf("other", 1))
      const [first, ...others] = of(everywhere("it", own, inbounds, ["beside"])).outbounds
      const beside = first?.tags["kuma.io/service"] === "beside" ? others : [first, ...others]
      // Its own list's outbound is at 10001.
      const free = (one: { readonly port: number } | undefined) => one?.port !== 10_001
      expect(of(everywhere("it", own, inbounds)).outbounds.filter(free)).toEqual(beside.filter(free))
    }), { seed: 7, numRuns: 300 })
  })
})
