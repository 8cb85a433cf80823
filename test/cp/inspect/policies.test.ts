// What policies say, as Kuma 2.14.3 answered for the same resources.
import { describe, expect, it } from "vitest"
import { calleeOf, resourceRules, saidOfCalls, serviceRules } from "../../../src/cp/inspect/callRules.ts"
import { fromRules, inboundRules, ofInbound } from "../../../src/cp/inspect/callerRules.ts"
import { dataplanesOf, inOrder, matchedPolicies } from "../../../src/cp/inspect/matchedPolicies.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import type { ZoneView } from "../../../src/cp/snapshot/MeshView.ts"
import { configRenderer, configResources, proxyConfig } from "../../../src/cp/inspect/proxyConfig.ts"
import { zoneInForce } from "../../../src/cp/inspect/shadow.ts"
import { jsonDiff } from "../../../src/cp/inspect/jsonDiff.ts"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { defaultTranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { Policy } from "../../../src/model/policies.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { inbound, kept, proxy } from "./meshOf.ts"

const MESH = { kind: "Mesh" }
const WEB = { kind: "MeshService", name: "web" }
const BACKEND = { kind: "MeshService", name: "backend" }

const web = kept("Dataplane", "web-1", {
  networking: {
    address: "10.0.0.3",
    inbound: [inbound("web", { tags: { "kuma.io/service": "web", "kuma.io/protocol": "http" } })],
    outbound: [{ port: 10001, tags: { "kuma.io/service": "backend" } }]
  }
})
const backend = proxy(
  "backend-1",
  inbound("backend", { tags: { "kuma.io/service": "backend", "kuma.io/protocol": "http" } })
)
const gateway = kept("Dataplane", "gw-1", {
  networking: { address: "10.0.0.4", gateway: { tags: { "kuma.io/service": "gw" } } }
})

const timeout = (
  name: string,
  requestTimeout: string,
  more: Partial<Resource<"MeshTimeout">["spec"]> = {},
  labels: Readonly<Record<string, string>> = {}
) =>
  kept("MeshTimeout", name, {
    targetRef: MESH, to: [{ targetRef: MESH, default: { http: { requestTimeout } } }], ...more
  }, { labels })

const all: ReadonlyArray<Resource> = [
  kept("Mesh", "default", {}, { mesh: "" }),
  web, backend, gateway,
  timeout("timeout-all", "7s", {
    to: [
      { targetRef: MESH, default: { http: { requestTimeout: "7s" } } },
      { targetRef: BACKEND, default: { connectionTimeout: "3s" } }
    ]
  }),
  timeout("mesh-timeout-all-default", "15s", {
    targetRef: { kind: "Mesh", proxyTypes: ["Sidecar"] },
    to: [{ targetRef: MESH, default: { http: { requestTimeout: "15s" } } }],
    from: [{ targetRef: MESH, default: { connectionTimeout: "10s" } }]
  }),
  kept("MeshTimeout", "timeout-web", {
    targetRef: { kind: "MeshSubset", tags: { "kuma.io/service": "web" } },
    from: [{ targetRef: MESH, default: { http: { requestTimeout: "9s" } } }]
  }),
  timeout("aa-shadow", "8s", {
    targetRef: MESH, to: [{ targetRef: BACKEND, default: { connectionTimeout: "8s" } }]
  }, { "kuma.io/effect": "shadow" }),
  kept("MeshTrafficPermission", "allow-web", {
    targetRef: BACKEND,
    from: [{ targetRef: MESH, default: { action: "Deny" } }, { targetRef: WEB, default: { action: "Allow" } }]
  }),
  kept("MeshTimeout", "one-section", {
    targetRef: { kind: "Dataplane", name: "web-1", sectionName: "other" },
    rules: [{ default: { http: { requestTimeout: "1s" } } }]
  })
]

const viewsOf = (resources: ReadonlyArray<Resource>): MeshViews => {
  const views = new MeshViews()
  views.apply(resources.map((after) => ({ key: after, before: undefined, after })))
  return views
}

const views = viewsOf(all)
const view = views.view("default")
if (view === undefined) throw new Error("the mesh has no view")

const names = (policies: ReadonlyArray<Policy>) => policies.map(({ name }) => name)
const timeoutsOf = (dataplane: Resource<"Dataplane">) =>
  matchedPolicies(view.policies, dataplane).find(({ type }) => type === "MeshTimeout")?.policies ?? []
const policy = (name: string) =>
  (view.policies.MeshTimeout ?? []).find((one) => one.name === name) ?? timeout("none", "1s")

describe("the policies that are about a proxy", () => {
  it("are those that select it, least specific first; of two alike the first in the alphabet comes last", () => {
    expect(names(timeoutsOf(web))).toEqual(["timeout-all", "mesh-timeout-all-default", "timeout-web"])
    expect(names(timeoutsOf(gateway))).toEqual(["timeout-all"])
  })

  it("are listed by type as Kuma applies them", () => {
    expect(inOrder(matchedPolicies(view.policies, backend)).map(({ type }) => type))
      .toEqual(["MeshTimeout", "MeshTrafficPermission"])
    expect(matchedPolicies(view.policies, web).map(({ type }) => type)).toEqual(["MeshTimeout"])
  })
})

describe("the proxies that a policy is about", () => {
  const of = (name: string, evenShadow: boolean) =>
    dataplanesOf(view.policies, policy(name), view.dataplanes.values(), evenShadow).map((one) => one.name)

  it("are ordered by name", () => {
    expect(of("timeout-all", false)).toEqual(["backend-1", "gw-1", "web-1"])
    expect(of("timeout-web", false)).toEqual(["web-1"])
  })

  it("are none where it is about an inbound that isn't there", () => {
    expect(of("one-section", true)).toEqual([])
  })

  it("are those that a shadow would be about only where that is asked", () => {
    expect(of("aa-shadow", false)).toEqual([])
    expect(of("aa-shadow", true)).toEqual(["backend-1", "gw-1", "web-1"])
  })
})

describe("what is said of calls", () => {
  it("is said of each service that is named, and of all others, in the order of merging", () => {
    const policies = timeoutsOf(web)
    expect(serviceRules(policies, saidOfCalls(policies, [])).map(({ conf, said, service }) => ({
      service, conf, of: [...new Set(said.map((one) => one.policy.name))]
    }))).toEqual([
      {
        service: "backend",
        conf: { http: { requestTimeout: "15s" }, connectionTimeout: "3s" },
        of: ["timeout-all", "mesh-timeout-all-default"]
      },
      { service: null, conf: { http: { requestTimeout: "15s" } }, of: ["timeout-all", "mesh-timeout-all-default"] }
    ])
  })

  it("is said of each resource that is named, on top of what is said of the mesh", () => {
    const service = kept("MeshService", "api", {
      state: "Available", selector: { dataplaneTags: { "kuma.io/service": "backend" } },
      ports: [{ port: 80, targetPort: 8080, appProtocol: "http" }]
    })
    const others = viewsOf([
      ...all.filter(({ type }) => type !== "MeshTimeout"),
      service,
      timeout("mesh-timeout-all-default", "15s"),
      timeout("one", "12s", {
        to: [{ targetRef: { kind: "MeshService", name: "api" }, default: { http: { requestTimeout: "12s" } } }]
      })
    ])
    const other = others.view("default")
    if (other === undefined) throw new Error("the mesh has no view")
    const policies = matchedPolicies(other.policies, web).flatMap((one) => one.policies)
    const of = saidOfCalls(policies, [])
    expect(resourceRules(other, policies, of, []).map(({ conf, said, target }) => [
      target._tag === "Destination" ? target.destination.name : target._tag, conf, said.map((one) => one.policy.name)
    ])).toEqual([
      ["api", { http: { requestTimeout: "12s" } }, ["mesh-timeout-all-default", "one"]],
      ["Mesh", { http: { requestTimeout: "15s" } }, ["mesh-timeout-all-default"]]
    ])
    const [destination] = other.destinations.values()
    const conf = destination === undefined ? null : of(calleeOf(destination))?.conf
    expect(conf).toEqual({ http: { requestTimeout: "12s" } })
  })
})

describe("what is said of callers", () => {
  const [first] = backend.spec.networking?.inbound ?? []
  if (first === undefined) throw new Error("there is an inbound")
  const ofBackend = (type: string) => {
    const matched = matchedPolicies(view.policies, backend).find((one) => one.type === type)
    return ofInbound(view, matched?.policies ?? [], backend, first)
  }

  it("is said of each kind of them that is told from the others", () => {
    const rules = fromRules(ofBackend("MeshTrafficPermission"))
    expect(rules.map(({ conf, matchers }) => ({ conf, matchers }))).toEqual([
      { conf: { action: "Allow" }, matchers: [{ key: "kuma.io/service", value: "web", not: false }] },
      { conf: { action: "Deny" }, matchers: [{ key: "kuma.io/service", value: "web", not: true }] }
    ])
    expect(inboundRules(ofBackend("MeshTrafficPermission"))).toEqual([])
  })

  it("is one rule where all are meant, and stands beside the newer form", () => {
    expect(fromRules(ofBackend("MeshTimeout")).map(({ conf, matchers }) => ({ conf, matchers })))
      .toEqual([{ conf: { connectionTimeout: "10s" }, matchers: [] }])
    expect(inboundRules(ofBackend("MeshTimeout")).map(({ conf, policy: { name } }) => [name, conf]))
      .toEqual([["mesh-timeout-all-default", { connectionTimeout: "10s" }]])
  })

  it("stays readable, however many tags tell them apart", () => {
    const many = kept("MeshTrafficPermission", "many", {
      targetRef: MESH,
      from: Array.from({ length: 40 }, (_, at) => ({
        targetRef: { kind: "MeshSubset", tags: { [`tag-${at}`]: "a" } }, default: { action: "Allow" as const }
      }))
    })
    expect(fromRules([many]).length).toBeLessThanOrEqual(256)
  })
})

const computed = (zone: ZoneView, proxy: ProxyId) => {
  const found = configResources(zone, proxy, defaultTranslateSettings)
  return found === null ? null : proxyConfig(found.resources.map(configRenderer()), found)
}

describe("what a proxy is to have", () => {
  const id = { proxyType: "dataplane", mesh: "default", name: "web-1" } as const
  const configOf = (shadow: boolean) =>
    computed(shadow ? zoneInForce(views, view) : views, id)

  it("is told by type and name, and what shadows would change is the difference", () => {
    const [current, shadowed] = [configOf(false), configOf(true)]
    if (current === null || shadowed === null) throw new Error("it is there")
    const clusters = current["type.googleapis.com/envoy.config.cluster.v3.Cluster"]
    expect(clusters?.["backend"]).toMatchObject({ connectTimeout: "3s" })
    const path = "/type.googleapis.com~1envoy.config.cluster.v3.Cluster/backend/connectTimeout"
    expect(jsonDiff(current, shadowed)).toEqual([
      { op: "test", path, value: "3s" }, { op: "remove", path, value: "3s" }, { op: "add", path, value: "8s" }
    ])
  })

  it("stays as it is for all others: a look changes nothing", () => {
    const before = JSON.stringify(configOf(false))
    configOf(true)
    expect(JSON.stringify(configOf(false))).toBe(before)
  })

  it("is nothing where there is no such proxy", () => {
    expect(computed(views, { ...id, name: "none" })).toBeNull()
  })
})
