import { describe, expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { type Dependent, Dependents } from "../../../src/cp/xds/Dependents.ts"
import type { ServiceUse } from "../../../src/cp/xds/ProxyTranslation.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { created, dataplane, mesh, resource } from "../snapshot/resources.ts"

const use = (service: string): ServiceUse => ({
  mesh: "default",
  service,
  assignment: () => {
    throw new Error("nobody asked")
  }
})

const a = { proxyType: "dataplane", mesh: "default", name: "a" } as const
const every = { "ecs-mesh.io/outbounds": "all" }

const setUp = (labels = {}) => {
  const views = new MeshViews()
  const before = { ...dataplane("a", "10.0.0.1", []), labels }
  views.apply([mesh(), before].map(created))
  const index = new Dependents<Dependent & { readonly proxy: typeof a }>(views)
  const dependent = { proxy: a, uses: [use("kv"), use("kv"), use("other")], reads: [], bindsOutbounds: false }
  index.put(dependent, [])
  return {
    views,
    index,
    dependent,
    before,
    of: (...changes: ReadonlyArray<Resource>) => index.of(views.apply(changes.map(created)))
  }
}

const instance = (name: string, service: string) => dataplane(name, "10.0.0.9", [{ service, protocol: "tcp" }])
const port = (name: string) => resource("OutboundPort", "default", name, { port: 30_000 })

// What a proxy would be asked about for nothing can't be seen in what it is given.
describe("who depends on what", () => {
  it("is told once of each service, by all that it uses", () => {
    const { dependent, of } = setUp()
    const affected = of(instance("kv-1", "kv"), instance("other-1", "other"), instance("unused-1", "unused"))
    expect(affected.services).toEqual(new Map([[dependent, ["default/kv", "default/other"]]]))
    expect(affected.translations.size).toBe(0)
  })

  it("is not asked about what it used before", () => {
    const { dependent, index, of } = setUp()
    const before = dependent.uses
    dependent.uses = [use("kv")]
    index.put(dependent, before)
    expect(of(instance("other-1", "other")).services.size).toBe(0)
    expect(of(instance("kv-1", "kv")).services.size).toBe(1)
    const fewer = dependent.uses
    dependent.uses = [use("third")]
    index.put(dependent, fewer)
    expect(of(instance("kv-2", "kv")).services.size).toBe(0)
    expect(of(instance("third-1", "third")).services).toEqual(new Map([[dependent, ["default/third"]]]))
  })

  it("is not asked about the ports of services once it doesn't take every one", () => {
    const { before, dependent, index, of } = setUp(every)
    expect(of(port("kv")).translations).toEqual(new Set([dependent]))
    of({ ...before, labels: {} })
    index.put(dependent, dependent.uses)
    expect(of(port("other")).translations.size).toBe(0)
  })

  it("is whoever a policy picked by a label that went together with the policy", () => {
    const { before, dependent, index, views } = setUp({ team: "x" })
    const policy = resource("MeshTimeout", "default", "x", { targetRef: { kind: "Dataplane", labels: { team: "x" } } })
    views.apply([created(policy)])
    const affected = index.of(views.apply([
      { key: policy, before: policy, after: undefined },
      { key: before, before, after: { ...before, labels: {} } }
    ]))
    expect(affected.translations).toEqual(new Set([dependent]))
  })

  it("is every egress where an ingress is said to be of another zone", () => {
    const { views } = setUp()
    const proxy = { proxyType: "egress", mesh: "", name: "e" } as const
    const egress = { proxy, uses: [], reads: [], bindsOutbounds: false }
    const index = new Dependents<Dependent>(views)
    index.put(egress, [])
    const ingress = (labels: Readonly<Record<string, string>>) => created(resource("ZoneIngress", "", "i", {}, labels))
    const of = (labels: Readonly<Record<string, string>>) => index.of(views.apply([ingress(labels)])).translations.size
    expect([of({}), of({ mine: "1" }), of({ "kuma.io/zone": "zone-2" }), of({ "kuma.io/zone": "zone-3" })])
      .toEqual([1, 0, 1, 1])
  })

  it("is nobody once it is gone", () => {
    const { dependent, index, of } = setUp(every)
    index.remove(dependent)
    const { secrets, services, translations } = of(
      { ...mesh(), spec: {} },
      instance("kv-1", "kv"),
      instance("a", "kv"),
      port("kv"),
      resource("MeshTimeout", "default", "all", {}),
      resource("Secret", "default", "ca", { data: "AA==" })
    )
    expect([secrets.size, services.size, translations.size]).toEqual([0, 0, 0])
  })
})
