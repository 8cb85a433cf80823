import { describe, expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { type Dependent, Dependents } from "../../../src/cp/xds/Dependents.ts"
import { translateProxy } from "../../../src/cp/xds/translateProxy.ts"
import { defaultTranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { RouteConf } from "../../../src/model/MeshHTTPRoute.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { created, dataplane, mesh, resource } from "../snapshot/resources.ts"

const proxyOf = (name: string): ProxyId => ({ proxyType: "dataplane", mesh: "default", name })

/** Of two callers of `kv`, as they were translated last. */
const setUp = (...resources: ReadonlyArray<Resource>) => {
  const views = new MeshViews()
  const callers = ["a", "b"].map((name, at) => dataplane(name, `10.0.0.${at + 1}`, [], ["kv"]))
  views.apply([mesh(), ...callers, dataplane("kv-1", "10.0.0.9", [{ service: "kv" }]), ...resources].map(created))
  const index = new Dependents<Dependent>(views)
  for (const name of ["a", "b"]) {
    const translation = translateProxy(views, proxyOf(name), defaultTranslateSettings)
    if (translation === null) throw new Error(`${name} isn't there`)
    const { reads, uses } = translation
    index.put({ proxy: proxyOf(name), uses, reads, bindsOutbounds: false }, [])
  }
  return (before: Resource | undefined, after: Resource): ReadonlyArray<string> =>
    [...index.of(views.apply([{ key: after, before, after }])).translations].map(({ proxy }) => proxy.name)
}

/** Of what `a` calls. */
const route = (labels: Readonly<Record<string, string>>, conf: RouteConf = {}) =>
  resource("MeshHTTPRoute", "default", "route", {
    targetRef: { kind: "Dataplane", name: "a" },
    to: [{
      targetRef: { kind: "MeshService", name: "kv" },
      rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], default: conf }]
    }]
  }, labels)

describe("who depends on a policy", () => {
  it("that is about a route is whom the route is about", () => {
    const changed = setUp(route({}))
    const to = [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout: "1s" } } }]
    const about = (name: string) =>
      resource("MeshTimeout", "default", "of-route", { targetRef: { kind: "MeshHTTPRoute", name }, to })
    expect(changed(undefined, about("nowhere"))).toEqual([])
    expect(changed(about("nowhere"), about("route"))).toEqual(["a"])
  })

  it("that others may be about hears of each of its labels: they may pick it by any", () => {
    const changed = setUp(route({}))
    expect(changed(route({}), route({ team: "x" }))).toEqual(["a"])
  })

  it("whose backend is picked by labels hears of each service that comes", () => {
    const kv = { kind: "MeshService", labels: { team: "x" }, port: 80, weight: 1 }
    const service = (name: string) =>
      resource("MeshService", "default", name, {
        state: "Available",
        selector: { dataplaneTags: { "kuma.io/service": "kv" } },
        ports: [{ port: 80, name: "main", appProtocol: "http" }]
      }, { team: "x" })
    const labelled = route({}, { backendRefs: [kv] })
    expect(setUp(route({}))(undefined, service("kv"))).toEqual([])
    expect(setUp(labelled)(undefined, service("kv"))).toEqual(["a"])
    // One that is older may go before that which was picked.
    expect(setUp(labelled, service("kv"))(undefined, service("another"))).toEqual(["a"])
  })
})
