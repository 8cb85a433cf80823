import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import type { ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ProxyTranslations } from "../../../src/cp/xds/ProxyTranslations.ts"
import { translateEndpoints, translateProxy } from "../../../src/cp/xds/translateProxy.ts"
import { defaultTranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { created, dataplane, mesh, resource } from "../snapshot/resources.ts"

const proxy = (name: string): ProxyId => ({ proxyType: "dataplane", mesh: "default", name })

const settings = defaultTranslateSettings

const setUp = (...resources: ReadonlyArray<Resource>) => {
  const views = new MeshViews()
  views.apply(resources.map(created))
  const translations = new ProxyTranslations(views)
  const apply = (...changes: ReadonlyArray<ResourceChange>) => translations.apply(views.apply(changes))
  return { views, translations, apply }
}

describe("the translations of connected proxies", () => {
  it("share one assignment, built once for all", () => {
    const { translations, apply } = setUp(
      mesh(),
      dataplane("a", "10.0.0.1", [], ["kv"]),
      dataplane("b", "10.0.0.2", [], ["kv"]),
      dataplane("kv-1", "10.0.0.3", [{ service: "kv" }])
    )
    for (const name of ["a", "b"]) translations.open(proxy(name), settings)
    const assignmentOf = (name: string) => translations.get(proxy(name))?.endpoints.get("kv")
    const first = assignmentOf("a")
    expect(first).toBeDefined()
    expect(assignmentOf("b")).toBe(first)
    apply(created(dataplane("kv-2", "10.0.0.4", [{ service: "kv" }])))
    expect(assignmentOf("a")).not.toBe(first)
    expect(assignmentOf("b")).toBe(assignmentOf("a"))
  })

  it("put an endpoint's change in place without translating any caller anew", () => {
    const before = dataplane("kv-1", "10.0.0.3", [{ service: "kv" }])
    const { translations, apply } = setUp(
      mesh(),
      before,
      dataplane("caller", "10.0.0.1", [], ["kv"]),
      dataplane("stranger", "10.0.0.2", [], ["other"])
    )
    for (const name of ["caller", "stranger"]) translations.open(proxy(name), settings)
    const translation = translations.get(proxy("caller"))?.translation
    const version = translations.get(proxy("caller"))?.endpoints.get("kv")?.version
    const after = dataplane("kv-1", "10.0.0.3", [{ service: "kv", ready: false }])
    expect(apply({ key: before, before, after })).toEqual([proxy("caller")])
    expect(translations.get(proxy("caller"))?.translation).toBe(translation)
    expect(translations.get(proxy("caller"))?.endpoints.get("kv")?.version).not.toBe(version)
    apply({ key: before, before: after, after: before })
    expect(translations.get(proxy("caller"))?.endpoints.get("kv")?.version).toBe(version)
  })

  it("change no listener when a permission does: the route alone is another", () => {
    const { translations, apply } = setUp(mesh(), dataplane("kv-1", "10.0.0.3", [{ service: "kv" }]))
    translations.open(proxy("kv-1"), settings)
    const versions = () =>
      new Map(translations.get(proxy("kv-1"))?.translation.resources.map((one) => [one.typeUrl, one.version]))
    const before = versions()
    apply(created(resource("MeshTrafficPermission", "default", "all", {
      from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }]
    })))
    const different = [...versions()].filter(([type, version]) => before.get(type) !== version).map(([type]) => type)
    expect(different).toEqual(["type.googleapis.com/envoy.config.route.v3.RouteConfiguration"])
  })

  it("are null while the proxy's resource isn't there, and nothing once it is closed", () => {
    const { translations, apply } = setUp(mesh())
    translations.open(proxy("late"), settings)
    expect(translations.get(proxy("late"))).toBeNull()
    const late = dataplane("late", "10.0.0.1", [{ service: "kv" }], ["kv"])
    expect(apply(created(late))).toEqual([proxy("late")])
    expect(translations.get(proxy("late"))?.endpoints.size).toBe(1)
    translations.close(proxy("late"))
    expect(apply({ key: late, before: late, after: undefined })).toEqual([])
  })

  it("are, after any changes, what a translation from nothing would be", () => {
    const services = fc.uniqueArray(fc.constantFrom("a", "b", "c"), { maxLength: 3 })
    const inbound = fc.record({
      service: fc.constantFrom("a", "b", "c"),
      ready: fc.boolean(),
      protocol: fc.constantFrom("http", "tcp"),
      port: fc.constantFrom(1, 2)
    })
    const step = fc.record({
      name: fc.constantFrom("d1", "d2", "d3"),
      inbounds: fc.option(fc.array(inbound, { maxLength: 2 }), { nil: undefined }),
      calls: services
    })
    const versions = (views: MeshViews, name: string) => {
      const translation = translateProxy(views, proxy(name), settings)
      return translation === null
        ? null
        : [...translation.resources, ...translateEndpoints(views, translation)].map((one) => [one.name, one.version])
    }
    fc.assert(fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
      const { views, translations, apply } = setUp(mesh())
      const names = ["d1", "d2", "d3"]
      for (const name of names) translations.open(proxy(name), settings)
      const now = new Map<string, Resource>()
      for (const { name, inbounds, calls } of steps) {
        const after = inbounds === undefined ? undefined : dataplane(name, "10.0.0.1", inbounds, calls)
        apply({ key: { type: "Dataplane", mesh: "default", name }, before: now.get(name), after })
        if (after === undefined) now.delete(name)
        else now.set(name, after)
      }
      const fresh = new MeshViews()
      fresh.apply([mesh(), ...now.values()].map(created))
      for (const name of names) {
        const kept = translations.get(proxy(name))
        const actual = kept === null
          ? null
          : [...kept.translation.resources, ...kept.endpoints.values()].map((one) => [one.name, one.version])
        expect(actual).toEqual(versions(fresh, name))
      }
      expect(views.meshes.size).toBe(1)
    }))
  })
})
